"""Notices that somebody has seen: one, or all up to the newest that was before their eyes."""

from cases.models import Notice


def see(*, by, now, notice=None, up_to=None):
    """Mark `by`'s own notice with the id `notice` as read, or all up to the id `up_to`, or all.

    What is not theirs, or was read before, stays as it is. Returns how many were unread.
    """
    unread = Notice.objects.in_app_for(by).unread().order_by()
    if notice is not None:
        unread = unread.filter(pk=notice)
    elif up_to is not None:
        unread = unread.filter(pk__lte=up_to)
    return unread.update(read_at=now)
