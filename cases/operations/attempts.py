"""Write down what was already tried, so that nobody asks for it again."""

from django.utils.translation import gettext as _

from cases.errors import Incomplete
from cases.models import Attempt

from .changing import changing


def note_attempt(*, case, tried, by, now, revision=None):
    """Something that was tried and did not settle the case. Raises Incomplete."""
    if not tried.strip():
        raise Incomplete(_("Say what was tried."))
    with changing(case, by=by, reason=_("attempt noted"), now=now, revision=revision) as locked:
        keep(case=locked, tried=tried, by=by, now=now)


def keep(*, case, tried, by, now):
    """One attempt a line, of a locked case; nothing where nothing was tried."""
    Attempt.objects.bulk_create(
        Attempt(case=case, what=line.strip(), told_by_id=by.pk, recorded_at=now)
        for line in tried.splitlines()
        if line.strip()
    )
