"""The complaint profile: written and read by whoever holds the complaint, and by nobody else (RULES 5)."""

from django.utils.translation import gettext as _

from cases import history
from cases.errors import NotTheirs, StaleCase
from cases.models import Case, ComplaintProfile, Standing


def is_kept_by(case, person):
    """Whether `person` is the one whose profile this is: who holds the escalation, or where none runs the
    owner. While a team holds it and nobody took it, it is nobody's."""
    standing = Standing.objects.get(pk=case.pk)
    if standing.holder_id or standing.holder_team_id:
        return standing.holder_id == person.pk
    return case.owner_id is not None and case.owner_id == person.pk


def describe(
    *, case, by, now, manner="", merit="", expectation="", least_acceptable="", goal="", revision=None
):
    """Write the case's profile, or write it anew; an empty field says nothing. Returns it.

    The case itself is not changed: that somebody wrote a profile is nobody else's business either.
    Raises NotTheirs for everybody but the holder, StaleCase.
    """
    with history.acting(by=by, reason="", now=now):
        locked = Case.objects.lock(case.pk)
        if revision is not None and revision != locked.revision:
            raise StaleCase(
                _("Somebody changed this case while you were writing. Look at it again; your text is kept.")
            )
        if not is_kept_by(locked, by) or not Case.objects.findable(by).filter(pk=locked.pk).exists():
            raise NotTheirs(_("A complaint is described by whoever holds it, and by nobody else."))
        profile, _created = ComplaintProfile.objects.update_or_create(
            case=locked,
            defaults={
                "manner": manner,
                "merit": merit,
                "expectation": expectation.strip(),
                "least_acceptable": least_acceptable.strip(),
                "goal": goal.strip(),
                "written_by_id": by.pk,
                "written_at": now,
            },
        )
    return profile
