"""The ladder: escalation paths in versions, their levels, and the rules that say which case starts which."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.history import History
from cases.models import Category, Channel, Person, Service, Skill, Team, Tier, TriggerKind
from cases.models.version import Version, published_whole
from cases.states import Metric, Priority


class EscalationPathQuerySet(models.QuerySet):
    def version_in_force(self, at):
        """{path id: its newest published version at `at`} for the paths of this queryset."""
        versions = PathVersion.objects.filter(
            path__in=self, published_at__isnull=False, effective_at__lte=at
        ).order_by("path_id", "effective_at", "number")
        return {version.path_id: version for version in versions}


class EscalationPath(models.Model):
    """An ordered ladder by name; what it says is in its versions. The default one takes what no rule
    names."""

    KEPT = True

    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)
    is_default = models.BooleanField(_("default"), default=False, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    objects = EscalationPathQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("escalation path")
        verbose_name_plural = _("escalation paths")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="escalationpath_one_default"
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(is_active=True),
                name="escalationpath_default_is_active",
                violation_error_message=_("The default path stays active: it takes what no rule names."),
            ),
        ]

    def __str__(self):
        return self.name


# Ley 10/2025 (Spain), art. 8.3: see PathVersion.
SUPERVISOR_MINUTES = 3
SAY_MINUTES = _("Say how many minutes a live transfer may take: a whole number from 1 to 60.")


class PathVersion(Version):
    """A path as it is climbed from `effective_at` on. Draft until published; a published version never
    changes.

    `supervisor_minutes`: how long it may take until a customer who asks for a supervisor has one on the line;
    where nobody is at work or the time is over, they are called back the same working day. The default is
    that of Ley 10/2025 of 26 December (Spain), art. 8.3: three minutes, else a call-back the same working
    day, for a dissatisfied customer who asks for a supervisor; telecommunications have a rule of their own
    (LGT 65.2). https://www.boe.es/eli/es/l/2025/12/26/10
    """

    path = models.ForeignKey(EscalationPath, models.PROTECT, related_name="versions", verbose_name=_("path"))
    fallback = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("fallback holder"),
        help_text=_("Gets what nobody on the ladder could; needed before publishing."),
    )
    supervisor_minutes = models.PositiveSmallIntegerField(
        _("supervisor within, minutes"),
        default=SUPERVISOR_MINUTES,
        validators=[MinValueValidator(1, SAY_MINUTES), MaxValueValidator(60, SAY_MINUTES)],
        help_text=_(
            "Of a customer who asks for a supervisor; else they are called back the same working day. "
            "Ley 10/2025, art. 8.3: 3."
        ),
    )
    history = History()

    class Meta:
        verbose_name = _("path version")
        verbose_name_plural = _("path versions")
        constraints = [
            models.UniqueConstraint(fields=["path", "number"], name="pathversion_number_once"),
            published_whole(fallback__isnull=False),
            models.CheckConstraint(
                condition=Q(supervisor_minutes__range=(1, 60)), name="pathversion_live_within_an_hour"
            ),
        ]

    def __str__(self):
        return f"{self.path} v{self.number}"


class Responsible(models.TextChoices):
    """Whom a level names, before it is resolved to a holder."""

    PERSON = "person", _("a person")
    TEAM = "team", _("a team")
    SKILL = "skill", _("who is on duty for a skill")
    ACCOUNT_MANAGER = "account_manager", _("the customer's account manager")
    HOLDERS_MANAGER = "holders_manager", _("the holder's own manager")


class Level(models.Model):
    """A rung of the ladder: who, by when to acknowledge, by when to be done, how far its holder may go."""

    FROZEN_WITH = "version"
    # Which level of another version it is held against.
    SAME_BY = ("number",)

    version = models.ForeignKey(PathVersion, models.CASCADE, related_name="levels", verbose_name=_("version"))
    number = models.PositiveSmallIntegerField(_("level"))
    name = models.CharField(_("name"), max_length=80)
    responsible = models.CharField(_("who"), max_length=16, choices=Responsible.choices)
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    skill = models.ForeignKey(
        Skill, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("skill")
    )
    acknowledge_seconds = models.PositiveIntegerField(_("acknowledge within, seconds"))
    work_seconds = models.PositiveIntegerField(
        _("work within, seconds"),
        null=True,
        blank=True,
        help_text=_("Counts from the acknowledgement. Empty: no end."),
    )
    is_around_the_clock = models.BooleanField(
        _("around the clock"),
        default=False,
        help_text=_("Otherwise terms run in the holder's working hours."),
    )
    remind_every_seconds = models.PositiveIntegerField(_("remind every, seconds"), null=True, blank=True)
    authority_limit = models.DecimalField(
        _("authority limit, EUR"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    instructions = models.TextField(_("what is done here"), blank=True)
    history = History()

    class Meta:
        verbose_name = _("level")
        verbose_name_plural = _("levels")
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="level_number_once"),
            models.CheckConstraint(
                condition=Q(number__gte=1),
                name="level_number_from_one",
                violation_error_message=_("Levels are numbered from 1."),
            ),
            models.CheckConstraint(
                condition=Q(acknowledge_seconds__gt=0),
                name="level_acknowledge_above_zero",
                violation_error_message=_("Somebody needs time to acknowledge: name at least one second."),
            ),
            models.CheckConstraint(
                condition=Q(work_seconds=None) | Q(work_seconds__gt=0),
                name="level_work_above_zero",
                violation_error_message=_("A term to work must be above zero; leave it empty for no end."),
            ),
            models.CheckConstraint(
                condition=Q(remind_every_seconds=None) | Q(remind_every_seconds__gte=60),
                name="level_reminds_not_more_than_each_minute",
                violation_error_message=_(
                    "Remind at most once a minute: name 60 seconds or more, or nothing."
                ),
            ),
            models.CheckConstraint(
                condition=Q(responsible="person", person__isnull=False, team=None, skill=None)
                | Q(responsible="team", team__isnull=False, person=None, skill=None)
                | Q(responsible="skill", skill__isnull=False, person=None, team=None)
                | Q(
                    responsible__in=("account_manager", "holders_manager"), person=None, team=None, skill=None
                ),
                name="level_names_whom_it_says",
                violation_error_message=_(
                    "Name exactly whom this level goes to, and leave the other choices empty."
                ),
            ),
        ]

    def __str__(self):
        return f"{self.number} {self.name}"

    def clean(self):
        named = {"person": self.person_id, "team": self.team_id, "skill": self.skill_id}
        wanted = self.responsible if self.responsible in named else None
        if wanted and named[wanted] is None:
            raise ValidationError({wanted: _("Name the %(what)s this level goes to.") % {"what": _(wanted)}})
        for other, value in named.items():
            if other != wanted and value is not None:
                raise ValidationError(
                    {
                        other: _("Leave this empty: the level goes to %(who)s.")
                        % {"who": self.get_responsible_display()}
                    }
                )


class LevelInform(models.Model):
    """Who else is told when a case arrives at a level."""

    FROZEN_WITH = "level__version"

    level = models.ForeignKey(Level, models.CASCADE, related_name="informs", verbose_name=_("level"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("person"))
    history = History()

    class Meta:
        verbose_name = _("person to inform")
        verbose_name_plural = _("people to inform")
        constraints = [models.UniqueConstraint(fields=["level", "person"], name="levelinform_once")]

    def __str__(self):
        return str(self.person)


class RuleQuerySet(models.QuerySet):
    def in_order(self):
        return self.filter(is_active=True, path__is_active=True).order_by("position", "pk")


class Rule(models.Model):
    """A row of the escalation matrix: which cases start which path, at which level, on which trigger. Blank
    means any.

    `within_days`: of the trigger that counts a customer's escalations, how far back they count, in stretches
    of 24 hours.
    """

    LONGEST_DAYS = 365
    SAY_DAYS = _("Say within how many days: a whole number from 1 to 365.")

    position = models.PositiveIntegerField(_("position"), default=100, help_text=_("Lowest is asked first."))
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("active"), default=True)
    trigger = models.CharField(_("when"), max_length=20, choices=TriggerKind.choices)
    metric = models.CharField(_("metric"), max_length=16, choices=Metric.choices, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("category"))
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, verbose_name=_("service"))
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, null=True, blank=True
    )
    tier = models.CharField(_("tier"), max_length=10, choices=Tier.choices, blank=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, blank=True)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    reopened_at_least = models.PositiveSmallIntegerField(_("reopened at least, times"), null=True, blank=True)
    reassigned_at_least = models.PositiveSmallIntegerField(
        _("reassigned at least, times"), null=True, blank=True
    )
    within_days = models.PositiveSmallIntegerField(
        _("within, days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1, SAY_DAYS), MaxValueValidator(LONGEST_DAYS, SAY_DAYS)],
        help_text=_(
            "Of a second escalation of this customer: how far back the one before it may lie, on any case."
        ),
    )
    path = models.ForeignKey(
        EscalationPath, models.PROTECT, related_name="rules", verbose_name=_("starts path")
    )
    level_number = models.PositiveSmallIntegerField(_("at level"), default=1)
    objects = RuleQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("escalation rule")
        verbose_name_plural = _("escalation rules")
        constraints = [
            models.CheckConstraint(
                condition=Q(level_number__gte=1),
                name="rule_level_from_one",
                violation_error_message=_("Levels are numbered from 1."),
            ),
            models.CheckConstraint(condition=Q(trigger__in=TriggerKind.values), name="rule_trigger_is_known"),
            models.CheckConstraint(
                # Not known is not yes: unknown alone would pass a check.
                condition=Q(trigger="escalated_again", within_days__range=(1, 365), within_days__isnull=False)
                | (~Q(trigger="escalated_again") & Q(within_days=None)),
                name="rule_counts_days_of_escalations_alone",
            ),
        ]

    def __str__(self):
        return f"{self.position} {self.name}"

    def clean(self):
        self._check_days()
        if self.path_id is None:
            return
        published = self.path.versions.exclude(published_at=None).order_by("-number").first()
        if published is None:
            raise ValidationError(
                {
                    "path": _("“%(path)s” is only a draft; publish it first, or choose a published path.")
                    % {"path": self.path}
                }
            )
        if not published.levels.filter(number=self.level_number).exists():
            top = published.levels.count()
            raise ValidationError(
                {
                    "level_number": _("“%(path)s” has levels 1 to %(top)d; choose one of them.")
                    % {"path": self.path, "top": top}
                }
            )

    def _check_days(self):
        counts = self.trigger == TriggerKind.ESCALATED_AGAIN
        if counts and self.within_days is None:
            raise ValidationError({"within_days": self.SAY_DAYS})
        if not counts and self.within_days is not None:
            raise ValidationError(
                {
                    "within_days": _("Only “%(trigger)s” counts days; leave this empty, or choose that.")
                    % {"trigger": TriggerKind.ESCALATED_AGAIN.label}
                }
            )
