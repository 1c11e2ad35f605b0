"""Options to de-escalate by: which are whose, how far their money goes, and their use, lowest first."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from cases import granting, history
from cases.errors import ConflictOfInterest, Incomplete, WrongMove
from cases.models import Channel, Party, Person
from cases.operations import talk
from cases.operations.changing import changing
from cases.roles import Role
from cases.sets import add_each
from cases.states import CaseStatus
from escalations import plan, snapshot
from escalations.errors import NotOffered, OverTheLimit, SkipNeedsReason
from escalations.models import Option, OptionUse
from escalations.words import euros, holder_name

from .escalate import version_of

Outcome = OptionUse.Outcome


@dataclass(frozen=True)
class Rung:
    """One option on offer. `last`: its latest use on the case, or None while nobody came to it."""

    option: Option
    last: OptionUse | None = None

    @property
    def is_behind(self):
        """It was tried, or skipped with a reason."""
        return self.last is not None

    @property
    def was_tried(self):
        return self.last is not None and self.last.outcome != Outcome.SKIPPED


def offered(case, escalation, person, uses=None):
    """[Rung], the lowest first: what `person` may try on `case`. Without a running `escalation`, or for who
    does not hold it, what agents may try by themselves. `uses`: those of the case, in order, where they are
    known."""
    if uses is None:
        uses = case.option_uses.select_related("by").order_by("pk")
    held = escalation is not None and escalation.holder_id == person.pk
    options = (
        Option.objects.in_order()
        .filter(Q(category=None) | Q(category_id=case.category_id))
        .filter(
            Q(from_level=None)
            | (
                Q(from_level__lte=escalation.level_number) & (Q(path=None) | Q(path_id=escalation.path_id))
                if held
                else Q(pk=None)
            )
        )
    )
    latest = {use.option_id: use for use in uses}
    return [Rung(option, latest.get(option.pk)) for option in options]


def limit_of(person, escalation=None):
    """How much `person` may grant alone on one case, EUR (Decimal).

    Whoever holds an escalation may go as far as its level does: the level lends its authority, and takes none
    away from whoever may grant more by themselves (RULES 4, 5). At the fallback no level lends any.
    """
    own = person.money_limit or Decimal(0)
    return max(own, _lent(person, escalation) or own)


def _lent(person, escalation):
    if escalation is None or escalation.holder_id != person.pk or escalation.is_at_fallback:
        return None
    lent = escalation.version.levels.filter(number=escalation.level_number)
    return lent.values_list("authority_limit", flat=True).first()


@granting.lends
def lent_by_a_level(case, person):
    return _lent(person, running_of(case))


@granting.counts
def granted_by_options(case, person):
    return _standing(case, None, person)[0]


def use(
    *,
    case,
    option,
    outcome,
    by,
    now,
    amount=None,
    note="",
    skipped_because="",
    reply="",
    channel=Channel.MAIL,
    revision=None,
):
    """Record that `option` was offered, accepted, declined, or skipped; with `reply`, write to the customer
    in the same transaction. Returns the OptionUse.

    `amount`: EUR, of what costs money. `skipped_because`: why this one is skipped or, of another outcome,
    why those below it are.
    Raises NotOffered, SkipNeedsReason, OverTheLimit, Incomplete, ConflictOfInterest, StaleCase, and WrongMove
    on a closed case.
    """
    with history.acting(by=by, reason=_("de-escalation option"), now=now):
        with changing(case, by=by, reason=_("de-escalation option"), now=now, revision=revision) as locked:
            if locked.status == CaseStatus.CLOSED:
                raise WrongMove(_("This case is closed; open it again before you offer anything."))
            row = record(
                locked,
                running_of(locked),
                option=option,
                outcome=outcome,
                amount=amount,
                note=note,
                skipped_because=skipped_because,
                by=by,
                now=now,
            )
        if reply.strip() and outcome != Outcome.SKIPPED:
            talk.reply(case=case, body=reply, channel=channel, by=by, now=now)
    return row


def running_of(case):
    """The escalation whose holder has `case`, or None."""
    return case.escalations.running().select_related("version", "path").order_by("-pk").first()


def record(case, escalation, *, option, outcome, by, now, amount=None, note="", skipped_because=""):
    """Write the use of an option on a locked case, and of those below it that are skipped with it."""
    refuse_subject(case, by)
    rungs = offered(case, escalation, by)
    mine = next((rung for rung in rungs if rung.option.pk == option.pk), None)
    if mine is None:
        raise NotOffered(
            _("“%(option)s” is not yours to offer here; choose one of those shown.") % {"option": option}
        )
    because = skipped_because.strip()
    if outcome == Outcome.SKIPPED:
        if not because:
            raise SkipNeedsReason(_("Say why “%(option)s” is skipped.") % {"option": option})
        amount, below = None, []
    else:
        _check_amount(case, escalation, mine.option, amount, by=by, now=now)
        below = [rung.option for rung in rungs[: rungs.index(mine)] if not rung.is_behind]
        if below and not because:
            raise SkipNeedsReason(
                _("Lower options come first: %(options)s. Try them, or say why they are skipped.")
                % {"options": ", ".join(f"“{option}”" for option in below)}
            )
    skip(case, escalation, below, because, by=by, now=now)
    return OptionUse.objects.create(
        case=case,
        escalation=escalation,
        option=mine.option,
        outcome=outcome,
        amount=amount,
        note=note.strip(),
        skipped_because=because if outcome == Outcome.SKIPPED else "",
        by_id=by.pk,
        at=now,
    )


def skip(case, escalation, options, because, *, by, now):
    """Record that `options` are passed over, and why."""
    add_each(
        OptionUse(
            case=case,
            escalation=escalation,
            option=option,
            outcome=Outcome.SKIPPED,
            skipped_because=because,
            by_id=by.pk,
            at=now,
        )
        for option in options
    )


def refuse_subject(case, person):
    """Raises ConflictOfInterest: whom a complaint names neither holds nor settles it (RULES 1)."""
    if case.parties.filter(person_id=person.pk, kind=Party.Kind.SUBJECT).exists():
        raise ConflictOfInterest(
            _("%(who)s is named in this complaint; somebody else settles it.") % {"who": person}
        )


def _check_amount(case, escalation, option, amount, *, by, now):
    if amount is None:
        if option.names_an_amount:
            raise Incomplete(_("Say how much is offered, in EUR."))
        return
    if not option.may_cost:
        raise Incomplete(_("“%(option)s” costs no money; leave the amount empty.") % {"option": option})
    if amount <= 0:
        raise Incomplete(_("An amount is above zero; leave it empty where no money is offered."))
    # What was granted before counts too: no limit is passed in several steps.
    here, of_it = _standing(case, option, by)
    granted = here + granting.granted(case, by, but=granted_by_options)
    if option.amount_ceiling is not None and of_it + amount > option.amount_ceiling:
        words = {"option": option, "ceiling": euros(option.amount_ceiling), "before": euros(of_it)}
        raise OverTheLimit(
            _("“%(option)s” goes up to %(ceiling)s on a case, and %(before)s of it were granted before.")
            % words
            if of_it
            else _("“%(option)s” goes up to %(ceiling)s; offer that much or less, or a higher option.")
            % words
        )
    limit = limit_of(by, escalation)
    if granted + amount > limit:
        words = {
            "amount": euros(amount),
            "limit": euros(limit),
            "before": euros(granted),
            "who": who_may_grant(case, escalation, granted + amount, by=by, now=now),
        }
        if not limit:
            refusal = _("You may grant no money by yourself. %(who)s")
        elif granted:
            refusal = _(
                "%(amount)s, with the %(before)s from you that stand on this case, is more than the "
                "%(limit)s that you may grant. %(who)s"
            )
        else:
            refusal = _("%(amount)s is more than the %(limit)s that you may grant. %(who)s")
        raise OverTheLimit(refusal % words)


def _standing(case, option, by):
    """(EUR that `by` has on the case: accepted, or offered by other options and unanswered; EUR of `option`
    that were accepted, from whomever). Without an `option`, all that `by` has."""
    of_option = option.pk if option is not None else None
    latest, granted, of_it = {}, Decimal(0), Decimal(0)
    for row in case.option_uses.order_by("pk"):
        latest[row.option_id] = row
        if row.outcome == Outcome.ACCEPTED and row.amount is not None:
            granted += row.amount if row.by_id == by.pk else 0
            of_it += row.amount if row.option_id == of_option else 0
    for row in latest.values():
        is_open = row.outcome == Outcome.OFFERED and row.amount is not None and row.option_id != of_option
        granted += row.amount if is_open and row.by_id == by.pk else 0
    return granted, of_it


def who_may_grant(case, escalation, amount, *, by, now):
    """A sentence: who could grant `amount`. First a level above whose limit is high enough, then whoever
    manages `by`, then anybody whose own limit is."""
    version = escalation.version if escalation is not None else version_of(None, now)
    reached = escalation.level_number if escalation is not None else 0
    path, roster = snapshot.paths([version.pk])[version.pk], snapshot.roster(since=now)
    about = snapshot.cases([case])[case.pk]
    high_enough = version.levels.filter(authority_limit__gte=amount, number__gt=reached)
    for number, limit in high_enough.order_by("number").values_list("number", "authority_limit"):
        step, _passed = plan.holder_at(path.level(number), about, roster, now)
        if step is not None and step.person_id != by.pk:
            return _(
                "%(who)s, level %(level)d of “%(path)s”, may grant up to %(limit)s: escalate it there."
            ) % {
                "who": holder_name(step, roster),
                "level": number,
                "path": path.name,
                "limit": euros(limit),
            }
    person = _above(by, amount, about.subjects, roster)
    if person is None:
        return _("Nobody here may grant that much.")
    return _("%(who)s may grant up to %(limit)s: ask them.") % {
        "who": person.name,
        "limit": euros(person.money_limit),
    }


def _above(by, amount, subjects, roster):
    """Whoever manages `by`, directly or not, and may grant `amount`; else whose own limit comes nearest."""
    able = {
        person.pk: person
        for person in Person.objects.working()
        .filter(money_limit__gte=amount)
        .exclude(role=Role.ADMINISTRATOR)
        .order_by("-money_limit", "pk")
        if person.pk not in subjects and person.pk != by.pk
    }
    at, seen = by.manager_id, set()
    while at is not None and at not in seen:
        if at in able:
            return able[at]
        seen.add(at)
        at = roster.people[at].manager_id if at in roster.people else None
    return list(able.values())[-1] if able else None
