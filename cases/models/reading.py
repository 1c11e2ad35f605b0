"""Who looked into a case that is not theirs to work, and why."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.history import History

from .case import Case, number_of
from .person import Person


class CaseReadingQuerySet(models.QuerySet):
    def open_to(self, person, now):
        """What lets `person` read the whole of a case at `now`, though it is another team's."""
        return self.filter(person=person, kind=CaseReading.Kind.ASKED, at__lte=now, until__gt=now)


class CaseReading(models.Model):
    """Somebody opened the rest of another team's case, for a reason and a time; or an auditor read a case,
    once a day of theirs."""

    KEPT = True

    class Kind(models.TextChoices):
        ASKED = "asked", _("opened for a reason")
        AUDIT = "audit", _("read by an auditor")

    case = models.ForeignKey(Case, models.PROTECT, related_name="readings", verbose_name=_("case"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="readings", verbose_name=_("person"))
    kind = models.CharField(_("as"), max_length=6, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    on = models.DateField(_("day"), help_text=_("The reader’s own."))
    at = models.DateTimeField(_("at"))
    until = models.DateTimeField(_("until"))
    objects = CaseReadingQuerySet.as_manager()
    history = History(erasable=["reason"])

    class Meta:
        verbose_name = _("reading of a case")
        verbose_name_plural = _("readings of cases")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=("asked", "audit")), name="casereading_kind_is_known"
            ),
            models.CheckConstraint(condition=Q(until__gt=F("at")), name="casereading_ends_after_start"),
            # An erased reason stays blank; a new one is asked for by the operation.
            models.UniqueConstraint(
                fields=["case", "person", "on"],
                condition=Q(kind="audit"),
                name="casereading_audit_once_a_day",
            ),
        ]

    def __str__(self):
        return f"{self.person}: {number_of(self.case_id)}"


class ListReading(models.Model):
    """An auditor asked for a list of cases, or of what is on them: one row a request, whatever it showed. Or
    anybody took a list with customers' data as a file: then it names no cases."""

    KEPT = True

    person = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="list_readings", verbose_name=_("person")
    )
    address = models.CharField(_("list"), max_length=100, help_text=_("As in /api/v1/handoffs/."))
    asked = models.CharField(
        _("narrowed to"), max_length=2000, blank=True, help_text=_("As it stood in the address.")
    )
    cases = models.JSONField(_("cases shown"), default=list, help_text=_("Their ids."))
    at = models.DateTimeField(_("at"))
    history = History(erasable=["asked"])

    class Meta:
        verbose_name = _("reading of a list")
        verbose_name_plural = _("readings of lists")

    def __str__(self):
        return f"{self.person}: {self.address}"
