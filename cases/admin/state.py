"""In which state a version is, and by whom it was published, in words."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

STATES = {
    "draft": gettext_lazy("Draft"),
    "planned": gettext_lazy("Planned"),
    "in_force": gettext_lazy("In force"),
    "replaced": gettext_lazy("Replaced"),
}


def state_of(version):
    """Of a version that knows which of its siblings is in force now (`in_force_id`)."""
    if version.published_at is None:
        return STATES["draft"]
    if version.effective_at > timezone.now():
        return STATES["planned"]
    return STATES["in_force" if version.pk == version.in_force_id else "replaced"]


def published(version):
    """When and by whom, in words."""
    if version.published_at is None:
        return "–"
    when = date_format(timezone.localtime(version.published_at), "DATETIME_FORMAT")
    return _("%(when)s by %(who)s") % {"when": when, "who": version.published_by}
