"""What the customer asks, and what is decided on it: noted, decided, approved, sent back, taken back."""

from contextlib import contextmanager

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from cases import decisions, display, granting, history, roles
from cases.errors import (
    AlreadyDecided,
    BeyondLimit,
    ConflictOfInterest,
    Incomplete,
    NotDecided,
    NotTheirs,
    WrongMove,
)
from cases.models import Ask, Case, Decision, NoticeKind, Party, Person, Standing, Team

from . import notify
from .changing import changing

WORDS = ("part", "grounds", "remedies", "customer_said", "offer_kind", "offer_what", "precedent")


def ask(*, case, text, by, now, amount=None, revision=None):
    """Note one thing that the customer asks for; `amount` (EUR) is what it is worth, where it can be said.

    Raises Incomplete without words, WrongMove on a case that is not live.
    """
    text = _worded(text, amount)
    with changing(case, by=by, reason=_("asked by the customer"), now=now, revision=revision) as locked:
        _require_live(locked)
        last = locked.asks.aggregate(last=Max("position"))["last"] or 0
        return Ask.objects.create(
            case=locked,
            position=last + 1,
            text=text,
            amount=amount,
            recorded_by_id=by.pk,
            recorded_at=now,
        )


def ask_all(*, case, texts, by, now, revision=None):
    """Note everything a customer asks for, in their order; empty lines are none. Returns the asks."""
    with history.acting(by=by, reason=_("asked by the customer"), now=now):
        found = []
        for text in texts:
            if text.strip():
                found.append(ask(case=case, text=text, by=by, now=now, revision=revision))
                revision = None  # what follows stands on what we just wrote
        return found


def split_off(*, case, asks, into):
    """`asks` of `case`, undecided, are asked on `into` by whoever noted them; here they go on as those. Under
    the locks of both cases. Raises WrongMove for another case's, AlreadyDecided."""
    last = into.asks.aggregate(last=Max("position"))["last"] or 0
    for position, ask in enumerate(sorted(asks, key=lambda ask: ask.position), last + 1):
        if ask.case_id != case.pk:
            raise WrongMove(_("Only asks of this case can be split off from it."))
        _require_undecided(ask)
        ask.goes_on_as = Ask.objects.create(
            case=into,
            position=position,
            text=ask.text,
            amount=ask.amount,
            recorded_by_id=ask.recorded_by_id,
            recorded_at=ask.recorded_at,
        )
        ask.save(update_fields=["goes_on_as"])


def correct(*, ask, text, by, now, amount=None, revision=None):
    """Put right what was noted, while nothing is decided on it: a decision is on the words as they stood.

    Raises Incomplete, AlreadyDecided, WrongMove on a case that is not live.
    """
    text = _worded(text, amount)
    with changing(ask.case, by=by, reason=_("corrected"), now=now, revision=revision) as locked:
        _require_live(locked)
        _require_undecided(ask)
        ask.text, ask.amount = text, amount
        ask.save(update_fields=["text", "amount"])
    return ask


def _worded(text, amount):
    text = text.strip()
    if not text:
        raise Incomplete({"text": [_("Say what the customer asks for, in one line.")]})
    if amount is not None and amount <= 0:
        raise Incomplete({"amount": [_("What is asked is worth more than zero, or leave it empty.")]})
    return text


def decide(*, ask, outcome, by, now, offer_amount=None, revision=None, **words):
    """End an ask: granted, partly, refused or withdrawn, each with its `words`, and with an offer perhaps.

    `words`: part, grounds, remedies, customer_said, offer_kind, offer_what, precedent (RULES 5 says which
    are needed); `offer_amount` in EUR. Within the person's own money limit it stands at once. Above it, and
    with an offer that nobody priced, it waits: who may approve it is told.

    Raises Incomplete by field, AlreadyDecided, ConflictOfInterest for somebody named in the complaint,
    BeyondLimit where nobody's limit would do, WrongMove on a case that is not live.
    """
    unknown = set(words) - set(WORDS)
    if unknown:
        raise TypeError(f"A decision has no {unknown}.")
    said = {name: (words.get(name) or "").strip() for name in WORDS}
    said |= {"outcome": decisions.Outcome(outcome), "offer_amount": offer_amount}
    wanting = decisions.wanting(said)
    if wanting:
        raise Incomplete({name: [sentence] for name, sentence in wanting.items()})
    with changing(ask.case, by=by, reason=_("decided"), now=now, revision=revision) as locked:
        _require_live(locked)
        _require_unnamed(locked, by)
        _require_undecided(ask)
        # What is asked may have been put right since the page was loaded.
        ask.refresh_from_db(fields=["text", "amount"])
        row = Decision(ask=ask, made_by_id=by.pk, made_at=now, **said)
        row.at_stake = decisions.at_stake(row.outcome, asked=ask.amount, offered=offer_amount)
        person = Person.objects.get(pk=by.pk)
        row.needs_approval = decisions.needs_approval(
            row.together(granting.granted(locked, person)),
            is_unpriced=row.is_unpriced,
            limit=granting.limit_of(locked, person),
            may_approve=_reaches(person, locked),
        )
        if row.needs_approval:
            row.state = Decision.State.WAITING
            row.save()
            _tell_approvers(row, locked, person, now=now)
        else:
            row.save()
    return row


def approve(*, decision, by, now, revision=None):
    """Let a decision that waits stand. Raises NotDecided, NotTheirs, BeyondLimit, ConflictOfInterest."""
    with _answering(decision, by=by, reason=_("approved"), now=now, revision=revision) as locked:
        decision.state = Decision.State.STANDS
        decision.approved_by_id, decision.approved_at = by.pk, now
        decision.save(update_fields=["state", "approved_by", "approved_at"])
        _tell_maker(NoticeKind.DECISION_APPROVED, decision, locked, now=now)


def send_back(*, decision, by, now, reason, revision=None):
    """A decision that waits does not stand, for this reason; the ask is open again.

    Raises as `approve` does, and Incomplete.
    """
    if not reason.strip():
        raise Incomplete({"reason": [_("Say why it goes back, so that the next decision can be approved.")]})
    # The reason stands in a column that can be erased, and nowhere else.
    with _answering(decision, by=by, reason=_("sent back"), now=now, revision=revision) as locked:
        _end(decision, Decision.State.SENT_BACK, by=by, now=now, reason=reason)
        _tell_maker(NoticeKind.DECISION_SENT_BACK, decision, locked, now=now, reason=reason.strip())


def take_back(*, ask, by, now, reason, revision=None):
    """Open a decided ask again, or one whose decision still waits. Raises NotDecided, WrongMove, Incomplete,
    ConflictOfInterest."""
    if not reason.strip():
        raise Incomplete({"reason": [_("Say why the decision is taken back.")]})
    with changing(ask.case, by=by, reason=_("taken back"), now=now, revision=revision) as locked:
        _require_live(locked)
        _require_unnamed(locked, by)
        decision = ask.decisions.current().first()
        if decision is None:
            raise NotDecided(_("This ask is not decided; there is nothing to take back."))
        _end(decision, Decision.State.TAKEN_BACK, by=by, now=now, reason=reason)
    return decision


def _end(decision, state, *, by, now, reason):
    decision.state, decision.end_reason = state, reason.strip()
    decision.ended_by_id, decision.ended_at = by.pk, now
    decision.save(update_fields=["state", "end_reason", "ended_by", "ended_at"])


@contextmanager
def _answering(decision, *, by, reason, now, revision):
    """Yield the locked case of a decision that waits, once it is sure that `by` may answer it."""
    with changing(decision.ask.case, by=by, reason=reason, now=now, revision=revision) as locked:
        _require_live(locked)
        _require_unnamed(locked, by)
        decision.refresh_from_db()
        if decision.state != Decision.State.WAITING:
            raise NotDecided(_("This decision does not wait any more; look at it again."))
        if decision.made_by_id == by.pk:
            raise NotTheirs(_("Nobody approves their own decision; somebody else has to look at it."))
        person = Person.objects.get(pk=by.pk)
        if not _reaches(person, locked):
            raise NotTheirs(_("Decisions on this case are approved by its supervisor or a manager."))
        _require_within(decision, locked, person)
        yield locked


def _require_within(decision, case, person):
    """Raises BeyondLimit where the decision is above what `person` may let stand on this case."""
    limit, before = granting.limit_of(case, person), granting.granted(case, person)
    if decision.together(before) <= limit:
        return
    words = {
        "stake": display.money(decision.at_stake),
        "limit": display.money(limit),
        "before": display.money(before),
    }
    if decision.at_stake > limit:
        refusal = _("%(stake)s is at stake, and your own limit is %(limit)s; it needs a higher one.")
    else:
        refusal = _(
            "%(stake)s is at stake, with the %(before)s from you that stand on this case; your own limit is "
            "%(limit)s, and it needs a higher one."
        )
    raise BeyondLimit(refusal % words)


def _require_live(case):
    if not case.is_live:
        raise WrongMove(
            _("Asks are decided while the case is live; this one is %(status)s. Open it again first.")
            % {"status": case.get_status_display()}
        )


def _require_undecided(ask):
    if ask.goes_on_as_id is not None:
        # Which one is not said: that case may be restricted.
        raise AlreadyDecided(_("This ask goes on on another case; it is decided there."))
    if ask.decisions.current().exists():
        raise AlreadyDecided(_("This ask is decided already; take that decision back first."))


def _require_unnamed(case, by):
    if case.parties.filter(person_id=by.pk, kind=Party.Kind.SUBJECT).exists():
        raise ConflictOfInterest(_("You are named in this complaint; somebody else decides on it."))


def _reaches(person, case):
    """Whether `person` may approve decisions on this case, whatever their limit."""
    return Case.objects.reachable(person, "offer.approve").filter(pk=case.pk).exists()


def approvers(case, *, stake, but):
    """Everybody who may approve a decision on `case` with so much at stake, `but` its maker.

    `CaseQuerySet.reachable` asked the other way round: of a case, who reaches it.
    """
    standing = Standing.objects.get(pk=case.pk)
    if standing.holder_id:
        holds = Q(pk=standing.holder_id)
    else:
        holds = Q(memberships__team=standing.holder_team_id) if standing.holder_team_id else Q(pk=None)
    named = Q(pk__in=case.parties.filter(kind=Party.Kind.ACCESS).values("person"))
    teams = Team.with_all_above({case.team_id, standing.holder_team_id} - {None})
    finds = named | holds if case.is_restricted else Q()
    near = named | holds | Q(pk=case.owner_id) | Q(memberships__team__in=teams)
    reach = {roles.Scope.ALL: finds, roles.Scope.DEPARTMENT: finds & near}
    may = Q(pk=None)
    for role, scope in roles.MAY["offer.approve"].items():
        may |= Q(role=role) & reach[scope]
    able = Person.objects.working().filter(may, money_limit__gte=stake).exclude(pk=but.pk)
    subjects = case.parties.filter(kind=Party.Kind.SUBJECT)
    return able.exclude(pk__in=subjects.values("person")).distinct()


def _tell_approvers(decision, case, maker, *, now):
    """The nearest who may approve is told; the others find it in their list.

    Raises BeyondLimit where it would wait for nobody.
    """
    able = list(approvers(case, stake=decision.at_stake, but=maker))
    if not able:
        raise BeyondLimit(
            _("%(stake)s is at stake, and nobody who could approve it here has such a limit.")
            % {"stake": display.money(decision.at_stake)}
        )
    answering = set(Person.objects.managers_of(case.team))
    nearest = [person for person in able if person in answering] or able
    _queue(NoticeKind.DECISION_WAITING, decision, case, nearest, now=now)


def _tell_maker(kind, decision, case, *, now, **facts):
    makers = Person.objects.working().filter(pk=decision.made_by_id)
    _queue(kind, decision, case, makers, now=now, **facts)


def _queue(kind, decision, case, people, *, now, **facts):
    about, facts = f"decision:{decision.pk}", {"what": decision.ask.text, **facts}
    notify.queue([notify.Wanted(kind, case, about, person=p, facts=facts) for p in people], now=now)
