"""What was already tried on a case, by the customer or by us: nobody is asked to try it again."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.history import History

from .case import Case
from .person import Person


class Attempt(models.Model):
    """One thing that was tried and did not settle the case. It is carried along for ever."""

    KEPT = True

    case = models.ForeignKey(Case, models.PROTECT, related_name="attempts", verbose_name=_("case"))
    what = models.TextField(_("what was tried"))
    told_by = models.ForeignKey(
        Person, models.PROTECT, related_name="+", db_index=False, verbose_name=_("written down by")
    )
    recorded_at = models.DateTimeField(_("recorded at"))
    history = History(erasable=["what"])

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [models.CheckConstraint(condition=~Q(what=""), name="attempt_says_something")]

    def __str__(self):
        return self.what[:60]
