"""Resolve, reopen, close. A case answered is not a case resolved; a case resolved is not a case closed."""

from django.utils.translation import gettext as _

from cases import closing
from cases.errors import Blocked, Incomplete, WrongMove
from cases.models import TriggerKind
from cases.states import CaseStatus, may_move

from . import linking, owing, pausing, surveying, triggers
from .changing import changing


def _move(case, status):
    if not may_move(case.status, status):
        raise WrongMove(
            _("A case that is %(old)s cannot become %(new)s.")
            % {"old": case.get_status_display(), "new": CaseStatus(status).label}
        )
    case.status = status


def _require_unblocked(case):
    """Once it has moved: raises Blocked with everything that speaks against being there."""
    blockers = closing.blockers(case, case.status)
    if blockers:
        raise Blocked([blocker.words for blocker in blockers])


def resolve(*, case, reason, by, now, revision=None):
    """What was owed is done. Ends pauses, clocks and what higher apps hung on the case. Raises Blocked while
    something that the customer asked is unanswered."""
    if not reason.strip():
        raise Incomplete(_("Say what was done for the customer."))
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        _move(locked, CaseStatus.RESOLVED)
        _require_unblocked(locked)
        owing.resolved(locked, at=now, now=now, pauses=pausing.end_all(locked, now=now))
        closing.end_with(locked, by=by, now=now, outcome="resolved")
        locked.resolved_at = now


def close(*, case, reason, by, now, revision=None):
    """The end; the customer is asked how content they are, where they may be.

    Raises Blocked with every blocker named.
    """
    if not reason.strip():
        raise Incomplete(_("Say why the case can be closed."))
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        _move(locked, CaseStatus.CLOSED)
        _require_unblocked(locked)
        owing.closed(locked, at=now, now=now, pauses=pausing.end_all(locked, now=now))
        closing.end_with(locked, by=by, now=now, outcome="closed")
        locked.closed_at = now
        surveying.ask_after(locked, now=now)


def reopen(*, case, reason, by, now, revision=None, is_undo=False):
    """It was not done after all, or, where it `is_undo`, closed by a slip: open again, with the time that was
    left. Raises WrongMove on a live case."""
    if not reason.strip():
        raise Incomplete(_("Say why the case is opened again."))
    with changing(case, by=by, reason=reason, now=now, revision=revision) as locked:
        if locked.is_live:
            raise WrongMove(
                _("Only a case that is resolved or closed is reopened; this one is %(status)s.")
                % {"status": locked.get_status_display()}
            )
        open_again(locked, now=now, is_undo=is_undo)


def open_again(case, *, now, is_undo=False):
    """Put a locked case that is resolved or closed to work again, with the time that was left. What `is_undo`
    counts as no reopening, and the rules do not hear of it."""
    _move(case, CaseStatus.OPEN)
    case.resolved_at = case.closed_at = None
    linking.part(case, now=now)
    surveying.call_back(case, now=now)
    owing.reopened(case, at=now, now=now)
    if not is_undo:
        case.reopened_count += 1
        triggers.happened(case, TriggerKind.REOPENED, at=now, now=now)
