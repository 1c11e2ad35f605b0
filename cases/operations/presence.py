"""Who has a case open: said by each beat of an open page, forgotten soon after. Unaudited."""

from cases.models import Presence
from cases.models.presence import FRESH

# So many rows go in one transaction: short enough that nobody waits for it.
AT_ONCE = 5_000


def beat(*, case, by, doing, now):
    """`by` has `case` open and is `doing` (a Presence.Doing; what is unknown is reading). One statement."""
    if doing not in Presence.Doing.values:
        doing = Presence.Doing.READING
    Presence.objects.bulk_create(
        [Presence(case=case, person=by, doing=doing, seen_at=now)],
        update_conflicts=True,
        unique_fields=["case", "person"],
        update_fields=["doing", "seen_at"],
    )


def leave(*, case, by):
    """The page was closed."""
    Presence.objects.filter(case=case, person=by).delete()


def purge(*, now):
    """Forget who is gone; return how many rows went. Bounded transactions; two at once do no harm."""
    gone = 0
    while True:
        stale = Presence.objects.filter(seen_at__lte=now - FRESH).order_by("pk")
        ids = list(stale.values_list("pk", flat=True)[:AT_ONCE])
        # Asked again: whoever came back meanwhile stays.
        gone += Presence.objects.filter(pk__in=ids, seen_at__lte=now - FRESH).delete()[0]
        if len(ids) < AT_ONCE:
            return gone
