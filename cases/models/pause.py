"""The pauses in which clocks stand still, and the reasons for them."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.history import History
from cases.states import Metric

from .person import Person


class PauseReason(models.Model):
    """Why clocks may stand still, and which of them do."""

    KEPT = True

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    stops = models.JSONField(_("stops"), default=list, help_text=_("The metrics that stand still."))
    ends_on_incoming = models.BooleanField(_("ends when the customer writes"), default=True)
    waits_for_customer = models.BooleanField(_("waits for the customer"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    history = History()

    class Meta:
        verbose_name = _("pause reason")
        verbose_name_plural = _("pause reasons")

    def __str__(self):
        return self.name

    def clean(self):
        unknown = set(self.stops) - set(Metric.values)
        if unknown:
            raise ValidationError(
                {
                    "stops": _("Unknown metrics: %(unknown)s. Known are: %(known)s.")
                    % {"unknown": ", ".join(sorted(unknown)), "known": ", ".join(Metric.values)}
                }
            )


class PauseQuerySet(models.QuerySet):
    def open(self):
        return self.filter(ended_at=None)


class Pause(models.Model):
    """An interval in which clocks stand still, with its reason, who asked for it and when it is expected to
    end."""

    KEPT = True

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="pauses", verbose_name=_("case"))
    reason = models.ForeignKey(PauseReason, models.PROTECT, related_name="+", verbose_name=_("reason"))
    # As the reason said when the pause began: what a reason says later never moves a deadline.
    stops = models.JSONField(_("stops"), default=list)
    note = models.CharField(_("note"), max_length=300, blank=True)
    started_at = models.DateTimeField(_("from"))
    expected_end_at = models.DateTimeField(_("expected to end"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    started_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    objects = PauseQuerySet.as_manager()
    history = History(erasable=["note"])

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expected_end_at__gt=models.F("started_at")),
                name="pause_expected_end_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(ended_at__gte=models.F("started_at")),
                name="pause_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["case", "reason"], condition=models.Q(ended_at=None), name="pause_one_open_per_reason"
            ),
        ]

    def __str__(self):
        return str(self.reason)
