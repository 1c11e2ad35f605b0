"""What a holder does with a handoff: acknowledge it, decline it, or step the case down again."""

from datetime import timedelta

from django.utils.translation import gettext as _

from cases import roles
from cases.errors import ConflictOfInterest, Incomplete, WrongMove
from cases.models import Case, Clock, NoticeKind
from cases.operations import clocks, notify, standing
from cases.operations.changing import changing
from cases.states import Metric, TimerKind
from escalations import plan, snapshot
from escalations.errors import CannotDecline, NotTheHolder, NotWaiting, SkipNeedsReason
from escalations.models import Escalation, Handoff, PassedOver

from . import checklists, options
from .holding import carried, is_held_by, went_to
from .ladder import Move, keep_open_to_others, move, release, stop_reminding, stop_standing_in

# After de-escalating, the same rule does not start the same path again for this long.
COOL_OFF = timedelta(hours=24)


def acknowledge(*, handoff, by, now, background=None, tried=None, next_steps=None):
    """`by` takes the case. What an automatic handoff left open may be completed with it.

    Raises NotWaiting on a stale page, NotTheHolder, ConflictOfInterest.
    """
    with changing(handoff.escalation.case, by=by, reason=_("handoff acknowledged"), now=now) as case:
        locked = _waiting(handoff, by)
        for name, text in (("background", background), ("tried", tried), ("next_steps", next_steps)):
            if text and text.strip():
                setattr(locked, name, text.strip())
        locked.state, locked.answered_at, locked.answered_by = Handoff.State.ACKNOWLEDGED, now, by
        if locked.acknowledge_clock_id:
            clocks.end([locked.acknowledge_clock], at=now, now=now)
        locked.work_clock = _start_work(locked, by, now)
        locked.save()
        stop_reminding([locked])
        escalation = locked.escalation
        stop_standing_in([escalation], now)
        escalation.holder, escalation.holder_team = by, None
        escalation.save(update_fields=["holder", "holder_team"])
        standing.refresh([case], now=now, holders={case.pk: (by.pk, None)})
        keep_open_to_others([case], [escalation])
    return locked


def _start_work(handoff, by, now):
    """The level's own term for the work, in the holder's working hours, from now on."""
    level = handoff.escalation.version.levels.filter(number=handoff.level_number).first()
    if level is None or not level.work_seconds or handoff.escalation.is_at_fallback:
        return None
    step = plan.Step(handoff.level_number, person_id=by.pk)
    calendar_id = snapshot.roster(since=now).calendar_of(step, level)
    [clock] = clocks.start(
        [
            Clock(
                case=handoff.escalation.case,
                metric=Metric.OWNERSHIP,
                calendar_id=calendar_id,
                term_seconds=level.work_seconds,
                started_at=now,
                breach_kind=TimerKind.LEVEL_RAN_OUT,
                owed_by=by,
                label=level.name,
            )
        ],
        now=now,
    )
    return clock


def decline(*, handoff, reason, by, now, revision=None):
    """`by` cannot take it: the next person of the level, then up. Raises CannotDecline at the top and at
    the fallback."""
    if not reason.strip():
        raise Incomplete(_("Say why you decline; the next person reads it."))
    with changing(handoff.escalation.case, by=by, reason=reason, now=now, revision=revision) as case:
        locked = _waiting(handoff, by)
        escalation = locked.escalation
        facts = snapshot.paths([escalation.version_id])[escalation.version_id]
        if escalation.is_at_fallback or locked.level_number >= facts.top:
            raise CannotDecline(
                _("The top level cannot decline: there is nobody above it. Acknowledge it, or hand it over.")
            )
        locked.state, locked.decline_reason = Handoff.State.DECLINED, reason.strip()
        locked.answered_at, locked.answered_by = now, by
        locked.save()
        stop_reminding([locked])
        PassedOver.objects.create(
            escalation=escalation,
            level_number=locked.level_number,
            person=by,
            why=PassedOver.Why.DECLINED,
            detail=reason.strip()[:200],
            at=now,
        )
        roster = snapshot.roster(since=now)
        declined = escalation.passed_over.filter(
            why=PassedOver.Why.DECLINED, level_number=locked.level_number
        )
        about = snapshot.cases([case])[case.pk]
        step = plan.climb(
            facts,
            locked.level_number,
            about,
            roster,
            now,
            frozenset(declined.values_list("person_id", flat=True)),
        )
        # Who declined is on record already.
        step = plan.Step(
            step.level_number,
            step.person_id,
            step.team_id,
            step.is_fallback,
            tuple(p for p in step.passed if p.why != plan.DECLINED),
        )
        [following] = move(
            [
                Move(
                    case=case,
                    escalation=escalation,
                    path=facts,
                    step=step,
                    told_from=now,
                    kind=locked.kind,
                    reason=_("Declined by %(who)s: %(why)s") % {"who": by.name, "why": reason.strip()},
                    background=locked.background,
                    tried=locked.tried,
                    next_steps=locked.next_steps,
                    told_customer=locked.told_customer,
                    is_automatic=locked.is_automatic,
                    from_person_id=by.pk,
                )
            ],
            roster,
            now=now,
        )
    return following


def deescalate(
    *,
    escalation,
    reason,
    by,
    now,
    cool_off=COOL_OFF,
    option=None,
    outcome=options.Outcome.ACCEPTED,
    amount=None,
    skipped_because="",
    to_level=None,
    next_steps="",
    revision=None,
):
    """End the escalation: the case goes back to its owner, clocks keep running, and the same rule holds off
    for `cool_off`. With `to_level`, step down to who holds that lower level instead.

    Options are tried lowest first: `option` is the one that settled it, with its `outcome` and `amount`;
    where none was tried on this escalation, `skipped_because` says why. Returns the Escalation.
    Raises Incomplete, SkipNeedsReason, OverTheLimit, NotOffered, NotTheHolder, NotWaiting, WrongMove,
    ConflictOfInterest, Blocked where it would end with a required step unticked.
    """
    if not reason.strip():
        raise Incomplete(_("Say what was done, so that the case can go back to its owner."))
    with changing(escalation.case, by=by, reason=reason, now=now, revision=revision) as case:
        locked = case.escalations.running().select_related("version").filter(pk=escalation.pk).first()
        if locked is None:
            raise NotWaiting(_("This escalation has ended already."))
        options.refuse_subject(case, by)
        _refuse_stranger(locked, by)
        if option is not None:
            options.record(
                case,
                locked,
                option=option,
                outcome=outcome,
                amount=amount,
                skipped_because=skipped_because,
                by=by,
                now=now,
            )
        _require_options(case, locked, skipped_because, by=by, now=now)
        if to_level is None:
            checklists.require_done(locked)
        if to_level is not None:
            _step_down(case, locked, to_level, reason, next_steps, by=by, now=now)
        else:
            locked.cool_off_until = now + cool_off
            release([locked], Escalation.Outcome.DEESCALATED, now=now)
            _tell_owner(case, locked, reason, by, now)
    return locked


def may_deescalate(escalation, person):
    """The holder steps down; who answers for the department may do it for them."""
    return is_held_by(escalation, person) or answers_for(escalation.case_id, person)


def answers_for(case_id, person):
    """Whether a case is within what `person` answers for beyond their own: of their department, or all."""
    if roles.scope(person, "escalation.hold") <= roles.Scope.OWN:
        return False
    return Case.objects.reachable(person, "escalation.hold").filter(pk=case_id).exists()


def _refuse_stranger(escalation, by):
    if not may_deescalate(escalation, by):
        raise NotTheHolder(
            _("%(who)s holds this case; only they may do this.")
            % {"who": escalation.holder or escalation.holder_team}
        )


def _require_options(case, escalation, because, *, by, now):
    """Whoever steps down without having tried any option says why; each is recorded as skipped."""
    rungs = options.offered(case, escalation, by)
    untried = [rung.option for rung in rungs if not rung.is_behind]
    if not untried or escalation.option_uses.exclude(outcome=options.Outcome.SKIPPED).exists():
        return
    if not because.strip():
        raise SkipNeedsReason(
            _("No option was tried yet; the lowest is “%(option)s”. Try one, or say why none is needed.")
            % {"option": untried[0]}
        )
    options.skip(case, escalation, untried, because.strip(), by=by, now=now)


def _step_down(case, escalation, to_level, reason, next_steps, *, by, now):
    facts = snapshot.paths([escalation.version_id])[escalation.version_id]
    level, roster = facts.level(to_level), snapshot.roster(since=now)
    if level is None or not (to_level < escalation.level_number or escalation.is_at_fallback):
        raise WrongMove(_("Step down to a level below the present one."))
    step, _passed = plan.holder_at(level, snapshot.cases([case])[case.pk], roster, now)
    if step is None:
        raise WrongMove(
            _("Nobody of level %(level)d is there now; choose another level, or give it back to its owner.")
            % {"level": to_level}
        )
    said = carried(escalation.handoffs.order_by("-pk").first())
    said["next_steps"] = next_steps.strip() or said["next_steps"]
    move(
        [
            Move(
                case=case,
                escalation=escalation,
                path=facts,
                step=step,
                told_from=now,
                reason=reason.strip(),
                is_automatic=False,
                from_person_id=by.pk,
                **said,
            )
        ],
        roster,
        now=now,
    )


def _tell_owner(case, escalation, reason, by, now):
    if case.owner_id and case.owner_id != by.pk:
        notify.queue(
            [
                notify.Wanted(
                    NoticeKind.DEESCALATED,
                    case,
                    f"escalation:{escalation.pk}",
                    person=case.owner,
                    facts={"reason": reason},
                )
            ],
            now=now,
        )


def _waiting(handoff, by):
    """The handoff as it is now, if it still waits and is `by`'s to answer."""
    locked = Handoff.objects.select_related(
        "escalation__case", "escalation__version", "acknowledge_clock"
    ).get(pk=handoff.pk)
    if locked.state != Handoff.State.WAITING:
        raise NotWaiting(
            _("This handoff is no longer waiting: it is %(state)s.")
            % {"state": locked.get_state_display().lower()}
        )
    if locked.escalation.case.parties.filter(person_id=by.pk, kind="subject").exists():
        raise ConflictOfInterest(_("You are named in this complaint; it is held by somebody else."))
    if not went_to(locked, by):
        raise NotTheHolder(_("This handoff went to %(who)s.") % {"who": locked.to_person or locked.to_team})
    return locked
