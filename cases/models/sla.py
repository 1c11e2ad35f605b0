"""What is owed to which cases: SLA policies in versions, and their targets."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases import durations
from cases.history import History, remembered
from cases.prepared import Given, Prepared, belonging
from cases.states import Metric, Priority

from .calendar import Calendar
from .customer import Channel, Service, Tier
from .pack import PackVersion
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
        """The newest published version of each active policy at `at`, with its targets, in the order in
        which policies are asked. Of all there are, however this queryset is narrowed."""
        versions = remembered("published policies", lambda: _with_targets(PUBLISHED.all()))
        seen, first = set(), []
        for version in versions:
            if version.effective_at <= at and version.policy_id not in seen:
                seen.add(version.policy_id)
                first.append(version)
        return first

    def served_by(self, pk):
        """The version with this id, with its targets."""
        [version] = _with_targets(ONE.all(version=pk))
        return version


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
        return f"{self.get_metric_display()}: {durations.word(self.term_seconds)}"

    def clean(self):
        if self.term_seconds is not None and self.term_seconds <= 0:
            raise ValidationError({"term_seconds": _("A term must be above zero; name at least one second.")})


PUBLISHED = Prepared(
    lambda: (
        SlaPolicyVersion.objects.filter(policy__is_active=True, published_at__isnull=False)
        .select_related("policy")
        # Asked along: a desk without packs pays no question for them.
        .annotate(law_may_apply=models.Exists(PackVersion.objects.published()))
        .order_by("policy__is_default", "policy__position", "policy_id", "-effective_at", "-number")
    )
)
ONE = Prepared(lambda: SlaPolicyVersion.objects.filter(pk=Given("version")))
TARGETS = Prepared(lambda: SlaTarget.objects.filter(version__among=Given("versions")).order_by("pk"))


def _with_targets(versions):
    if not versions:
        return versions
    return belonging(versions, "targets", TARGETS.all(versions=[version.pk for version in versions]))
