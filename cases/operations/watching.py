"""What the watchdog lives on: a few rows a minute on how late timers fired, and their throwing away."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from cases.lateness import counted
from cases.models import EngineMinute
from cases.models.timer import LATE

KEPT_FOR = timedelta(days=30)
# So many rows go in one transaction: short enough that nobody waits for it.
AT_ONCE = 5_000
ADDED = ["fired", "seconds", *LATE]


def minute_of(at):
    """The minute an aware instant falls into, counted from 1970 in UTC."""
    return int(at.timestamp()) // 60


def tally(*, worker, lateness, now):
    """Add to `worker`'s minute, and to what it ever fired, that timers fired so late (seconds each).

    One statement; in the caller's transaction, where there is one.
    """
    late = [max(0.0, seconds) for seconds in lateness]
    if not late:
        return
    sums = [len(late), sum(late), *counted(late)]
    _add([[worker, minute, max(late), *sums] for minute in (0, minute_of(now))])


def _add(rows):
    """`rows`: worker, minute, worst, then what is added up, in the order of ADDED."""
    columns = ["worker", "minute", "worst", *ADDED]
    table = connection.ops.quote_name(EngineMinute._meta.db_table)
    one = "(" + ", ".join(["%s"] * len(columns)) + ")"
    sums = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in ADDED)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([one] * len(rows))}"
            f" ON CONFLICT (minute, worker) DO UPDATE SET {sums},"
            f" worst = CASE WHEN excluded.worst > {table}.worst THEN excluded.worst ELSE {table}.worst END",
            [value for row in rows for value in row],
        )


def purge(*, now):
    """Throw away minutes older than 30 days; return how many rows went. Bounded transactions; two at once do
    no harm."""
    gone = 0
    while went := _purge_minutes(minute_of(now - KEPT_FOR)):
        gone += went
    return gone + _retire()


def _purge_minutes(before):
    old = EngineMinute.objects.filter(minute__gt=0, minute__lt=before).order_by("minute", "worker")
    return EngineMinute.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:AT_ONCE])).delete()[0]


def _retire():
    """Engines without a minute left hardly come back under their name: what they ever fired is kept under
    no name."""
    minutes = EngineMinute.objects.filter(minute__gt=0, worker=OuterRef("worker"))
    idle = EngineMinute.objects.filter(~Exists(minutes), minute=0).exclude(worker="").order_by("pk")
    with transaction.atomic():
        # Locked, so that whatever one of them adds while it is being retired is not lost.
        totals = list(EngineMinute.objects.select_for_update().filter(pk__in=idle.values("pk")[:AT_ONCE]))
        if totals:
            sums = [sum(getattr(row, name) for row in totals) for name in ADDED]
            _add([["", 0, max(row.worst for row in totals), *sums]])
            EngineMinute.objects.filter(pk__in=[row.pk for row in totals]).delete()
    return len(totals)
