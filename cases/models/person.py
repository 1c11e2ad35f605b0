"""People, their skills, teams and absences: who may hold something, and when."""

import zoneinfo

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases import history, roles
from cases.prepared import Given, Prepared


def validate_time_zone(value):
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(zone)s” is no time zone; use a name like Europe/Madrid."), params={"zone": value}
        )


class PersonQuerySet(models.QuerySet):
    def working(self):
        """People of flesh and blood who may log in."""
        return self.filter(is_active=True, is_system=False)

    def reachable(self, person, action="people.read"):
        """People on whom `person` may do `action`, by the one table of roles; system actors are nobody."""
        found, scope = self.filter(is_system=False), roles.scope(person, action)
        if scope == roles.Scope.ALL:
            return found
        if scope == roles.Scope.DEPARTMENT:
            members = Membership.objects.filter(team__in=Team.department_of(person))
            return found.filter(models.Q(pk=person.pk) | models.Q(pk__in=members.values("person")))
        return found.filter(pk=person.pk) if scope == roles.Scope.OWN else found.none()

    def managers_of(self, team, but=()):
        """Who answers for a team: the leads of the nearest team upwards that has some, else every
        escalation manager. None of those whose ids are `but`."""
        able = self.working().exclude(pk__in=but)
        while team is not None:
            leads = able.filter(memberships__team=team, memberships__is_lead=True)
            if leads:
                return leads
            team = team.parent
        return able.filter(role=roles.Role.ESCALATION_MANAGER)


class PersonManager(BaseUserManager.from_queryset(PersonQuerySet)):
    def create_user(self, username, password=None, **fields):
        person = self.model(username=username, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, username, password=None, **fields):
        """The first administrator, signed by the installation (the command line has nobody else to name)."""
        with history.acting(
            by=history.INSTALLATION, reason=_("created on the command line"), now=timezone.now()
        ):
            return self.create_user(username, password, role=roles.Role.ADMINISTRATOR, **fields)


class Person(AbstractBaseUser):
    """Somebody who works here, or a named system actor. Never deleted; leaves by `is_active`."""

    KEPT = True

    username = models.CharField(_("username"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("email address"), blank=True)
    role = models.CharField(_("role"), max_length=20, choices=roles.Role.choices, default=roles.Role.AGENT)
    title = models.CharField(_("title"), max_length=120, blank=True)
    manager = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reports", verbose_name=_("manager")
    )
    calendar = models.ForeignKey(
        "cases.Calendar",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("working hours"),
        help_text=_("Empty: those of the first team."),
    )
    time_zone = models.CharField(
        _("time zone"), max_length=50, default="UTC", validators=[validate_time_zone]
    )
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    money_limit = models.DecimalField(
        _("money limit"),
        max_digits=12,
        decimal_places=2,
        default=0,
        help_text=_("What this person may grant alone, EUR."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_system = models.BooleanField(_("system actor"), default=False, editable=False)
    skills = models.ManyToManyField(
        "cases.Skill", through="cases.PersonSkill", related_name="people", blank=True
    )
    teams = models.ManyToManyField(
        "cases.Team", through="cases.Membership", related_name="people", blank=True
    )

    objects = PersonManager()
    # Logging in is no change of a person, and no hash belongs into a history.
    history = history.History(excluded_fields=["password", "last_login"], erasable=["name", "email", "title"])

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=roles.Role.values), name="person_role_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(money_limit__gte=0),
                name="person_money_limit_not_negative",
                violation_error_message=_("A money limit is zero or more."),
            ),
            models.CheckConstraint(
                condition=models.Q(is_system=False) | models.Q(pk__lt=0),
                name="person_system_actor_is_negative",
            ),
        ]

    def __str__(self):
        return self.name

    # By these names Django's own pages ask for a person's.
    def get_full_name(self):
        return self.name

    def get_short_name(self):
        return self.name.split()[0] if self.name else self.username

    @property
    def initials(self):
        return "".join(part[0] for part in self.name.split()[:2]).upper()

    # What django.contrib.admin asks; the answers come from the one table of roles.
    @property
    def is_staff(self):
        return self.is_active and not self.is_system and roles.may_enter_console(self)

    @property
    def is_superuser(self):
        return False

    def has_perm(self, perm, obj=None):
        return self.is_active and roles.has_model_permission(self, perm)

    def has_module_perms(self, app_label):
        return self.is_staff


class Skill(models.Model):
    """Something a person knows how to do; a roster says who is on duty for it."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    cover = models.ForeignKey(
        "cases.Calendar",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("hours to be covered"),
        help_text=_("When somebody has to be on duty for it. Empty: around the clock."),
    )
    history = history.History()

    class Meta:
        verbose_name = _("skill")
        verbose_name_plural = _("skills")

    def __str__(self):
        return self.name


class PersonSkill(models.Model):
    person = models.ForeignKey(Person, models.CASCADE, verbose_name=_("person"))
    skill = models.ForeignKey(Skill, models.PROTECT, verbose_name=_("skill"))
    history = history.History()

    class Meta:
        verbose_name = _("skill of a person")
        verbose_name_plural = _("skills of people")
        constraints = [models.UniqueConstraint(fields=["person", "skill"], name="personskill_once")]

    def __str__(self):
        return f"{self.person}: {self.skill}"


class Team(models.Model):
    """A node of the tree of teams; a team with teams below it is a department."""

    KEPT = True

    name = models.CharField(_("name"), max_length=120, unique=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    calendar = models.ForeignKey("cases.Calendar", models.PROTECT, verbose_name=_("working hours"))
    is_active = models.BooleanField(_("active"), default=True)
    history = history.History()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(parent=None) | ~models.Q(parent=models.F("pk")),
                name="team_is_not_its_own_parent",
                violation_error_message=_("A team cannot be part of itself; choose another one, or none."),
            )
        ]

    def __str__(self):
        return self.name

    def clean(self):
        above = self.parent
        while above is not None:
            if above.pk == self.pk:
                raise ValidationError(
                    {"parent": _("A team cannot be part of a team below it; choose one above.")}
                )
            above = above.parent

    @staticmethod
    def department_of(person):
        """The ids of a person's own teams and of all below them."""
        return Team.with_all_below(person.memberships.values_list("team", flat=True))

    @staticmethod
    def with_all_below(team_ids):
        """The given teams and all teams below them, as a set of ids (the tree is small: one query)."""
        children = {}
        for pk, parent in TREE.all():
            children.setdefault(parent, []).append(pk)
        found, waiting = set(), list(team_ids)
        while waiting:
            pk = waiting.pop()
            if pk not in found:
                found.add(pk)
                waiting += children.get(pk, [])
        return found

    @staticmethod
    def with_all_above(team_ids):
        """The given teams and all teams they are part of, as a set of ids."""
        above = dict(TREE.all()) if team_ids else {}
        found, waiting = set(), list(team_ids)
        while waiting:
            pk = waiting.pop()
            if pk is not None and pk not in found:
                found.add(pk)
                waiting.append(above[pk])
        return found


class Membership(models.Model):
    """A person in a team; `position` is the order in which the team's people are asked."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="memberships", verbose_name=_("team"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships", verbose_name=_("person"))
    is_lead = models.BooleanField(_("leads the team"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    history = history.History()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["team", "person"], name="membership_once")]

    def __str__(self):
        return f"{self.person}, {self.team}"


class AbsenceQuerySet(models.QuerySet):
    def current(self, now):
        return self.filter(starts_at__lte=now, ends_at__gt=now)

    def not_over(self, now):
        return self.filter(ends_at__gt=now)

    def overlapping(self, person, starts_at, ends_at):
        return self.filter(person=person, starts_at__lt=ends_at, ends_at__gt=starts_at)


class Absence(models.Model):
    """A stretch in which somebody is not there; the deputy, where one is named, gets what would be theirs."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="absences", verbose_name=_("person"))
    deputy = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="deputises", verbose_name=_("deputy")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    objects = AbsenceQuerySet.as_manager()
    history = history.History()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="absence_ends_after_start",
                violation_error_message=_("An absence has to end after it begins."),
            ),
            models.CheckConstraint(
                condition=models.Q(deputy=None) | ~models.Q(deputy=models.F("person")),
                name="absence_deputy_is_another",
                violation_error_message=_("Nobody is their own deputy; name somebody else, or nobody."),
            ),
        ]

    def __str__(self):
        since, until = timezone.localtime(self.starts_at), timezone.localtime(self.ends_at)
        return f"{self.person}: {since:%Y-%m-%d} – {until:%Y-%m-%d}"


OWN_TEAMS = Prepared(lambda: Team.objects.filter(memberships__person=Given("person")).values_list("pk"))
TREE = Prepared(lambda: Team.objects.values_list("pk", "parent_id"))
