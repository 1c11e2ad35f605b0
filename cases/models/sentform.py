"""Forms that were sent: the same one never does its work twice."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .case import Case
from .person import Person


class SentForm(models.Model):
    """The one-time key of a form, and the case that came of it. Unaudited: what the form did is in the
    history of what it touched."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(_("key"), max_length=64)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+", db_index=False)
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("form that was sent")
        verbose_name_plural = _("forms that were sent")
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="sentform_once")]

    def __str__(self):
        return self.key
