"""Begin, go on with and cancel a back-test. The work is read without a lock, and each slice's result is
written in one short step, so that nobody waits for it and a crash costs a slice."""

import logging
from datetime import timedelta

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from cases.errors import NotTheirs, Refused, WrongMove
from cases.roles import may
from escalations.backtest import counting
from escalations.backtest.run import SLICE, Run, question
from escalations.errors import CannotBacktest
from escalations.models import BackTest

log = logging.getLogger(__name__)

# Whoever took a slice and was not heard of for so long has gone.
A_SLICE_TAKES_AT_MOST = timedelta(minutes=1)
LONGEST = timedelta(days=731)
State = BackTest.State


def begin(*, version, since, until, by, now, with_proposals=False):
    """Ask what `version` would have done in [since, until) (aware); a worker takes it up.

    Returns the BackTest. Raises NotTheirs for who may not draft, CannotBacktest.
    """
    require_drafter(by)
    if until - since > LONGEST:
        raise CannotBacktest(_("Choose two years at most."))
    asked = question(version=version, since=since, until=until, with_proposals=with_proposals, now=now)
    job = BackTest(
        version=version,
        title=str(version),
        since=since,
        until=until,
        with_proposals=with_proposals,
        asked_by_id=by.pk,
        asked_at=now,
        question=asked,
        counted=counting.nothing(),
    )
    job.total = Run.cases(since, until)
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError as error:
        raise CannotBacktest(
            _("A back-test of this version is going on; wait for it, or cancel it.")
        ) from error
    return job


def cancel(*, job, by, now):
    """What was counted so far stays to be read. Raises NotTheirs, WrongMove where it is over."""
    require_drafter(by)
    stopped = BackTest.objects.in_progress().filter(pk=job.pk).update(state=State.CANCELLED, finished_at=now)
    if not stopped:
        raise WrongMove(_("It is over already; there is nothing to cancel."))


def require_drafter(by):
    if not may(by, "rules.draft"):
        raise NotTheirs(_("Only who may draft a path tries it on past cases."))


class Worker:
    """Works on back-tests, slice by slice; what a question needs is loaded once for all slices of it."""

    def __init__(self, size=SLICE):
        self.size, self.job_id, self.run = size, None, None

    def next_slice(self, *, now):
        """Do the next slice of the first back-test that nobody else has in hand: that, or None."""
        job = _take(now)
        if job is None:
            return None
        try:
            if self.job_id != job.pk:
                self.job_id, self.run = job.pk, Run(job.question)
            cursor = self.run.slice(job.cursor, job.counted, self.size)
        except (OperationalError, InterfaceError):
            raise  # the database's trouble: somebody does this slice again
        except Exception as error:
            log.exception("back-test %s failed", job.pk)
            said = (
                " ".join(error.messages) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
            )
            _put(job, now, state=State.FAILED, finished_at=now, error=said[:300])
        else:
            ends = {"state": State.FINISHED, "finished_at": now} if cursor is None else {"cursor": cursor}
            _put(job, now, counted=job.counted, done=job.counted["cases"], **ends)
        return job


def _take(now):
    """The first back-test with a slice to do, taken; None where there is none."""
    free = Q(taken_until=None) | Q(taken_until__lte=now)
    for job in BackTest.objects.in_progress().filter(free).order_by("pk")[:5]:
        taken = (
            _as_it_was(job)
            .filter(free)
            .update(taken_until=now + A_SLICE_TAKES_AT_MOST, started_at=job.started_at or now)
        )
        if taken:
            return job
    return None


def _put(job, now, **values):
    """Write what came of a slice, unless it was cancelled, or somebody else did it meanwhile."""
    _as_it_was(job).update(taken_until=None, moved_at=now, **values)


def _as_it_was(job):
    return BackTest.objects.in_progress().filter(pk=job.pk, cursor=job.cursor)
