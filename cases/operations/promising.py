"""Dates told to a customer become tracked deadlines."""

from django.utils.translation import gettext as _

from cases.errors import Incomplete, InThePast, WrongMove
from cases.models import Channel, Promise, TriggerKind
from cases.states import CaseStatus, TimerKind

from . import staying, timers, triggers
from .changing import changing

# A reminder comes when three quarters of the time to a promise are over.
REMIND_AFTER = 0.75


def promise(
    *,
    case,
    what,
    due_at,
    by,
    now,
    kind=Promise.Kind.UPDATE,
    channel=Channel.MAIL,
    told_at=None,
    replaces=None,
    revision=None,
):
    """Track what was promised to the customer by `due_at`. With `replaces`, the new date for an open or
    broken promise.

    Raises Incomplete, InThePast, and WrongMove on a closed case, for another case's promise, or for one that
    is not owed any more.
    """
    told_at = told_at or now
    if not what.strip():
        raise Incomplete(_("Say what was promised."))
    if due_at <= max(told_at, now):
        raise InThePast(_("A promise must be for a time to come; give a later one."))
    with changing(case, by=by, reason=_("promised to the customer"), now=now, revision=revision) as locked:
        if locked.status == CaseStatus.CLOSED:
            raise WrongMove(_("This case is closed; open it again before you promise anything."))
        if not by.is_system:
            staying.require_here(by)
        if replaces is not None and replaces.case_id != locked.pk:
            raise WrongMove(_("The promise to be replaced belongs to another case."))
        row = Promise.objects.create(
            case=locked,
            what=what.strip(),
            kind=kind,
            due_at=due_at,
            told_at=told_at,
            told_by_channel=channel,
            made_by_id=by.pk,
        )
        if replaces is not None:
            _replace(replaces, row, now)
        timers.set_up(wanted_timers(row), now=now)
    return row


def wanted_timers(promise, *, is_warned=False):
    """What an open promise is to be woken for: [timers.Wanted]. `is_warned`: its risk is on record."""
    at_risk_at = promise.told_at + (promise.due_at - promise.told_at) * REMIND_AFTER
    broken = timers.Wanted(
        promise.case_id, TimerKind.PROMISE_BROKEN, promise.pk, promise.due_at, just_after=True
    )
    at_risk = timers.Wanted(promise.case_id, TimerKind.PROMISE_AT_RISK, promise.pk, at_risk_at)
    return [broken] if is_warned else [at_risk, broken]


def keep(*, promise, by, now, revision=None):
    """What was promised was done, in time or not; the lateness is in its times."""
    with changing(promise.case, by=by, reason=_("promise kept"), now=now, revision=revision):
        _end(promise, Promise.State.KEPT, now)


def withdraw(*, promise, by, now, reason, revision=None):
    """The promise fell away, and the customer knows why."""
    if not reason.strip():
        raise Incomplete(_("Say why the promise falls away, and that the customer was told."))
    with changing(promise.case, by=by, reason=reason, now=now, revision=revision):
        _end(promise, Promise.State.WITHDRAWN, now)


def _require_owed(promise):
    promise.refresh_from_db()
    if promise.is_owed:
        return
    if promise.replaced_by_id is not None:
        raise WrongMove(_("A new date replaces this promise already; what is owed now is that one."))
    raise WrongMove(_("This promise is %(state)s already.") % {"state": promise.get_state_display()})


def _end(promise, state, now):
    _require_owed(promise)
    if promise.state == Promise.State.OPEN and now > promise.due_at:
        # Broken stays broken, also where the engine has not come round to say so.
        promise.broken_at = promise.due_at
        triggers.happened(
            promise.case, TriggerKind.PROMISE_BROKEN, at=promise.due_at, now=now, promise=promise
        )
    promise.state, promise.ended_at = state, now
    promise.save(update_fields=["state", "broken_at", "ended_at"])
    timers.take_back({TimerKind.PROMISE_AT_RISK, TimerKind.PROMISE_BROKEN}, [promise.pk])


def _replace(old, new, now):
    """A broken one stays broken, with the new date beside it."""
    _require_owed(old)
    if old.state == Promise.State.OPEN:
        _end(old, Promise.State.REPLACED, now)
    old.replaced_by = new
    old.save(update_fields=["replaced_by"])
