"""Escalate by hand: start a path, or move a running one on, with a whole handoff."""

from dataclasses import replace

from django.utils.translation import gettext as _

from cases.errors import NotInForce, WrongMove
from cases.operations.changing import changing
from cases.states import CaseStatus
from escalations import plan, snapshot
from escalations.errors import AlreadyRunning, IncompleteHandoff
from escalations.models import Escalation, EscalationPath, Handoff, Kind

from .ladder import Move, move


def escalate(
    *,
    case,
    kind,
    reason,
    background,
    tried,
    next_steps,
    by,
    now,
    told_customer="",
    path=None,
    level=None,
    skill=None,
    mode=Handoff.Mode.WRITTEN,
    call_back_at=None,
    revision=None,
):
    """Hand `case` over along `path` (else the one it runs on, else the default one) and return the Handoff.

    functional: to who is on duty for `skill`; hierarchical: one level up; priority: to `level`, above the
    first.
    Raises IncompleteHandoff, AlreadyRunning (that level or a higher one has it), NotInForce, StaleCase, and
    WrongMove on a closed case.
    """
    require_whole(reason=reason, background=background, tried=tried, next_steps=next_steps)
    if kind == Kind.FUNCTIONAL and skill is None:
        raise IncompleteHandoff(_("Say which skill is needed."))
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        if locked.status == CaseStatus.CLOSED:
            raise WrongMove(_("This case is closed; open it again before you escalate it."))
        running = list(locked.escalations.running().order_by("-pk"))
        current = next((e for e in running if path is None or e.path_id == path.pk), None)
        facts, step, roster = destination(
            locked, current, path=path, kind=kind, level=level, skill=skill, now=now
        )
        if (
            current is not None
            and step.level_number <= current.level_number
            and kind != Kind.FUNCTIONAL
            and not step.is_fallback
        ):
            raise AlreadyRunning(
                _("This case is already at level %(level)d of “%(path)s”; choose a higher level.")
                % {"level": current.level_number, "path": facts.name}
            )
        escalation = current or Escalation(
            case=locked,
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
                    background=background,
                    tried=tried,
                    next_steps=next_steps,
                    told_customer=told_customer,
                    is_automatic=False,
                    mode=mode,
                    call_back_at=call_back_at,
                    from_person_id=by.pk,
                    skill_id=skill.pk if skill else None,
                )
            ],
            roster,
            now=now,
        )
    return handoff


def destination(case, current, *, path, kind, level, skill, now):
    """(PathFacts, Step, Roster): who would get `case`; asked by the operation and, before sending, by its
    form."""
    version = current.version if current else version_of(path, now)
    facts = snapshot.paths([version.pk])[version.pk]
    roster = snapshot.roster(since=now)
    about = snapshot.cases([case])[case.pk]
    number = level or _entry(current, kind)
    if kind == Kind.FUNCTIONAL:
        rung = facts.level(number) or facts.levels[-1]
        wanted = replace(rung, responsible=plan.SKILL, skill_id=skill.pk, person_id=None, team_id=None)
        step, passed = plan.holder_at(wanted, about, roster, now)
        if step is None:
            step = plan.climb(facts, number, about, roster, now)
            step = replace(step, passed=(*passed, *step.passed))
        return facts, step, roster
    return facts, plan.climb(facts, number, about, roster, now), roster


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
