"""Small worlds for tests: one function a thing, sensible defaults, everything signed by the installation."""

from datetime import UTC, datetime, time

from cases import history
from cases.models import (
    Calendar,
    CalendarVersion,
    Category,
    Contact,
    Customer,
    Membership,
    PauseReason,
    Period,
    Person,
    SlaPolicy,
    SlaPolicyVersion,
    SlaTarget,
    Team,
)
from cases.operations import intake, publishing
from cases.states import Metric
from escalations.models import EscalationPath, Level, PathVersion, Rule
from escalations.operations.publishing import publish_path

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3600


def signed(now=BEGINNING, by=history.INSTALLATION, reason="test", via="test"):
    """Everything a test sets up is signed too; there is no way around it."""
    return history.acting(by=by, reason=reason, now=now, via=via)


def calendar(name="Office", tz="Europe/Madrid", days=range(5), opens="09:00", closes="17:00", now=BEGINNING):
    with signed(now):
        row = Calendar.objects.create(name=name, time_zone=tz)
        version = CalendarVersion.objects.create(calendar=row, number=1)
        Period.objects.bulk_create(
            Period(
                version=version,
                weekday=day,
                opens=time.fromisoformat(opens),
                closes=time.fromisoformat(closes),
            )
            for day in days
        )
    publishing.publish_calendar(version=version, by=history.INSTALLATION, now=now)
    row.refresh_from_db()
    return row


def always_open():
    return Calendar.objects.get(is_default=True)


def team(name="Care", calendar=None, parent=None, people=(), lead=None):
    with signed():
        row = Team.objects.create(name=name, calendar=calendar or always_open(), parent=parent)
        for position, who in enumerate(people, 1):
            Membership.objects.create(team=row, person=who, position=position, is_lead=who == lead)
        if lead is not None and lead not in people:
            Membership.objects.create(team=row, person=lead, position=99, is_lead=True)
    return row


def person(name="Ana", role="agent", **fields):
    fields.setdefault("email", f"{name.lower()}@example.com")
    with signed():
        return Person.objects.create(username=name.lower(), name=name, role=role, password="!", **fields)


def customer(name="Northwind", contact_email="aoife@example.com", **fields):
    with signed():
        row = Customer.objects.create(name=name, **fields)
        if contact_email:
            Contact.objects.create(customer=row, name="Aoife Brennan", email=contact_email)
    return row


def category(name="Billing"):
    with signed():
        return Category.objects.create(name=name)


def policy(name="Standard", targets=None, calendar=None, now=BEGINNING, position=10, **conditions):
    """`targets`: {(metric, priority or None): seconds, or a dict of SlaTarget fields}."""
    with signed(now):
        row = SlaPolicy.objects.create(name=name, position=position)
    return policy_version(
        row, targets or {(Metric.FIRST_RESPONSE, None): 4 * HOUR}, calendar, now, **conditions
    )


def policy_version(row, targets, calendar=None, now=BEGINNING, effective_at=None, **conditions):
    with signed(now):
        number = row.versions.count() + 1
        version = SlaPolicyVersion.objects.create(policy=row, number=number, **conditions)
        for (metric, priority), term in targets.items():
            fields = term if isinstance(term, dict) else {"term_seconds": term}
            SlaTarget.objects.create(
                version=version,
                metric=metric,
                priority=priority,
                calendar=calendar or always_open(),
                **fields,
            )
    return publishing.publish_policy(
        version=version, by=history.INSTALLATION, now=now, effective_at=effective_at
    )


def pause_reason(code="waiting-customer", stops=("next_update", "resolution"), **fields):
    with signed():
        return PauseReason.objects.create(code=code, name=code.replace("-", " "), stops=list(stops), **fields)


def path(name="Complaints", levels=(), fallback=None, now=BEGINNING, publish=True):
    """`levels`: dicts of Level fields in order; numbers and names are filled in."""
    with signed(now):
        row = EscalationPath.objects.create(name=name)
        version = PathVersion.objects.create(path=row, number=1, fallback=fallback)
        for number, fields in enumerate(levels, 1):
            kind = next((k for k in ("person", "team", "skill") if k in fields), fields.get("responsible"))
            Level.objects.create(
                version=version,
                number=number,
                **{
                    "name": f"Level {number}",
                    "acknowledge_seconds": HOUR,
                    "responsible": kind,
                    "is_around_the_clock": True,
                    **fields,
                },
            )
    if publish:
        publish_path(version=version, by=history.INSTALLATION, now=now)
    return row


def rule(path, trigger="target_breached", **fields):
    with signed():
        return Rule.objects.create(name=fields.pop("name", trigger), path=path, trigger=trigger, **fields)


def case(customer_row=None, by=None, now=BEGINNING, **fields):
    customer_row = customer_row or customer()
    defaults = {
        "subject": "Charged twice",
        "body": "The October invoice charges 38 lines twice.",
        "channel": "mail",
        "contact": customer_row.contacts.first(),
    }
    return intake.open_case(
        customer=customer_row, by=by or history.INSTALLATION, now=now, **{**defaults, **fields}
    )
