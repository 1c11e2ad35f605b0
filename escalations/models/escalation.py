"""Episodes of cases on paths, the handoffs in them, and what was passed over and why."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cases.history import History
from cases.models import Case, Channel, Clock, Customer, Person, Skill, Team, Trigger

from .path import EscalationPath, PathVersion, Rule


class Kind(models.TextChoices):
    """Why a case moves: a fact of the handoff. All four share one mechanism."""

    FUNCTIONAL = "functional", _("Functional: another skill is needed")
    HIERARCHICAL = "hierarchical", _("Hierarchical: more authority is needed")
    PRIORITY = "priority", _("Priority: enters above level 1")
    AUTOMATIC = "automatic", _("Automatic: a rule or a timer moved it")


class EscalationQuerySet(models.QuerySet):
    def running(self):
        return self.filter(state=Escalation.State.RUNNING)

    def waiting_for_a_team(self):
        """Those that nobody of the team that holds them has taken."""
        return self.running().filter(holder=None, holder_team__isnull=False)


class Escalation(models.Model):
    """One episode of a case on a path version. Its level and holder are where it stands now."""

    KEPT = True

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        ENDED = "ended", _("Ended")

    class Outcome(models.TextChoices):
        RESOLVED = "resolved", _("case resolved")
        DEESCALATED = "deescalated", _("de-escalated")
        CLOSED = "closed", _("case closed")

    case = models.ForeignKey(Case, models.PROTECT, related_name="escalations", verbose_name=_("case"))
    # A copy of the case's own, which never changes, so that one index finds a customer's latest ones.
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        db_index=False,
        db_constraint=False,
        editable=False,
        related_name="+",
        verbose_name=_("customer"),
    )
    path = models.ForeignKey(
        EscalationPath, models.PROTECT, db_index=False, related_name="escalations", verbose_name=_("path")
    )
    version = models.ForeignKey(
        PathVersion,
        models.PROTECT,
        related_name="escalations",
        verbose_name=_("path version"),
        db_index=False,
    )
    rule = models.ForeignKey(
        Rule, models.PROTECT, null=True, blank=True, db_index=False, related_name="+", verbose_name=_("rule")
    )
    trigger = models.ForeignKey(
        Trigger,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("trigger"),
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    level_number = models.PositiveSmallIntegerField(_("level"))
    # Above the top level: the fallback holder has it.
    is_at_fallback = models.BooleanField(_("with the fallback holder"), default=False)
    severity = models.PositiveSmallIntegerField(
        _("severity"), default=1, help_text=_("Raised by each further trigger.")
    )
    holder = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="held_escalations",
        verbose_name=_("holder"),
    )
    holder_team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="held_escalations",
        verbose_name=_("holding team"),
    )
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    cool_off_until = models.DateTimeField(_("cool-off until"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, blank=True)
    objects = EscalationQuerySet.as_manager()
    history = History(excluded_fields=["customer"])

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        indexes = [models.Index(fields=["customer", "started_at"], name="escalation_of_customer")]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "path"],
                condition=Q(state="running"),
                name="escalation_one_running_per_case_and_path",
            ),
            models.CheckConstraint(
                condition=Q(state="running", ended_at=None, outcome="")
                | (Q(state="ended", ended_at__isnull=False) & ~Q(outcome="")),
                name="escalation_ended_says_how",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(holder__isnull=False) | Q(holder_team__isnull=False),
                name="escalation_is_never_nobodys",
            ),
        ]

    def __str__(self):
        return f"{self.path} {self.level_number}"


class Handoff(models.Model):
    """The case moving to a holder: why, background, what was tried, next steps, what the customer was
    told."""

    KEPT = True

    class State(models.TextChoices):
        WAITING = "waiting", _("Not acknowledged")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        DECLINED = "declined", _("Declined")
        RAN_OUT = "ran_out", _("Ran out")
        SUPERSEDED = "superseded", _("Superseded")

    class Mode(models.TextChoices):
        WRITTEN = "written", pgettext_lazy("way of handing over", "written")
        LIVE = "live", _("live transfer")
        CALL_BACK = "call_back", _("call-back")

    escalation = models.ForeignKey(
        Escalation, models.PROTECT, related_name="handoffs", verbose_name=_("escalation")
    )
    level_number = models.PositiveSmallIntegerField(_("level"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    mode = models.CharField(_("how"), max_length=10, choices=Mode.choices, default=Mode.WRITTEN)
    call_back_at = models.DateTimeField(_("call back at"), null=True, blank=True)
    was_reached = models.BooleanField(
        _("reached"), null=True, blank=True, help_text=_("Of a live transfer that was tried.")
    )
    catalogue_reason = models.ForeignKey(
        "escalations.EscalationReason",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="handoffs",
        verbose_name=_("reason in the catalogue"),
    )
    skill = models.ForeignKey(
        Skill,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("skill asked for"),
    )
    from_person = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="handoffs_given",
        verbose_name=_("from"),
    )
    to_person = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="handoffs_got",
        verbose_name=_("to"),
    )
    to_team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="handoffs_got",
        verbose_name=_("to team"),
    )
    reason = models.TextField(_("reason"))
    background = models.TextField(_("background"))
    tried = models.TextField(_("tried so far"))
    next_steps = models.TextField(_("next steps"))
    told_customer = models.TextField(_("what the customer was told"), blank=True)
    # Of the word to the customer that this handoff is theirs to know: when and how, or why not yet.
    told_at = models.DateTimeField(_("customer told"), null=True, blank=True)
    told_by = models.CharField(_("told by"), max_length=10, choices=Channel.choices, blank=True)
    untold_because = models.TextField(_("why the customer was not told yet"), blank=True)
    is_automatic = models.BooleanField(_("composed automatically"), default=False)
    made_at = models.DateTimeField(_("handed over"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("answered by"),
    )
    decline_reason = models.TextField(_("why declined"), blank=True)
    # Each its own, by the constraints below, which leave out what nobody looks for: the terms of answered
    # handoffs, and the many handoffs without time to work.
    acknowledge_clock = models.ForeignKey(
        Clock,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="acknowledges",
        verbose_name=_("acknowledge by"),
    )
    work_clock = models.ForeignKey(
        Clock,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="works",
        verbose_name=_("work by"),
    )
    history = History(
        erasable=[
            "reason",
            "background",
            "tried",
            "next_steps",
            "told_customer",
            "untold_because",
            "decline_reason",
        ]
    )

    class Meta:
        verbose_name = _("handoff")
        verbose_name_plural = _("handoffs")
        # What waits for a person; answered, it leaves the index.
        indexes = [
            models.Index(fields=["to_person"], condition=Q(state="waiting"), name="handoff_waiting_for")
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(background="") & ~Q(tried="") & ~Q(next_steps=""),
                name="handoff_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(to_person__isnull=False) | Q(to_team__isnull=False),
                name="handoff_goes_to_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(decline_reason=""), name="handoff_declined_with_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", answered_at=None)
                | (~Q(state="waiting") & Q(answered_at__isnull=False)),
                name="handoff_answered_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(mode="call_back") | Q(call_back_at__isnull=False),
                name="handoff_call_back_has_its_time",
            ),
            models.CheckConstraint(
                # Not known is not yes: unknown alone would pass a check.
                condition=~Q(mode="live") | Q(was_reached=True, was_reached__isnull=False),
                name="handoff_live_reached_somebody",
            ),
            models.CheckConstraint(
                condition=Q(told_at=None, told_by="")
                | (Q(told_at__isnull=False, untold_because="") & ~Q(told_by="") & ~Q(told_customer="")),
                name="handoff_told_says_what_when_and_how",
            ),
            models.UniqueConstraint(
                fields=["escalation"], condition=Q(state="waiting"), name="handoff_one_waiting_per_escalation"
            ),
            models.UniqueConstraint(
                fields=["acknowledge_clock"], condition=Q(state="waiting"), name="handoff_term_once"
            ),
            models.UniqueConstraint(
                fields=["work_clock"], condition=Q(work_clock__isnull=False), name="handoff_work_clock_once"
            ),
        ]

    def __str__(self):
        return f"{self.level_number} → {self.to_person or self.to_team}"


class PassedOver(models.Model):
    """A level or a person the ladder did not stop at, and why: nobody is skipped without a record."""

    KEPT = True

    class Why(models.TextChoices):
        EMPTY = "empty", _("nobody there")
        ABSENT = "absent", _("absent")
        QUIET = "quiet", _("in quiet hours")
        CONFLICT = "conflict", _("named in the complaint")
        INACTIVE = "inactive", _("no longer works here")
        DECLINED = "declined", _("declined")
        LATE = "late", _("its time was over before the engine ran")

    escalation = models.ForeignKey(
        Escalation, models.PROTECT, related_name="passed_over", verbose_name=_("escalation")
    )
    level_number = models.PositiveSmallIntegerField(_("level"))
    person = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("person"),
    )
    why = models.CharField(_("why"), max_length=10, choices=Why.choices)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))
    history = History()

    class Meta:
        verbose_name = _("passed over")
        verbose_name_plural = _("passed over")

    def __str__(self):
        return f"{self.level_number}: {self.get_why_display()}"
