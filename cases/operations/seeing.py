"""Notices that somebody has seen: one, a case's, or all, up to the newest that was before their eyes."""

from cases.models import Notice


def see(*, by, now, notice=None, up_to=None, case=None):
    """Mark `by`'s own notices as read: the one with the id `notice`; or all, or all about the case with id
    `case`, and of these those up to the id `up_to`, where it is given.

    What is not theirs, or was read before, stays as it is. Returns how many were unread.
    """
    unread = Notice.objects.in_app_for(by).unread().order_by()
    named = {"pk": notice} if notice is not None else {"pk__lte": up_to, "case": case}
    unread = unread.filter(**{name: value for name, value in named.items() if value is not None})
    return unread.update(read_at=now)
