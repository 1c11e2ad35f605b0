"""Escalate by hand: start a path, or move a running one on, with a whole handoff."""

from dataclasses import replace

from django.utils.translation import gettext as _

from cases import display, history
from cases.errors import NotInForce, WrongMove
from cases.operations.changing import changing
from cases.states import CaseStatus
from escalations import plan, snapshot, supervisor
from escalations.errors import AlreadyRunning, IncompleteHandoff, TooLate
from escalations.models import Escalation, EscalationPath, Handoff, Kind, Rule

from . import again, telling
from .ladder import Move, move


def escalate(
    *,
    case,
    kind,
    background,
    tried,
    next_steps,
    by,
    now,
    reason="",
    catalogue_reason=None,
    told_customer="",
    path=None,
    level=None,
    skill=None,
    mode=Handoff.Mode.WRITTEN,
    was_reached=None,
    call_back_at=None,
    word=None,
    revision=None,
):
    """Hand `case` over along `path` (else the one it runs on, else the default one) and return the Handoff.

    functional: to who is on duty for `skill`; hierarchical: one level up; priority: to `level`, above the
    first. `reason` in one's own words, beside or instead of a `catalogue_reason`.
    live: somebody was reached at once (`was_reached`); call-back: `call_back_at` (aware) becomes a promise to
    the customer. Of a customer who asked for a supervisor, who took it live acknowledges within the path's
    minutes, and a call-back is the same working day. `word`: a telling.Word, what the customer is told of it,
    sent in the same transaction.
    Raises IncompleteHandoff, AlreadyRunning (that level or a higher one has it), NotInForce, StaleCase,
    InThePast, TooLate, and WrongMove on a closed case.
    """
    reason = worded(catalogue_reason, reason)
    require_whole(reason=reason, background=background, tried=tried, next_steps=next_steps)
    if kind == Kind.FUNCTIONAL and skill is None:
        raise IncompleteHandoff(_("Say which skill is needed."))
    require_a_way(mode, was_reached, call_back_at)
    word = telling.checked(word, now=now) if word is not None else None
    said = {
        "catalogue_reason_id": catalogue_reason.pk if catalogue_reason else None,
        "was_reached": was_reached,
        **telling.columns(word, told_customer, now=now),
    }
    with history.acting(by=by, reason=reason, now=now):
        handoff = _hand_over(
            case,
            revision,
            path=path,
            level=level,
            skill=skill,
            kind=kind,
            by=by,
            now=now,
            reason=reason,
            background=background,
            tried=tried,
            next_steps=next_steps,
            told_customer=said.pop("told_customer", told_customer),
            mode=mode,
            call_back_at=call_back_at,
            said=said,
        )
        if mode == Handoff.Mode.CALL_BACK:
            telling.promise_call(case, call_back_at, word, by=by, now=now)
        if word is not None:
            telling.tell(case, word, by=by, now=now)
    return handoff


def _hand_over(case, revision, *, path, level, skill, kind, by, now, reason, **texts):
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        if locked.status == CaseStatus.CLOSED:
            raise WrongMove(_("This case is closed; open it again before you escalate it."))
        running = list(locked.escalations.running().order_by("-pk"))
        current = next((e for e in running if path is None or e.path_id == path.pk), None)
        facts, step, roster = destination(
            locked, current, path=path, kind=kind, level=level, skill=skill, now=now
        )
        wish = supervisor.asked(locked, now) if texts["mode"] != Handoff.Mode.WRITTEN else None
        refuse_late_call(wish, texts["call_back_at"], now)
        _refuse_level(current, step, kind, texts["mode"], facts)
        escalation = current or Escalation(
            case=locked,
            customer_id=locked.customer_id,
            path_id=facts.path_id,
            version_id=facts.version_id,
            started_at=now,
            level_number=step.level_number,
        )
        [handoff] = move(
            [
                Move(
                    case=locked,
                    escalation=escalation,
                    path=facts,
                    step=step,
                    told_from=now,
                    kind=kind,
                    reason=reason,
                    is_automatic=False,
                    from_person_id=by.pk,
                    skill_id=skill.pk if skill else None,
                    within=_within(wish, facts, texts["mode"], now),
                    **texts,
                )
            ],
            roster,
            now=now,
        )
        if current is None:
            counting = Rule.objects.in_order().exclude(within_days=None)
            again.notice([escalation], days=again.days_counted(counting), now=now)
    return handoff


def _refuse_level(current, step, kind, mode, path):
    """Raises AlreadyRunning where that level or a higher one has it. Whom the engine sent it to may still be
    reached on the line, or call back."""
    if current is None or kind == Kind.FUNCTIONAL or step.is_fallback:
        return
    is_reached = mode != Handoff.Mode.WRITTEN and waits_as_composed(current, step.level_number)
    if step.level_number <= current.level_number and not is_reached:
        raise AlreadyRunning(
            _("This case is already at level %(level)d of “%(path)s”; choose a higher level.")
            % {"level": current.level_number, "path": path.name}
        )


def destination(case, current, *, path, kind, level, skill, now):
    """(PathFacts, Step, Roster): who would get `case`; asked by the operation and, before sending, by its
    form."""
    version = current.version if current else version_of(path, now)
    facts = snapshot.paths([version.pk])[version.pk]
    roster = snapshot.roster(since=now)
    about = snapshot.cases([case])[case.pk]
    number = level or _entry(current, kind)
    is_named = current is not None and current.holder_id in about.subjects
    if kind != Kind.FUNCTIONAL and current and not is_named and waits_as_composed(current, number):
        holder = plan.Step(number, person_id=current.holder_id, team_id=current.holder_team_id)
        return facts, holder, roster
    if kind == Kind.FUNCTIONAL:
        rung = facts.level(number) or facts.levels[-1]
        wanted = replace(rung, responsible=plan.SKILL, skill_id=skill.pk, person_id=None, team_id=None)
        step, passed = plan.holder_at(wanted, about, roster, now)
        if step is None:
            step = plan.climb(facts, number, about, roster, now)
            step = replace(step, passed=(*passed, *step.passed))
        return facts, step, roster
    return facts, plan.climb(facts, number, about, roster, now), roster


def waits_as_composed(escalation, level):
    """Whether `level` has it from the engine, and has not taken it: whoever is to have it may be reached on
    the line, or call back, with a person's words in place of the composed ones."""
    if escalation.level_number != level or escalation.is_at_fallback:
        return False
    return escalation.handoffs.filter(state=Handoff.State.WAITING, is_automatic=True).exists()


def _within(wish, path, mode, now):
    """Seconds to acknowledge what was taken on the line because the customer asked for it, or None."""
    return supervisor.seconds_to_acknowledge(wish, path, now) if mode == Handoff.Mode.LIVE else None


def refuse_late_call(wish, call_back_at, now):
    """Raises TooLate where who asked for a supervisor (supervisor.Asked or None) would wait for longer than
    that working day."""
    if wish is not None and call_back_at is not None and call_back_at > wish.call_back_by:
        words = {"time": display.moment(wish.call_back_by, now), "at": display.moment(call_back_at, now)}
        raise TooLate(
            _(
                "They asked for a supervisor: call back within the working day, by %(time)s your time; "
                "%(at)s was understood."
            )
            % words
        )


def _entry(current, kind):
    if current is None:
        return 2 if kind == Kind.PRIORITY else 1
    return current.level_number + (0 if kind == Kind.FUNCTIONAL else 1)


def version_of(path, now):
    """The version of `path`, else of the default path, that is in force at `now`. Raises NotInForce."""
    path = path or EscalationPath.objects.get(is_default=True)
    version = EscalationPath.objects.filter(pk=path.pk).version_in_force(now).get(path.pk)
    if version is None:
        raise NotInForce(_("“%(path)s” has no version in force; publish one first.") % {"path": path})
    return version


def worded(catalogue_reason, words):
    """The reason as it is read: the catalogue's name for it, one's own words, or both."""
    return ": ".join(part for part in (str(catalogue_reason or ""), (words or "").strip()) if part)


def require_a_way(mode, was_reached, call_back_at):
    """Raises IncompleteHandoff where the way of handing over lacks what belongs to it."""
    if mode == Handoff.Mode.LIVE and not was_reached:
        raise IncompleteHandoff(
            _("A live transfer reaches somebody at once. If nobody answered, write, or agree a call-back.")
        )
    if mode == Handoff.Mode.CALL_BACK and call_back_at is None:
        raise IncompleteHandoff(_("Say when the customer will be called back."))


def require_whole(**texts):
    """Raises IncompleteHandoff naming every text that is missing: the customer never repeats themselves."""
    names = {
        "reason": _("the reason"),
        "background": _("the background"),
        "tried": _("what was tried"),
        "next_steps": _("the next steps"),
    }
    missing = [names[key] for key, value in texts.items() if not (value or "").strip()]
    if missing:
        raise IncompleteHandoff(_("A handoff needs %(missing)s too.") % {"missing": ", ".join(missing)})
