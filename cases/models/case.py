"""What a customer brought: the case, and who is named on it."""

import re

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from cases import roles
from cases.history import History, remembered
from cases.prepared import Given, Prepared
from cases.priorities import Weight
from cases.states import LIVE, CaseStatus, Priority

from .customer import Channel, Contact, Customer, Service
from .person import OWN_TEAMS, Membership, Person, Team
from .sla import SlaPolicyVersion

NUMBER_BASE = 20000
NUMBER = re.compile(r"^\s*(?:C-?)?(\d{1,12})\s*$", re.IGNORECASE)


class Category(models.Model):
    class Reach(models.TextChoices):
        """What must be known of a contact, so that we can keep our word to them."""

        PHONE = "phone", _("a phone number")
        MAIL = "mail", _("an email address")
        EITHER = "either", _("a phone number or an email address")

    name = models.CharField(_("name"), max_length=80, unique=True)
    contact_needs = models.CharField(
        _("a contact must have"),
        max_length=8,
        choices=Reach.choices,
        blank=True,
        help_text=_("Of a case that somebody takes down; empty: nothing."),
    )
    is_about_staff = models.BooleanField(
        _("about somebody who works here"),
        default=False,
        help_text=_("Of such a case no survey is sent to the customer."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    history = History()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self):
        return self.name


def id_of(number):
    """The id of the case with a number such as C-20418, or None for what is no number."""
    match = NUMBER.match(str(number))
    return int(match[1]) - NUMBER_BASE if match else None


def number_of(pk):
    """The number of the case with that id: C-20418."""
    return f"C-{NUMBER_BASE + pk}"


def teams_in_reach(person, action):
    """The ids of the teams whose cases `person` may do `action` on: their own, or their departments'."""
    teams = {pk for (pk,) in OWN_TEAMS.all(person=person.pk)}
    is_wide = roles.scope(person, action) == roles.Scope.DEPARTMENT
    return Team.with_all_below(teams) if is_wide else teams


# Of a case or its standing: it matched no intake rule, or was put back, and nobody has taken it.
NOBODYS = Q(team=None, owner=None)


class CaseQuerySet(models.QuerySet):
    def live(self):
        return self.filter(status__in=LIVE)

    def numbered(self, number):
        """The case with a number such as C-20418 (the letter and dash may be left out), as a queryset of at
        most one."""
        pk = id_of(number)
        return self.none() if pk is None else self.filter(pk=pk)

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
        return self.not_kept_from(person) if roles.may(person, "case.find") else self.none()

    def not_kept_from(self, person):
        """Cases that are no secret to `person`, whatever their role lets them do."""
        about = Party.objects.filter(case=OuterRef("pk"), person=person, kind=Party.Kind.SUBJECT)
        found = self.exclude(Exists(about))
        if person.role == roles.Role.AUDITOR:
            return found
        return found.filter(Q(is_restricted=False) | Exists(_named(person)) | _held_by(person))

    def open_to_all(self):
        """Cases that are kept from nobody who may find cases: their numbers may be told to whoever reads."""
        about = Party.objects.filter(case=OuterRef("pk"), kind=Party.Kind.SUBJECT)
        return self.filter(~Exists(about), is_restricted=False)

    def reachable(self, person, action="case.read", teams=None):
        """Cases on which `person` may do `action`, by the one table of roles. `teams`: in a prepared query,
        the place of what `teams_in_reach` gives."""
        scope = roles.scope(person, action)
        if scope == roles.Scope.NONE:
            return self.none()
        found = self.findable(person)
        if scope == roles.Scope.ALL:
            return found
        among = "in" if teams is None else "among"
        teams = teams_in_reach(person, action) if teams is None else teams
        theirs = Q((f"team__{among}", teams)) | Q((f"standing__holder_team__{among}", teams))
        own = theirs | Q(owner=person) | Exists(_named(person)) | _held_by(person)
        return found.filter(own | NOBODYS if action in roles.ON_NOBODYS else own)

    def opened_to(self, person, now):
        """Cases of others that `person` opened for a reason, to be read until that is over: CaseReading."""
        open_now = Q(readings__person=person, readings__kind="asked", readings__at__lte=now)
        return self.findable(person).filter(open_now, readings__until__gt=now).distinct()


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
    held = Q(standing__holder=person) | Q(standing__holder_team__in=teams, standing__holder=None)
    return held | Q(pk__in=StandIn.objects.open().filter(person=person).values("case"))


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
    # When it was last changed by an operation; empty until one did. Its history says the same, row by row.
    changed_at = models.DateTimeField(null=True, editable=False)
    objects = CaseQuerySet.as_manager()
    history = History(erasable=["subject", "restricted_because"], excluded_fields=["changed_at"])

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        indexes = [
            models.Index(fields=["reference"], condition=~Q(reference=""), name="case_reference"),
            # What intake compares with: the latest open and the latest ended ones of a kind.
            models.Index(
                fields=["service", "-id"],
                condition=Q(service__isnull=False, status__in=("new", "open")),
                name="case_open_of_service",
            ),
            models.Index(
                fields=["category", "-id"],
                condition=Q(category__isnull=False, status__in=("new", "open")),
                name="case_open_of_category",
            ),
            models.Index(
                fields=["category", "-id"],
                condition=Q(category__isnull=False, status__in=("resolved", "closed")),
                name="case_ended_of_category",
            ),
        ]
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
        return number_of(self.pk)

    @property
    def is_live(self):
        return self.status in LIVE


class Party(models.Model):
    """A person named on a case: with access to a restricted one, or as the subject of the complaint.

    A person is named once on a case: either with access, or as its subject, who sees nothing of it. Who is
    not named any more stays on record as that, and may be named again.
    """

    class Kind(models.TextChoices):
        ACCESS = "access", _("has access")
        SUBJECT = "subject", _("subject of the complaint")
        FORMER = "former", _("not named any more")

    case = models.ForeignKey(Case, models.PROTECT, related_name="parties", verbose_name=_("case"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="named_on", verbose_name=_("person"))
    kind = models.CharField(_("as"), max_length=10, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=200)
    history = History(erasable=["reason"])

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        constraints = [
            models.UniqueConstraint(fields=["case", "person"], name="party_once_a_person"),
            models.CheckConstraint(condition=~Q(reason=""), name="party_with_a_reason"),
        ]

    def __str__(self):
        return f"{self.person}: {self.get_kind_display()}"


class StandInQuerySet(models.QuerySet):
    def open(self):
        return self.filter(ended_at=None)


class StandIn(models.Model):
    """Who is asked in the place of somebody of a team that is away: they see a case that waits for the team,
    and may acknowledge it, until somebody has it.

    Derived from who is away, and kept true as people go and come back: escalations/operations/standing_in.py.
    Audited, for it opens restricted cases, and afterwards nothing is left to derive it from: what ended stays
    on record as that.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="stand_ins", verbose_name=_("case"))
    team = models.ForeignKey(Team, models.PROTECT, db_index=False, related_name="+", verbose_name=_("team"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("person"))
    instead_of = models.ForeignKey(
        Person, models.PROTECT, db_index=False, related_name="+", verbose_name=_("instead of")
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    objects = StandInQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("stand-in")
        verbose_name_plural = _("stand-ins")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "team", "person"],
                condition=models.Q(ended_at=None),
                name="standin_once_a_team",
            )
        ]

    def __str__(self):
        return f"{number_of(self.case_id)}: {self.person}"
