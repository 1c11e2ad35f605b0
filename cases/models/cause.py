"""Why complaints come about, as managers name it; beside it stand the words that the customer reads."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.history import History


class CauseQuerySet(models.QuerySet):
    def in_order(self):
        return self.filter(is_active=True).order_by("position", "pk")


class Cause(models.Model):
    """One cause of complaints, so that they can be counted by it."""

    position = models.PositiveIntegerField(_("position"), default=100)
    name = models.CharField(_("name"), max_length=120, unique=True)
    is_active = models.BooleanField(_("active"), default=True)
    objects = CauseQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("cause of complaints")
        verbose_name_plural = _("causes of complaints")

    def __str__(self):
        return self.name
