"""What happened to a case that may start or move an escalation."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.history import History
from cases.states import Metric

from .case import Case
from .clock import Clock
from .promise import Promise


class TriggerKind(models.TextChoices):
    """What may start or move an escalation (RULES 4)."""

    OPENED = "opened", _("Case opened")
    REOPENED = "reopened", _("Case reopened")
    ASKED_SUPERVISOR = "asked_supervisor", _("Customer asks for a supervisor")
    ASKED_OTHER_AGENT = "asked_other_agent", _("Customer asks for another agent")
    THREAT = "threat", _("Threat of press, regulator or lawyer")
    SAFETY = "safety", _("Risk to safety")
    VULNERABLE = "vulnerable", _("Vulnerable customer")
    STATED_NEED = "stated_need", _("States a need: money, people, tools, a specification, a function")
    REASSIGNED = "reassigned", _("Reassigned")
    PRIORITY_CHANGED = "priority_changed", _("Priority changed")
    TARGET_AT_RISK = "target_at_risk", _("Target at risk")
    TARGET_BREACHED = "target_breached", _("Target breached")
    PROMISE_AT_RISK = "promise_at_risk", _("Promise at risk")
    PROMISE_BROKEN = "promise_broken", _("Promise broken")
    ESCALATED_AGAIN = "escalated_again", _("Second escalation of this customer")


class TriggerQuerySet(models.QuerySet):
    def waiting(self):
        return self.filter(considered_at=None)


class Trigger(models.Model):
    """Something happened to a case that rules may answer. Its verdict says which rule did, or why none.

    `days_since`: of an escalation, within how many days of the customer's one before it (whole days, rounded
    up; one second over three days is four).
    """

    KEPT = True

    case = models.ForeignKey(Case, models.PROTECT, related_name="triggers", verbose_name=_("case"))
    kind = models.CharField(_("what"), max_length=20, choices=TriggerKind.choices)
    metric = models.CharField(_("metric"), max_length=16, choices=Metric.choices, blank=True)
    clock = models.ForeignKey(Clock, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    promise = models.ForeignKey(
        Promise, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    days_since = models.PositiveSmallIntegerField(_("days since the one before"), null=True, blank=True)
    occurred_at = models.DateTimeField(_("at"))
    considered_at = models.DateTimeField(_("considered"), null=True, blank=True)
    verdict = models.CharField(_("verdict"), max_length=300, blank=True)
    objects = TriggerQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("trigger")
        verbose_name_plural = _("triggers")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=TriggerKind.values), name="trigger_kind_is_known"),
        ]

    def __str__(self):
        return self.get_kind_display()
