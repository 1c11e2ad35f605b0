"""Changes that many open clocks follow are done in slices, each a transaction; meanwhile no clock that still
waits is taken at its word."""

import logging
from dataclasses import asdict
from datetime import timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from cases import history
from cases.errors import NoOpenHour, NotTheirs, Refused, WrongMove
from cases.hours import HoursError
from cases.models import Case, Clock, Recalculation
from cases.models.recalculation import UNFINISHED_CALENDARS
from cases.roles import may
from cases.states import CaseStatus

from . import renewing

log = logging.getLogger(__name__)

# Cases in one transaction. What fits into one is done with the change itself, and nobody waits.
SLICE = 1000
# What comes due while the work goes on is done first: a minute until somebody takes it up, and then at the
# least so many cases a second.
TAKEN_UP_WITHIN = timedelta(minutes=1)
SLOWEST = 500
# So many failures are no longer a few cases' own.
MOST_FAILED = 50

State, Kind = Recalculation.State, Recalculation.Kind


# --- Begun with the change --------------------------------------------------------------------------------


def hold_few(case_ids):
    """Lock the cases of this queryset of ids if they fit into one slice: their ids, else none.

    Before anything else is locked: case first, everywhere.
    """
    ids = list(case_ids.order_by().distinct()[: SLICE + 1])
    return Case.objects.lock_ids(ids) if len(ids) <= SLICE else []


def clocks_on(calendar_id):
    return Clock.objects.open().filter(calendar=calendar_id)


def after_publishing(*, version, hours_before, held, by, now, reason):
    """A calendar's `version` was published: begin what follows; do the cases in `held` (locked) at once.

    Returns the recalculation, or None where no clock runs on that calendar.
    """
    found = clocks_on(version.calendar_id).aggregate(cases=Count("case", distinct=True), last=Max("case"))
    if not found["cases"]:
        return None
    job = Recalculation(
        kind=Kind.CALENDAR,
        calendar_version=version,
        soon_until=_soon_until(hours_before, found["cases"], now),
        total=found["cases"],
        last_case=found["last"],
    )
    return begin(job, held, by=by, now=now, reason=reason)


def takes(cases):
    """How long the work on so many cases may take, at the slowest."""
    return TAKEN_UP_WITHIN + timedelta(seconds=cases / SLOWEST)


def _soon_until(hours_before, cases, now):
    """What can come due, by the old hours or the new, while the work goes on was due until then before.

    Who has more working time left than the work takes cannot come due meanwhile, whatever the new hours are.
    """
    ahead = takes(cases)
    try:
        return max(hours_before.add(now, ahead.total_seconds()), now + ahead)
    except HoursError:
        return now + ahead


def begin(job, held, *, by, now, reason):
    """Record what is to be done, and do it at once where `held` has every case of it.

    What refuses then refuses the change itself.
    """
    job.asked_by_id, job.asked_at, job.reason = by.pk, now, reason[:300]
    if held:
        job.started_at = now
        _count(job, _work(job, held, now))
        # Whoever came while the first were being locked is left to the next slice.
        job.cursor, job.again = job.last_case, sorted(set(_cases(job)) - set(held))
        job.done = max(job.total - len(job.again), 0)
        if not job.again:
            _finish(job, now)
    job.save(force_insert=True)
    return job


# --- Slice by slice ---------------------------------------------------------------------------------------


def next_slice(*, now, size=SLICE):
    """Do the next slice of the first recalculation that nobody else has in hand: that, or None.

    Everything of a slice is one transaction, its progress included: a crash undoes all of it.
    """
    if not Recalculation.objects.in_progress().exists():
        return None  # seen without a lock: on SQLite there is one for all
    with transaction.atomic():
        job = (
            Recalculation.objects.in_progress()
            .select_for_update(skip_locked=True, of=("self",), no_key=True)
            .select_related("asked_by", "calendar_version__calendar", "policy_version__policy")
            .order_by("pk")
            .first()
        )
        if job is None:
            return None
        with history.acting(by=job.asked_by, reason=reason_of(job), now=now, via="engine"):
            job.started_at = job.started_at or now
            _slice(job, size, now)
            job.save()
    return job


def reason_of(job):
    return job.reason or job.get_kind_display()


def _slice(job, size, now):
    failed, clocks = job.failed, job.clocks
    if job.again:
        ids, job.again = job.again[:size], job.again[size:]
        job.done += len(ids)
    elif ids := _soon(job, size):
        job.soon_cursor = ids[-1]
        # The turn of each comes, and then it is counted, and said what fails; one that moved has had it.
        failed = []
        job.done += len(ids) if job.kind == Kind.POLICY else 0
    else:
        ids = list(_cases(job).filter(**{_id_of(job, "gt"): job.cursor}).order_by(_id_of(job))[:size])
        job.cursor = ids[-1] if ids else job.last_case
        job.done += len(ids)
    if ids:
        _do(job, Case.objects.lock_ids(ids), failed, now)
        if failed is not job.failed and job.kind == Kind.CALENDAR:
            job.clocks = clocks
    elif not job.failed:
        _finish(job, now)
    if job.failed and (not ids or len(job.failed) >= MOST_FAILED):
        job.state = State.HALTED


def _finish(job, now):
    job.state, job.finished_at, job.done = State.FINISHED, now, job.total


def _id_of(job, lookup=""):
    return "__".join(part for part in ("case" if job.kind == Kind.CALENDAR else "pk", lookup) if part)


def _cases(job):
    """The ids of the cases that this recalculation is about."""
    if job.kind == Kind.CALENDAR:
        found = clocks_on(job.calendar_version.calendar_id).filter(case__lte=job.last_case)
        return found.values_list("case", flat=True).distinct()
    return in_scope(job.scope).filter(pk__lte=job.last_case).values_list("pk", flat=True)


def in_scope(scope):
    """The open cases that a move is about: {"versions": [ids of those they are on], column: value, …}."""
    found = Case.objects.exclude(status=CaseStatus.CLOSED).filter(policy_version__in=scope["versions"])
    return found.filter(**{column: value for column, value in scope.items() if column != "versions"})


def _soon(job, size):
    """The ids of the next cases with something due so soon that it cannot wait for its turn."""
    if job.soon_until is None:
        return []
    nearest = Q(due_at__lte=job.soon_until, breached_at=None) | Q(
        at_risk_at__lte=job.soon_until, warned_at=None, breached_at=None
    )
    soon = Clock.objects.running().filter(nearest, case__gt=job.soon_cursor, case__lte=job.last_case)
    if job.kind == Kind.CALENDAR:
        soon = soon.filter(calendar=job.calendar_version.calendar_id)
    else:
        soon = soon.filter(case__in=in_scope(job.scope))
    ids = list(soon.order_by("case").values_list("case", flat=True).distinct()[:size])
    if not ids:
        job.soon_until = None
    return ids


def _do(job, ids, failed, now):
    """Those of the cases `ids` (locked) that can be done; one that cannot is added to `failed`."""
    try:
        with transaction.atomic():
            tally = _work(job, ids, now)
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not a case's: the next slice does it again
    except Exception as error:
        if len(ids) == 1:
            log.exception("case %s could not follow recalculation %s", ids[0], job.pk)
            failed.append({"case": ids[0], "error": _sentence(error)})
            return
        middle = len(ids) // 2
        _do(job, ids[:middle], failed, now)
        _do(job, ids[middle:], failed, now)
    else:
        _count(job, tally)


def _count(job, tally):
    for name, number in asdict(tally).items():
        setattr(job, name, getattr(job, name) + number)


def _work(job, ids, now):
    # A calendar that changed twice, or before its cases moved: the earlier change comes first.
    bring_up_to_date(ids, now=now, apart_from=job)
    if job.kind == Kind.CALENDAR:
        calendar_id = job.calendar_version.calendar_id
        return renewing.renew(ids, calendar_id=calendar_id, changed_at=job.asked_at, now=now)
    # Who was closed, or moved by somebody else meanwhile, is left alone.
    still = list(in_scope(job.scope).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    return renewing.move(still, job.policy_version, now=now)


def _sentence(error):
    return (
        " ".join(error.messages) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"[:500]
    )


def try_again(*, job, by, now):
    """What failed is tried again. Raises WrongMove where nothing stands still, NotTheirs."""
    require_publisher(by)
    with history.acting(by=by, reason=_("tried again"), now=now):
        job = Recalculation.objects.select_for_update(no_key=True, of=("self",)).get(pk=job.pk)
        if job.state != State.HALTED:
            raise WrongMove(_("Nothing of it stands still; there is nothing to try again."))
        job.done, job.state = max(job.done - len(job.failed), 0), State.IN_PROGRESS
        job.again, job.failed = [*job.again, *(row["case"] for row in job.failed)], []
        job.save()
    return job


def require_publisher(by):
    """Whoever may publish may move what others published stands on."""
    if not isinstance(by, history.SystemActor) and not may(by, "rules.publish"):
        raise NotTheirs(_("Only an escalation manager publishes, and moves open cases."))


# --- Meanwhile --------------------------------------------------------------------------------------------


def bring_up_to_date(case_ids, *, now, apart_from=None):
    """Before the due times of these locked cases are believed: do those that a calendar's change has not
    reached yet.

    Without an unfinished change, which is nearly always, this is one small question.
    """
    for job in _unfinished_calendars():
        ids = [pk for pk in case_ids if job != apart_from and job.still_waits(pk)]
        if ids:
            with history.acting(by=job.asked_by, reason=reason_of(job), now=now):
                renewing.renew(
                    ids, calendar_id=job.calendar_version.calendar_id, changed_at=job.asked_at, now=now
                )


def bring_up_to_date_for_a_person(case_id, *, now):
    """The same before a person's change, which a calendar with no hour left must not stand in the way of."""
    if waiting([case_id]):
        try:
            with transaction.atomic():
                bring_up_to_date([case_id], now=now)
        except NoOpenHour:
            pass  # it is kept with the recalculation, and shown to managers there


def waiting(case_ids):
    """Those of these cases to whose clocks a calendar's change has not come yet."""
    unfinished = _unfinished_calendars()
    return {pk for pk in case_ids if any(job.still_waits(pk) for job in unfinished)} if unfinished else set()


def _unfinished_calendars():
    return history.remembered("unfinished recalculations", UNFINISHED_CALENDARS.all)
