"""What a replay stands on: the log's calendar, policy, path and people, known by their names in the log."""

from datetime import UTC, datetime

from django.utils.translation import gettext as _

from cases import history, roles
from cases.models import (
    Calendar,
    CalendarVersion,
    Category,
    Customer,
    Holiday,
    Membership,
    PauseReason,
    Period,
    Person,
    Service,
    SlaPolicy,
    SlaPolicyVersion,
    SlaTarget,
    Team,
    TriggerKind,
)
from cases.operations.publishing import publish_calendar, publish_policy
from cases.states import Metric
from escalations.models import EscalationPath, Level, PathVersion, Responsible, Rule
from escalations.operations.publishing import publish_path

BY = history.REPLAY
# The log's policy holds for whatever the log holds, also for an incident opened before the log begins.
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
# Nobody logs in as a person of a log, and no address leads to one.
NO_PASSWORD = "!"


def establish(mapping, *, now):
    """Make and publish what the log's cases fall under. Policy and rule ask for its service."""
    service = Service.objects.create(name=mapping.name)
    calendar = _calendar(mapping, now)
    _policy(mapping, service, calendar, now)
    for reason, stops in mapping.waiting.items():
        PauseReason.objects.create(
            code=_code(mapping, reason),
            name=_("waiting: %(reason)s") % {"reason": reason},
            stops=list(stops),
            ends_on_incoming=False,
            waits_for_customer=reason == "customer",
        )
    path = _path(mapping, calendar, now)
    Rule.objects.create(
        position=0,
        name=_("%(log)s: target breached") % {"log": mapping.name},
        trigger=TriggerKind.TARGET_BREACHED,
        metric=Metric.RESOLUTION,
        service=service,
        path=path,
    )


def _code(mapping, reason):
    return f"{mapping.name}-{reason}".lower().replace(" ", "-")[:40]


def _calendar(mapping, now):
    calendar = Calendar.objects.create(name=mapping.name, time_zone=mapping.calendar_zone)
    version = CalendarVersion.objects.create(calendar=calendar, number=1)
    Period.objects.bulk_create(
        Period(version=version, weekday=weekday, opens=opens, closes=closes)
        for weekday, periods in mapping.weekly.items()
        for opens, closes in periods
    )
    Holiday.objects.bulk_create(
        Holiday(version=version, first_on=day, last_on=day, name=day.isoformat()) for day in mapping.holidays
    )
    return publish_calendar(version=version, by=BY, now=now).calendar


def _policy(mapping, service, calendar, now):
    policy = SlaPolicy.objects.create(name=mapping.name, position=0)
    version = SlaPolicyVersion.objects.create(policy=policy, number=1, service=service)
    SlaTarget.objects.bulk_create(
        SlaTarget(
            version=version,
            metric=Metric.RESOLUTION,
            priority=priority,
            term_seconds=seconds,
            calendar=calendar,
            ends_on=mapping.ends_on,
            at_risk_percent=mapping.at_risk_percent,
        )
        for priority, seconds in mapping.terms.items()
    )
    publish_policy(version=version, by=BY, now=now, effective_at=ALWAYS)


def _path(mapping, calendar, now):
    """A ladder of support levels, each a team; above them the log's incident manager."""
    manager = _person(_("Incident manager"), role=roles.Role.ESCALATION_MANAGER, calendar=calendar)
    path = EscalationPath.objects.create(name=mapping.name)
    version = PathVersion.objects.create(path=path, number=1, fallback=manager)
    for number, level in enumerate(mapping.levels, 1):
        team = Team.objects.create(name=level.name, calendar=calendar)
        Membership.objects.create(team=team, person=_person(level.name))
        Level.objects.create(
            version=version,
            number=number,
            name=level.name,
            responsible=Responsible.TEAM,
            team=team,
            acknowledge_seconds=level.acknowledge_within,
        )
    publish_path(version=version, by=BY, now=now)
    return path


def _person(name, **fields):
    return Person.objects.create(username=_username(name), name=name, password=NO_PASSWORD, **fields)


def _username(name):
    return f"log:{name}"


class Desk:
    """The log's people and things by their names in the log, made when they first appear."""

    def __init__(self, mapping):
        self.mapping = mapping
        self.service = Service.objects.get(name=mapping.name)
        self.calendar = Calendar.objects.get(name=mapping.name)
        codes = {_code(mapping, reason): reason for reason in mapping.waiting}
        self.pause_reasons = {codes[r.code]: r for r in PauseReason.objects.filter(code__in=codes)}
        self._known = {}

    def meet(self, events):
        """Know, or make, everybody and everything that `events` name."""
        said = [event.values for event in events]
        self._meet(Team, {v.team: v.team for v in said}, "name", calendar=self.calendar)
        self._meet(Category, {v.category: v.category for v in said}, "name")
        self._meet(Customer, {v.customer: v.customer or _("Unknown caller") for v in said}, "name")
        owners = {v.owner: _username(v.owner) for v in said if v.owner}
        self._meet(Person, owners, "username", password=NO_PASSWORD)

    def _meet(self, model, names, field, **fields):
        """`names`: {name in the log: what `field` holds of it}."""
        new = {name: held for name, held in names.items() if held and (model, name) not in self._known}
        there = (
            {getattr(row, field): row for row in model.objects.filter(**{f"{field}__in": new.values()})}
            if new
            else {}
        )
        for name, held in new.items():
            if held not in there:
                own = {"name": name} if field != "name" else {}
                there[held] = model.objects.create(**{field: held}, **own, **fields)
            self._known[model, name] = there[held]

    def team(self, name):
        return self._known.get((Team, name))

    def owner(self, name):
        return self._known.get((Person, name))

    def customer(self, name):
        return self._known[Customer, name]

    def category(self, name):
        return self._known.get((Category, name))
