"""Put a draft of an escalation path in force: checked as a whole, for cases that start on it from then on."""

from django.utils.translation import gettext as _

from cases import history
from cases.errors import InThePast, WrongMove
from escalations.errors import Unpublishable
from escalations.models import PathVersion, Responsible


def findings(version):
    """What speaks against publishing `version`: a sentence each, that says what to change."""
    levels = sorted(version.levels.select_related("person", "team", "skill"), key=lambda level: level.number)
    found = []
    if not levels:
        found.append(_("The path has no level; add at least one."))
    if [level.number for level in levels] != list(range(1, len(levels) + 1)):
        found.append(_("Levels must be numbered 1, 2, 3 without a gap; renumber them."))
    if version.fallback_id is None:
        found.append(_("Name a fallback holder: somebody must get what nobody on the ladder could."))
    for level in levels:
        found += _empty(level)
    return found


def _empty(level):
    words = {"level": level.number, "who": level.person or level.team or level.skill}
    if level.responsible == Responsible.PERSON and not level.person.is_active:
        yield _("Level %(level)d names %(who)s, who no longer works here; name somebody else.") % words
    if level.responsible == Responsible.TEAM and not level.team.people.filter(is_active=True).exists():
        yield (
            _("Level %(level)d names the team %(who)s, which has no people; add some or name another.")
            % words
        )
    if level.responsible == Responsible.SKILL and not level.skill.people.filter(is_active=True).exists():
        yield _("Level %(level)d asks for %(who)s, which nobody has; give somebody the skill.") % words


def publish_path(*, version, by, now, effective_at=None, reason=""):
    """Publish a draft from `effective_at` (else `now`) on; open escalations stay on their version.

    Raises Unpublishable with every finding, InThePast for an instant before the newest version in force.
    """
    effective_at = effective_at or now
    with history.acting(by=by, reason=reason or _("path published"), now=now):
        version = (
            PathVersion.objects.select_for_update(no_key=True, of=("self",))
            .select_related("path")
            .get(pk=version.pk)
        )
        if version.published_at is not None:
            raise WrongMove(
                _("Version %(number)d is published already and never changes; make a new version.")
                % {"number": version.number}
            )
        if found := findings(version):
            raise Unpublishable(found)
        earlier = version.path.versions.exclude(published_at=None).order_by("-effective_at").first()
        if earlier is not None and effective_at < max(now, earlier.effective_at):
            raise InThePast(
                _("Version %(number)d is in force; let this one begin now or later.")
                % {"number": earlier.number}
            )
        version.effective_at, version.published_at, version.published_by_id = effective_at, now, by.pk
        version.save()
        history.forget()
    return version
