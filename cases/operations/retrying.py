"""Try again what was given up: timers that were set aside, notices that failed. As sets."""

import logging
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from cases import history, roles
from cases.errors import Incomplete, NotFailed, NotSetAside, NotTheirs
from cases.models import Case, Notice, Timer
from cases.states import TimerKind

log = logging.getLogger(__name__)


class Outcome(StrEnum):
    AGAIN = "again"  # it is pending, due now
    TAKEN_OVER = "taken_over"  # another look at the case's rules is pending and does the same
    STALE = "stale"  # it was not set aside, or had not failed, when we looked


@dataclass(frozen=True)
class Retried:
    """What became of one of them; `row` is None where there never was one."""

    pk: int
    outcome: Outcome
    row: Timer | Notice | None


def retry(*, timer, by, now, reason=""):
    """Let the engine try a timer again that was set aside; signed and with its reason in the case's history.

    Raises NotTheirs, or NotSetAside if somebody was quicker.
    """
    (done,) = retry_all(timers=[timer.pk], by=by, now=now, reason=reason)
    if done.outcome == Outcome.STALE:
        raise NotSetAside(_("This timer is not set aside any more: somebody was quicker, or it has run."))
    return done


def retry_all(*, timers, by, now, reason=""):
    """The same for several (ids); a Retried for each, in their order. Raises NotTheirs."""
    _check(by)
    reason = " ".join([_("The engine tries again what was set aside."), reason]).strip()
    with history.acting(by=by, reason=reason, now=now):
        cases = Timer.objects.filter(pk__in=timers, state=Timer.State.SET_ASIDE).values_list("case_id")
        locked = [case.pk for case in Case.objects.lock_all({pk for (pk,) in cases})]
        rows = Timer.objects.filter(pk__in=timers, case__in=locked).select_related("case").in_bulk()
        outcomes = _outcomes(rows, timers)
        again = [pk for pk, outcome in outcomes.items() if outcome == Outcome.AGAIN]
        # Due at once, and alone: what has failed before must not take others with it. `due_at` and `armed_at`
        # stay, so that its lateness tells the truth.
        Timer.objects.filter(pk__in=again).update(state=Timer.State.PENDING, attempts=1, wake_at=now)
        over = [pk for pk, outcome in outcomes.items() if outcome == Outcome.TAKEN_OVER]
        Timer.objects.filter(pk__in=over).delete()
        # Timers have no history; that of their cases says who let them run again, and why.
        mended = {rows[pk].case_id for pk in (*again, *over)}
        Case.objects.filter(pk__in=mended).update(revision=F("revision") + 1)
    return [Retried(pk, outcomes[pk], rows.get(pk)) for pk in outcomes]


def _outcomes(rows, wanted):
    """{id: Outcome}; of looks at one case's rules only one may be pending."""
    looked_at = set(
        Timer.objects.pending()
        .filter(kind=TimerKind.REVIEW, case__in={row.case_id for row in rows.values()})
        .values_list("case_id", flat=True)
    )
    found = {}
    for pk in dict.fromkeys(wanted):
        row = rows.get(pk)
        if row is None or row.state != Timer.State.SET_ASIDE:
            found[pk] = Outcome.STALE
        elif row.kind == TimerKind.REVIEW and row.case_id in looked_at:
            found[pk] = Outcome.TAKEN_OVER
        else:
            found[pk] = Outcome.AGAIN
            if row.kind == TimerKind.REVIEW:
                looked_at.add(row.case_id)
    return found


def send_again(*, notice, by, now):
    """Put a notice that failed back into the outbox, due now. Raises NotTheirs, or NotFailed if somebody was
    quicker."""
    (done,) = send_all_again(notices=[notice.pk], by=by, now=now)
    if done.outcome == Outcome.STALE:
        raise NotFailed(_("This notice has not failed, or no longer: somebody was quicker."))
    return done


def send_all_again(*, notices, by, now):
    """The same for several (ids); a Retried for each, in their order. Raises NotTheirs."""
    _check(by)
    return _send_all_again(notices, by, now)


def send_reply_again(*, notice, by, now):
    """The same for a word to a customer that failed, for whoever works its case. Raises NotTheirs, NotFailed;
    Incomplete where its contact has no address that it could go to."""
    if not Case.objects.reachable(by, "case.work").filter(pk=notice.case_id).exists():
        raise NotTheirs(_("Only who works this case sends its replies again."))
    if not notice.contact.email:
        raise Incomplete(_("This contact has no email address; add one, or tell the customer another way."))
    (done,) = _send_all_again([notice.pk], by, now)
    if done.outcome == Outcome.STALE:
        raise NotFailed(_("This was sent meanwhile, or is about to be tried again by itself."))
    return done


def _send_all_again(notices, by, now):
    with transaction.atomic():
        failed = Notice.objects.filter(pk__in=notices, state=Notice.State.FAILED).order_by("pk")
        if connection.features.has_select_for_update_skip_locked:
            failed = failed.select_for_update(skip_locked=True, of=("self",))
        rows = {row.pk: row for row in failed.select_related("case", "person", "contact")}
        Notice.objects.filter(pk__in=rows).update(state=Notice.State.QUEUED, attempts=0, next_attempt_at=now)
    log.info("%s lets %d notices be sent again", by, len(rows))
    return [
        Retried(pk, Outcome.AGAIN if pk in rows else Outcome.STALE, rows.get(pk))
        for pk in dict.fromkeys(notices)
    ]


def _check(by):
    if not roles.may(by, "engine.mend"):
        raise NotTheirs(_("Only escalation managers and administrators let the engine try again."))
