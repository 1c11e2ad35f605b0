"""Count what happened on each of the last days, as sets, and keep the counts (models.DailyCount).

Most of what happens to cases has no index by when it did: each would cost every change of a case, for a page
that few open. So all rows are read once in a while, all days at once; what has changed is written. To count
again gives the same, whoever does it and however often.
"""

from collections import Counter
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from reports.models import Counting, DailyCount, Happened
from reports.sources import SOURCES
from reports.steps import step_of

# The longest period that can be asked for, and as much before it to compare with.
DAYS = 180
# Counting takes at most a hundredth of one processor, and is done at most once a minute.
SHARE = 100
LEAST = timedelta(minutes=1) - timedelta(seconds=5)
BATCH = 2000


def zone():
    """The time zone in which days begin: the installation's."""
    return timezone.get_default_timezone()


def today(now):
    return timezone.localdate(now, zone())


def begins(day):
    """The instant at which a day begins."""
    return timezone.make_aware(datetime.combine(day, time.min), zone())


def is_due(*, now):
    """Whether it is time to count again: the longer it takes, the more seldom."""
    last = Counting.objects.filter(pk=Counting.ONLY).first()
    if last is None:
        return True
    return now - last.counted_at >= max(LEAST, timedelta(seconds=last.took_seconds * SHARE))


def counts(*, now, cases=None):
    """{(day, kind, detail, team or 0, is_restricted): number} of the last DAYS days, read from what happened;
    of all cases, or of those with ids in `cases`."""
    since, until = begins(today(now) - timedelta(days=DAYS - 1)), begins(today(now) + timedelta(days=1))
    found = Counter()
    for source in SOURCES.values():
        rows = source.happened().filter(happened_at__gte=since, happened_at__lt=until)
        if cases is not None:
            rows = rows.filter(**{source.column("pk__in"): cases})
        of = _acknowledged if source.kind == Happened.ACKNOWLEDGED else _grouped
        for day, detail, team, is_restricted, number in of(source, rows):
            found[day, source.kind.value, detail, team or DailyCount.NO_TEAM, is_restricted] += number
    return found


def _grouped(source, rows):
    columns = ("day", "which", source.column("team_id"), source.column("is_restricted"))
    return (
        rows.order_by()
        .annotate(day=TruncDate("happened_at", tzinfo=zone()))
        .values_list(*columns)
        .annotate(Count("pk"))
        .iterator(BATCH)
    )


def _acknowledged(source, rows):
    """One by one: in which step a length of time falls, the database is not asked."""
    columns = ("made_at", "answered_at", source.column("team_id"), source.column("is_restricted"))
    for made_at, answered_at, team, is_restricted in rows.order_by().values_list(*columns).iterator(BATCH):
        step = step_of((answered_at - made_at).total_seconds())
        yield timezone.localdate(answered_at, zone()), str(step), team, is_restricted, 1


KEY = ("day", "kind", "detail", "team_key", "is_restricted")


def refresh(*, now):
    """Count the days and write what differs from what is kept; how many rows that were.

    All reading comes before the transaction: SQLite lets nobody else write during one.
    """
    wanted = counts(now=now)
    with transaction.atomic():
        if not _may_write(now):
            return 0
        kept = {
            tuple(key): (pk, number)
            for pk, number, *key in DailyCount.objects.values_list("pk", "number", *KEY)
        }
        changed = [
            DailyCount(**dict(zip(KEY, key, strict=True)), number=number)
            for key, number in wanted.items()
            if kept.get(key, (None, None))[1] != number
        ]
        gone = [pk for key, (pk, _number) in kept.items() if key not in wanted]
        DailyCount.objects.bulk_create(
            changed, BATCH, update_conflicts=True, unique_fields=KEY, update_fields=["number"]
        )
        for start in range(0, len(gone), BATCH):
            DailyCount.objects.filter(pk__in=gone[start : start + BATCH]).delete()
    return len(changed) + len(gone)


def _may_write(now):
    """Whether what was counted as of `now` is newer than what is kept; of two at once, the later one is."""
    row, is_new = Counting.objects.select_for_update().get_or_create(
        pk=Counting.ONLY, defaults={"counted_at": now}
    )
    if not is_new and row.counted_at > now:
        return False
    row.counted_at = now
    row.save(update_fields=["counted_at"])
    return True


def took(*, seconds):
    """Keep how long the last counting took, of which follows when the next one is due."""
    Counting.objects.filter(pk=Counting.ONLY).update(took_seconds=seconds)
