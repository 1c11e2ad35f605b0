"""What a customer brought: the case, who is named on it, what is owed next, and what may start an
escalation."""

import re

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from cases import roles
from cases.history import History, remembered
from cases.prepared import Given, Prepared
from cases.priorities import Weight
from cases.states import LIVE, CaseStatus, Metric, Priority

from .customer import Channel, Contact, Customer, Service, Tier
from .person import Membership, Person, Skill, Team
from .promise import Promise
from .sla import Clock, SlaPolicyVersion

NUMBER_BASE = 20000
NUMBER = re.compile(r"^\s*(?:C-?)?(\d{1,12})\s*$", re.IGNORECASE)


class Category(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)
    is_active = models.BooleanField(_("active"), default=True)
    history = History()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self):
        return self.name


class CaseQuerySet(models.QuerySet):
    def live(self):
        return self.filter(status__in=LIVE)

    def numbered(self, number):
        """The case with a number such as C-20418 (the letter and dash may be left out), as a queryset of at
        most one."""
        match = NUMBER.match(str(number))
        return self.filter(pk=int(match[1]) - NUMBER_BASE) if match else self.none()

    def lock(self, pk):
        """Lock one case for a change: always first, and in order of ids where there are several."""
        return _held().get(pk) or self.select_for_update(no_key=True).get(pk=pk)

    def hold(self, pks):
        """Lock these cases, {id: case}; operations of a transaction that remembers find them as they left
        them."""
        held = _held()
        held.update({case.pk: case for case in self.lock_all([pk for pk in pks if pk not in held])})
        return {pk: held[pk] for pk in pks}

    def hold_new(self, case):
        """A case that this transaction made is locked as it is."""
        _held()[case.pk] = case

    def claim(self, pks):
        """Lock those of these cases that nobody else has, in order of ids: {id: case}."""
        held = _held()
        wanted = [pk for pk in pks if pk not in held]
        if wanted:
            held.update({case.pk: case for case in FREE.all(cases=wanted)})
        return {pk: held[pk] for pk in sorted(pks) if pk in held}

    def lock_ids(self, pks):
        """Lock these cases without reading them: their ids, in order."""
        locked = self.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
        return list(locked.values_list("pk", flat=True))

    def lock_all(self, pks):
        return list(self.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk"))

    def findable(self, person):
        """Cases of which `person` may know that they exist: not those restricted to others, nor complaints
        about them."""
        if not roles.may(person, "case.find"):
            return self.none()
        about = Party.objects.filter(case=OuterRef("pk"), person=person, kind=Party.Kind.SUBJECT)
        found = self.exclude(Exists(about))
        if person.role == roles.Role.AUDITOR:
            return found
        return found.filter(Q(is_restricted=False) | Exists(_named(person)) | _held_by(person))

    def reachable(self, person, action="case.read"):
        """Cases on which `person` may do `action`, by the one table of roles."""
        scope = roles.scope(person, action)
        if scope == roles.Scope.NONE:
            return self.none()
        found = self.findable(person)
        if scope == roles.Scope.ALL:
            return found
        teams = set(Team.objects.filter(memberships__person=person).values_list("pk", flat=True))
        if scope == roles.Scope.DEPARTMENT:
            teams = Team.with_all_below(teams)
        own = Q(team__in=teams) | Q(owner=person) | Exists(_named(person)) | _held_by(person)
        return found.filter(own | Q(standing__holder_team__in=teams))


FREE = Prepared(
    lambda: (
        Case.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(pk__among=Given("cases"))
        .order_by("pk")
    )
)


def _held():
    """{id: case} of what a transaction that remembers has locked; of any other, nothing to go by."""
    return remembered("held cases", dict)


def _named(person):
    return Party.objects.filter(case=OuterRef("pk"), person=person, kind=Party.Kind.ACCESS)


def _held_by(person):
    # No join over the team's members: it would find a case once for each of them.
    teams = Membership.objects.filter(person=person).values("team")
    return Q(standing__holder=person) | Q(standing__holder_team__in=teams, standing__holder=None)


class Case(models.Model):
    """What a customer brought. Closed, never deleted. `revision` is bumped by every operation: a stale page
    is refused."""

    KEPT = True

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="cases", verbose_name=_("customer"))
    contact = models.ForeignKey(
        Contact,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        db_index=False,
        verbose_name=_("contact"),
    )
    subject = models.CharField(_("subject"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=CaseStatus.choices, default=CaseStatus.NEW)
    impact = models.PositiveSmallIntegerField(_("impact"), choices=Weight.choices, null=True, blank=True)
    urgency = models.PositiveSmallIntegerField(_("urgency"), choices=Weight.choices, null=True, blank=True)
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.MEDIUM
    )
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="cases",
        verbose_name=_("category"),
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.MAIL)
    service = models.ForeignKey(
        Service,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="cases",
        verbose_name=_("service"),
    )
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    owner = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_cases",
        verbose_name=_("owner"),
        help_text=_("Accountable from start to end."),
    )
    team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("team"),
        help_text=_("Empty: unrouted."),
    )
    policy_version = models.ForeignKey(
        SlaPolicyVersion,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("SLA policy version"),
    )
    reference = models.CharField(_("reference elsewhere"), max_length=80, blank=True)
    is_restricted = models.BooleanField(_("restricted"), default=False)
    restricted_because = models.CharField(_("why restricted"), max_length=200, blank=True)
    received_at = models.DateTimeField(_("received"))
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    reopened_count = models.PositiveIntegerField(_("reopened, times"), default=0)
    reassigned_count = models.PositiveIntegerField(_("reassigned, times"), default=0)
    revision = models.PositiveIntegerField(default=1, editable=False)
    objects = CaseQuerySet.as_manager()
    history = History(erasable=["subject", "restricted_because"])

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        indexes = [models.Index(fields=["reference"], condition=~Q(reference=""), name="case_reference")]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=CaseStatus.values), name="case_status_is_known"),
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="case_priority_is_known"),
            models.CheckConstraint(
                condition=Q(status__in=LIVE, resolved_at=None, closed_at=None)
                | Q(status=CaseStatus.RESOLVED, resolved_at__isnull=False, closed_at=None)
                | Q(status=CaseStatus.CLOSED, closed_at__isnull=False),
                name="case_times_fit_its_status",
            ),
            models.CheckConstraint(
                condition=Q(is_restricted=False) | ~Q(restricted_because=""),
                name="case_restricted_with_a_reason",
            ),
        ]

    def __str__(self):
        return f"{self.number} {self.subject}"

    @property
    def number(self):
        return f"C-{NUMBER_BASE + self.pk}"

    @property
    def is_live(self):
        return self.status in LIVE


class Party(models.Model):
    """A person named on a case: with access to a restricted one, or as the subject of the complaint."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("has access")
        SUBJECT = "subject", _("subject of the complaint")

    case = models.ForeignKey(Case, models.PROTECT, related_name="parties", verbose_name=_("case"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="named_on", verbose_name=_("person"))
    kind = models.CharField(_("as"), max_length=10, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=200)
    history = History(erasable=["reason"])

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        constraints = [
            models.UniqueConstraint(fields=["case", "person", "kind"], name="party_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="party_with_a_reason"),
        ]

    def __str__(self):
        return f"{self.person}: {self.get_kind_display()}"


class IntakeRule(models.Model):
    """Ordered: the first that matches names a new case's team and owner. What matches none is unrouted."""

    position = models.PositiveIntegerField(_("position"), default=100)
    is_active = models.BooleanField(_("active"), default=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("category"))
    tier = models.CharField(_("tier"), max_length=10, choices=Tier.choices, blank=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, blank=True)
    account_manager = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("account manager")
    )
    team = models.ForeignKey(Team, models.PROTECT, related_name="+", verbose_name=_("first team"))
    owner = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("first owner")
    )
    skill = models.ForeignKey(
        Skill,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("owner by skill"),
        help_text=_("Without an owner: the team's member with this skill who holds least."),
    )
    history = History()

    class Meta:
        verbose_name = _("intake rule")
        verbose_name_plural = _("intake rules")

    def __str__(self):
        return f"{self.position}: {self.team}"

    def matches(self, case):
        return (
            self.category_id in (None, case.category_id)
            and self.tier in ("", case.customer.tier)
            and self.channel in ("", case.channel)
            and self.language in ("", case.language)
            and self.account_manager_id in (None, case.customer.account_manager_id)
        )


class TriggerKind(models.TextChoices):
    """What may start or move an escalation (RULES 4)."""

    OPENED = "opened", _("Case opened")
    REOPENED = "reopened", _("Case reopened")
    ASKED_SUPERVISOR = "asked_supervisor", _("Customer asks for a supervisor")
    ASKED_OTHER_AGENT = "asked_other_agent", _("Customer asks for another agent")
    THREAT = "threat", _("Threat of press, regulator or lawyer")
    SAFETY = "safety", _("Risk to safety")
    VULNERABLE = "vulnerable", _("Vulnerable customer")
    REASSIGNED = "reassigned", _("Reassigned")
    PRIORITY_CHANGED = "priority_changed", _("Priority changed")
    TARGET_AT_RISK = "target_at_risk", _("Target at risk")
    TARGET_BREACHED = "target_breached", _("Target breached")
    PROMISE_AT_RISK = "promise_at_risk", _("Promise at risk")
    PROMISE_BROKEN = "promise_broken", _("Promise broken")


class TriggerQuerySet(models.QuerySet):
    def waiting(self):
        return self.filter(considered_at=None)


class Trigger(models.Model):
    """Something happened to a case that rules may answer. Its verdict says which rule did, or why none."""

    KEPT = True

    case = models.ForeignKey(Case, models.PROTECT, related_name="triggers", verbose_name=_("case"))
    kind = models.CharField(_("what"), max_length=20, choices=TriggerKind.choices)
    metric = models.CharField(_("metric"), max_length=16, choices=Metric.choices, blank=True)
    clock = models.ForeignKey(Clock, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    promise = models.ForeignKey(
        Promise, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
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


class StandingQuerySet(models.QuerySet):
    def live(self):
        return self.filter(status__in=LIVE)

    def in_order(self):
        """What is owed first, first. A keyset: (sort_at, case_id) is unique."""
        return self.order_by("sort_at", "case_id")


class Standing(models.Model):
    """A case's next obligation: what, whose, when. Derived, unaudited, one row a case; it serves the
    queue's index."""

    class Kind(models.TextChoices):
        CLOCK = "clock", _("clock")
        PROMISE = "promise", _("promise")
        PAUSED = "paused", _("paused")
        NOTHING = "nothing", _("nothing owed")

    case = models.OneToOneField(Case, models.PROTECT, primary_key=True, related_name="standing")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.NOTHING)
    metric = models.CharField(max_length=16, choices=Metric.choices, blank=True)
    clock = models.ForeignKey(Clock, models.PROTECT, null=True, db_index=False, related_name="+")
    promise = models.ForeignKey(Promise, models.PROTECT, null=True, db_index=False, related_name="+")
    whose = models.ForeignKey(Person, models.PROTECT, null=True, db_index=False, related_name="+")
    whose_team = models.ForeignKey(Team, models.PROTECT, null=True, db_index=False, related_name="+")
    due_at = models.DateTimeField(null=True)
    at_risk_at = models.DateTimeField(null=True)
    resumes_at = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=120, blank=True)
    is_breached = models.BooleanField(default=False)
    sort_at = models.DateTimeField()
    # Copies of the case's own columns, so that one index answers the queue.
    status = models.CharField(max_length=10, choices=CaseStatus.choices)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices)
    team = models.ForeignKey(Team, models.PROTECT, null=True, db_index=False, related_name="+")
    owner = models.ForeignKey(Person, models.PROTECT, null=True, db_index=False, related_name="+")
    # Who holds its escalation now; written by the escalations app.
    holder = models.ForeignKey(Person, models.PROTECT, null=True, db_index=False, related_name="+")
    holder_team = models.ForeignKey(Team, models.PROTECT, null=True, db_index=False, related_name="+")
    objects = StandingQuerySet.as_manager()

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")
        indexes = [
            models.Index(fields=["sort_at", "case"], condition=Q(status__in=LIVE), name="standing_queue"),
            models.Index(
                fields=["team", "sort_at", "case"], condition=Q(status__in=LIVE), name="standing_team_queue"
            ),
            models.Index(
                fields=["owner", "sort_at", "case"], condition=Q(status__in=LIVE), name="standing_owner_queue"
            ),
            models.Index(
                fields=["holder", "sort_at", "case"],
                condition=Q(holder__isnull=False),
                name="standing_holder_queue",
            ),
            models.Index(
                fields=["holder_team", "sort_at", "case"],
                condition=Q(holder_team__isnull=False),
                name="standing_holder_team_queue",
            ),
        ]

    def __str__(self):
        return f"{self.case_id}: {self.kind}"
