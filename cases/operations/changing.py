"""The frame of every operation on one case: sign, lock, check, change, and leave its standing right."""

from contextlib import contextmanager

from django.utils.translation import gettext as _

from cases import history, meanwhile
from cases.errors import StaleCase
from cases.models import Case

from . import recalculating, standing


@contextmanager
def changing(case, *, by, reason, now, revision=None, despite_notes=False):
    """Yield the locked case; on leaving, save it with its revision bumped and refresh its standing.

    `revision`, where given, is what the caller saw: StaleCase if somebody changed the case since. Internal
    notes alone do not count `despite_notes`.
    """
    with history.acting(by=by, reason=reason, now=now):
        locked = Case.objects.lock(case.pk)
        is_stale = revision is not None and revision != locked.revision
        if is_stale and not (despite_notes and meanwhile.only_notes(locked, revision)):
            raise StaleCase(
                _("Somebody changed this case while you were writing. Look at it again; your text is kept.")
            )
        recalculating.bring_up_to_date_for_a_person(locked.pk, now=now)
        yield locked
        locked.revision += 1
        locked.changed_at = now
        locked.save()
        standing.refresh([locked], now=now)
        # The caller's own copy shows what is true now.
        case.__dict__.update({f.attname: getattr(locked, f.attname) for f in locked._meta.concrete_fields})
