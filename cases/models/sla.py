"""What is owed to which cases: SLA policies in versions, their targets, the running clocks, and the
pauses."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases import receipts
from cases.history import History, remembered
from cases.hours import WorkingHours
from cases.states import ClockState, EndsOn, Metric, Priority, TimerKind
from cases.terms import Term

from .calendar import Calendar
from .customer import Channel, Service, Tier
from .pack import PackTerm, PackVersion
from .person import Person, Team
from .version import Version, published_whole


class SlaPolicy(models.Model):
    """Ordered: the first whose conditions match a case is what is owed to it. The default one matches every
    case."""

    KEPT = True

    name = models.CharField(_("name"), max_length=120, unique=True)
    position = models.PositiveIntegerField(_("position"), default=100, help_text=_("Lowest is asked first."))
    is_active = models.BooleanField(_("active"), default=True)
    is_default = models.BooleanField(_("default"), default=False, editable=False)
    history = History()

    class Meta:
        verbose_name = _("SLA policy")
        verbose_name_plural = _("SLA policies")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="slapolicy_one_default"
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(is_active=True),
                name="slapolicy_default_is_active",
                violation_error_message=_(
                    "The default policy stays active: every case must be owed something."
                ),
            ),
        ]

    def __str__(self):
        return self.name


class SlaPolicyVersionQuerySet(models.QuerySet):
    def in_force(self, at):
        """The newest published version of each active policy at `at`, in the order in which policies are
        asked."""
        versions = remembered(
            "published policies",
            lambda: list(
                self.filter(policy__is_active=True, published_at__isnull=False)
                .select_related("policy")
                .prefetch_related("targets")
                # Asked along: a desk without packs pays no question for them.
                .annotate(law_may_apply=models.Exists(PackVersion.objects.published()))
                .order_by("policy__is_default", "policy__position", "policy_id", "-effective_at", "-number")
            ),
        )
        seen, first = set(), []
        for version in versions:
            if version.effective_at <= at and version.policy_id not in seen:
                seen.add(version.policy_id)
                first.append(version)
        return first


# What a version may ask of a case, in the order in which it is asked.
CONDITIONS = ("category", "service", "tier", "channel")


class SlaPolicyVersion(Version):
    """A policy as it is owed from `effective_at` on; a published version never changes. Blank conditions
    mean any."""

    policy = models.ForeignKey(SlaPolicy, models.PROTECT, related_name="versions", verbose_name=_("policy"))
    category = models.ForeignKey(
        "cases.Category", models.PROTECT, null=True, blank=True, verbose_name=_("category")
    )
    tier = models.CharField(_("tier"), max_length=10, choices=Tier.choices, blank=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, blank=True)
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, verbose_name=_("service"))
    objects = SlaPolicyVersionQuerySet.as_manager()
    history = History()
    # Whether any regulatory pack was ever turned on, where `in_force` has asked; else one has to look.
    law_may_apply = True

    class Meta:
        verbose_name = _("SLA policy version")
        verbose_name_plural = _("SLA policy versions")
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="slapolicyversion_number_once"),
            published_whole(),
        ]

    def __str__(self):
        return f"{self.policy} v{self.number}"

    def matches(self, case):
        """Whether this version's conditions hold for `case`; a blank condition holds for any."""
        return self.first_failing(case) is None

    def first_failing(self, case):
        """The name of the first of CONDITIONS that does not hold for `case`, or None."""
        if self.category_id not in (None, case.category_id):
            return "category"
        if self.service_id not in (None, case.service_id):
            return "service"
        if self.tier not in ("", case.customer.tier):
            return "tier"
        if self.channel not in ("", case.channel):
            return "channel"
        return None


class SlaTarget(models.Model):
    """One metric's term for one priority; without a priority, for all that have no target of their own."""

    FROZEN_WITH = "version"
    SAME_BY = ("metric", "priority")

    class EndsOn(models.TextChoices):
        RESOLVED = "resolved", _("resolved")
        CLOSED = "closed", _("closed")

    version = models.ForeignKey(
        SlaPolicyVersion, models.CASCADE, related_name="targets", verbose_name=_("version")
    )
    metric = models.CharField(_("metric"), max_length=16, choices=Metric.choices)
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, null=True, blank=True
    )
    term_seconds = models.PositiveBigIntegerField(
        _("term, seconds"), help_text=_("Working time on the calendar.")
    )
    calendar = models.ForeignKey(Calendar, models.PROTECT, verbose_name=_("calendar"))
    at_risk_percent = models.PositiveSmallIntegerField(
        _("at risk at, %"), default=75, help_text=_("Part of the term used when a warning goes out.")
    )
    ends_on = models.CharField(
        _("resolution ends when"), max_length=10, choices=EndsOn.choices, default=EndsOn.RESOLVED
    )
    history = History()

    class Meta:
        verbose_name = _("SLA target")
        verbose_name_plural = _("SLA targets")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(term_seconds__gt=0),
                name="slatarget_term_above_zero",
                violation_error_message=_("A term must be above zero; name at least one second."),
            ),
            models.CheckConstraint(
                condition=models.Q(at_risk_percent__gte=1, at_risk_percent__lte=100),
                name="slatarget_at_risk_in_range",
                violation_error_message=_("A warning comes at 1 to 100 %% of the term."),
            ),
            models.CheckConstraint(
                condition=models.Q(priority=None) | models.Q(priority__in=Priority.values),
                name="slatarget_priority_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(metric__in=Metric.values), name="slatarget_metric_is_known"
            ),
            models.UniqueConstraint(fields=["version", "metric", "priority"], name="slatarget_once"),
            models.UniqueConstraint(
                fields=["version", "metric"],
                condition=models.Q(priority=None),
                name="slatarget_any_priority_once",
                violation_error_message=_(
                    "This metric has a target for any priority already; change that one."
                ),
            ),
        ]

    def __str__(self):
        return f"{self.get_metric_display()}: {self.term_seconds} s"

    def clean(self):
        if self.term_seconds is not None and self.term_seconds <= 0:
            raise ValidationError({"term_seconds": _("A term must be above zero; name at least one second.")})


class ClockQuerySet(models.QuerySet):
    def open(self):
        return self.filter(state__in=(ClockState.RUNNING, ClockState.PAUSED))

    def running(self):
        return self.filter(state=ClockState.RUNNING)


class Clock(models.Model):
    """One running target of one case. It pins the policy version it was started under; ended, it never
    changes.

    It is met while elapsed working time <= `term_seconds`; it shows `due_at` and breaches strictly after
    `late_after`.
    """

    KEPT = True

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="clocks", verbose_name=_("case"))
    metric = models.CharField(_("metric"), max_length=16, choices=Metric.choices)
    policy_version = models.ForeignKey(
        SlaPolicyVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("policy version"),
    )
    calendar = models.ForeignKey(
        Calendar, models.PROTECT, related_name="+", db_index=False, verbose_name=_("calendar")
    )
    term_seconds = models.PositiveBigIntegerField(_("term, seconds"))
    used_seconds = models.PositiveBigIntegerField(
        _("used before, seconds"), default=0, help_text=_("Carried over from the clock it continues.")
    )
    at_risk_percent = models.PositiveSmallIntegerField(_("at risk at, %"), default=75)
    ends_on = models.CharField(max_length=10, choices=EndsOn.choices, default=EndsOn.RESOLVED)
    # Of a statutory clock: the term of the law, and how it is counted (terms.Term as text). Its seconds are
    # then those from its start to its due time.
    statute = models.ForeignKey(
        PackTerm,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("term of the law"),
    )
    rule = models.CharField(_("how it is counted"), max_length=120, blank=True, default="", db_default="")
    label = models.CharField(
        _("label"), max_length=80, blank=True, help_text=_("Such as the level it belongs to.")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=ClockState.choices, default=ClockState.RUNNING
    )
    started_at = models.DateTimeField(_("started"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    late_after = models.DateTimeField(_("late after"), null=True, blank=True)
    at_risk_at = models.DateTimeField(_("at risk from"), null=True, blank=True)
    breached_at = models.DateTimeField(_("breached"), null=True, blank=True)
    warned_at = models.DateTimeField(_("warned"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    elapsed_seconds = models.PositiveBigIntegerField(_("elapsed, seconds"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=1, help_text=_("Bumped when its due times change."))
    # What its passing sets off: the ladder's terms are clocks like all others, but other reactions hear of
    # them.
    breach_kind = models.CharField(max_length=24, choices=TimerKind.choices, default=TimerKind.CLOCK_BREACHED)
    owed_by = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("owed by"),
        help_text=_("Empty: whoever holds the case."),
    )
    owed_by_team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("owed by team"),
    )
    objects = ClockQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        # What a change of a calendar touches; ended clocks leave it.
        indexes = [
            models.Index(
                fields=["calendar", "case"],
                condition=models.Q(state__in=("running", "paused")),
                name="clock_open_on_calendar",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(term_seconds__gt=0), name="clock_term_above_zero"),
            models.CheckConstraint(
                condition=models.Q(statute=None, rule="")
                | models.Q(statute__isnull=False, metric=Metric.STATUTORY) & ~models.Q(rule=""),
                name="clock_of_a_law_says_how_it_counts",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=ClockState.RUNNING, due_at__isnull=False, late_after__isnull=False, ended_at=None
                )
                | models.Q(state=ClockState.PAUSED, due_at=None, late_after=None, ended_at=None)
                | models.Q(state__in=("met", "missed", "stopped"), ended_at__isnull=False),
                name="clock_times_fit_its_state",
            ),
            models.UniqueConstraint(
                fields=["case", "metric"],
                condition=models.Q(
                    state__in=("running", "paused"),
                    metric__in=("first_response", "next_update", "resolution"),
                ),
                name="clock_one_open_of_a_kind",
            ),
        ]

    def __str__(self):
        return self.label or self.get_metric_display()

    @property
    def is_open(self):
        return self.state in (ClockState.RUNNING, ClockState.PAUSED)

    @property
    def is_law_read(self):
        """Whether a law sets it, and somebody read that in the law itself: what a customer may be told."""
        return self.statute_id is not None and self.statute.is_certain

    def receipt(self, *, pauses=None):
        """Why `due_at` is what it is: a receipts.Receipt. `pauses`: the case's, with reasons, where they
        are loaded."""
        if pauses is None:
            pauses = self.case.pauses.select_related("reason").order_by("started_at", "pk")
        mine = [receipts.Pause(p.started_at, p.ended_at, p) for p in pauses if self.metric in p.stops]
        if self.rule:
            return self._receipt_by_law(mine)
        return receipts.receipt(
            hours=self.calendar.hours,
            started_at=self.started_at,
            term_seconds=self.term_seconds,
            used_seconds=self.used_seconds,
            pauses=mine,
        )

    def _receipt_by_law(self, pauses):
        """All time counts, from where the term begins to its due time; pages tell its days in words."""
        term = timedelta(seconds=self.term_seconds)
        return receipts.receipt(
            hours=WorkingHours.always(Term.read(self.rule).zone),
            started_at=self.due_at - term if self.due_at else self.started_at,
            term_seconds=self.term_seconds,
            pauses=() if self.due_at else pauses,
        )

    @property
    def is_breached(self):
        return self.state == ClockState.MISSED or (self.is_open and self.breached_at is not None)


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
