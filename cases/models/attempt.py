"""What was already tried on a case, by the customer or by us: nobody is asked to try it again."""

from django.db import models
from django.db.models import Q
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from cases.history import History

from .case import Case
from .link import CaseLink
from .person import Person


class AttemptQuerySet(models.QuerySet):
    def known_on(self, case):
        """What was tried on a case, and on those it goes on from, in order: what was merged into it, what it
        was split off from or follows up. Of cases that are kept from some people nothing goes over."""
        links = CaseLink.objects.active()
        before = links.filter(source=case, kind__in=(CaseLink.Kind.SPLIT, CaseLink.Kind.FOLLOW_UP))
        carried = Case.objects.open_to_all().filter(
            Q(pk__in=links.merges().filter(target=case).values("source")) | Q(pk__in=before.values("target"))
        )
        found = self.filter(Q(case=case) | Q(case__in=carried.values("pk")))
        return found.select_related("told_by", "case").order_by("recorded_at", "pk")


class Attempt(models.Model):
    """One thing that was tried and did not settle the case. It is carried along for ever."""

    KEPT = True

    case = models.ForeignKey(Case, models.PROTECT, related_name="attempts", verbose_name=_("case"))
    what = models.TextField(_("what was tried"))
    told_by = models.ForeignKey(
        Person, models.PROTECT, related_name="+", db_index=False, verbose_name=_("written down by")
    )
    recorded_at = models.DateTimeField(_("recorded at"))
    objects = AttemptQuerySet.as_manager()
    history = History(erasable=["what"])

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [models.CheckConstraint(condition=~Q(what=""), name="attempt_says_something")]

    def __str__(self):
        return Truncator(self.what).chars(60)
