"""What calendars, SLA policies and escalation paths share: in force in versions that never change."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Version(models.Model):
    """What something says from `effective_at` on. A draft until published; published, it never changes."""

    FROZEN = ()

    number = models.PositiveIntegerField(_("version"))
    effective_at = models.DateTimeField(_("in force from"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        "cases.Person",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("published by"),
    )
    note = models.CharField(_("what changed"), max_length=200, blank=True)

    class Meta:
        abstract = True


def published_whole(**also):
    """The constraint of a version: published with all it needs, or not at all. `also`: its own conditions."""
    return models.CheckConstraint(
        condition=models.Q(published_at=None, published_by=None)
        | models.Q(
            published_at__isnull=False, published_by__isnull=False, effective_at__isnull=False, **also
        ),
        name="%(class)s_published_whole",
    )
