"""The complaint profile: written and read by whoever holds the complaint, and by nobody else (RULES 5)."""

from django.utils.translation import gettext as _

from cases import history
from cases.errors import NotTheirs, StaleCase
from cases.models import Case, ComplaintProfile, Standing

WORDS = ("manner", "merit", "expectation", "least_acceptable", "goal")


def keeper_of(case, standing):
    """The id of the person whose the profile is, or None: who holds the escalation, or where none runs the
    owner. While a team holds it and nobody took it, it is nobody's."""
    if standing.holder_id or standing.holder_team_id:
        return standing.holder_id
    return case.owner_id


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
        keeper = keeper_of(locked, Standing.objects.get(pk=locked.pk))
        if by.pk != keeper or not Case.objects.findable(by).filter(pk=locked.pk).exists():
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
