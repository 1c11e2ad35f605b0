"""What every installation has from its first migration on: writers, guards, actors, lasting defaults."""

import uuid
from datetime import UTC, datetime

from django.db import connections
from django.utils import timezone

from . import fulltext, history, writers
from .models import Calendar, CalendarVersion, Period, Person, SlaPolicy, SlaPolicyVersion, SlaTarget
from .states import Metric

HOUR = 3600
MODELS = (Calendar, CalendarVersion, Period, Person, SlaPolicy, SlaPolicyVersion, SlaTarget)
# The default policy is owed to every case, also to one whose history begins long before this installation.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# What is owed when no policy says otherwise: generous, but never nothing.
DEFAULT_TERMS = {Metric.FIRST_RESPONSE: 8 * HOUR, Metric.NEXT_UPDATE: 24 * HOUR, Metric.RESOLUTION: 72 * HOUR}


def on_connection(connection, **kwargs):
    if connection.vendor == "sqlite":
        history.prepare(connection)


def before_migrating(using, plan=(), **kwargs):
    """Migrations remake tables; triggers would be in the way (SQLite) or see half a table."""
    if plan:
        writers.remove(connections[using])
        fulltext.remove(connections[using])


def after_migrating(using, plan=(), **kwargs):
    """Install writers and guards where some are missing; record what changed meanwhile: a data migration."""
    connection, now = connections[using], timezone.now()
    if Person._meta.db_table not in connection.introspection.table_names():
        return  # migrated back to zero
    signature = {"by": history.INSTALLATION, "now": now, "via": "migration", "using": using}
    if plan or writers.missing(connection):
        reason = "migration" if plan else "changed while the database's writers were missing"
        with history.acting(reason=reason, **signature):
            writers.install(connection)
            writers.catch_up(connection)
    fulltext.install(connection)
    # Later migrations bring the rest of what the models say.
    if writers.fits(connection, *MODELS):
        with history.acting(reason="installation", **signature):
            ensure_defaults(using=using, now=now)


def ensure_defaults(*, using, now):
    """System actors, the always-open calendar and the default policy; idempotent."""
    present = set(Person.objects.using(using).filter(is_system=True).values_list("pk", flat=True))
    Person.objects.using(using).bulk_create(
        Person(
            pk=actor.pk,
            username=f"system:{actor.name}",
            name=actor.name.title(),
            is_system=True,
            password="!",
        )
        for actor in history.SYSTEM_ACTORS
        if actor.pk not in present
    )
    if not Calendar.objects.using(using).filter(is_default=True).exists():
        _default_calendar(using, now)
    if not SlaPolicy.objects.using(using).filter(is_default=True).exists():
        _default_policy(using, now)


def _publish(version, using, now):
    version.published_at, version.published_by_id = now, history.INSTALLATION.pk
    version.save(using=using)


def _default_calendar(using, now):
    calendar = Calendar.objects.using(using).create(
        name="Around the clock", time_zone="UTC", is_default=True, revision=uuid.uuid4()
    )
    version = CalendarVersion.objects.using(using).create(calendar=calendar, number=1, effective_at=now)
    Period.objects.using(using).bulk_create(
        Period(version=version, weekday=day, opens="00:00", closes="00:00") for day in range(7)
    )
    _publish(version, using, now)


def _default_policy(using, now):
    policy = SlaPolicy.objects.using(using).create(name="Default", is_default=True, position=32000)
    version = SlaPolicyVersion.objects.using(using).create(policy=policy, number=1, effective_at=BEGINNING)
    calendar = Calendar.objects.using(using).get(is_default=True)
    SlaTarget.objects.using(using).bulk_create(
        SlaTarget(version=version, metric=metric, term_seconds=seconds, calendar=calendar)
        for metric, seconds in DEFAULT_TERMS.items()
    )
    _publish(version, using, now)
