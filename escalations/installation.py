"""The default path that every installation has from its first migration on: nothing is owed to nobody."""

from datetime import UTC, datetime

from django.db import connections
from django.utils import timezone

from cases import history, writers
from cases.models import Person

from .models import EscalationPath, Level, PathVersion, Responsible

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3600


def after_migrating(using, **kwargs):
    if not writers.fits(connections[using], Person, EscalationPath, PathVersion, Level):
        return  # migrated back to zero, or only part of the way
    if EscalationPath.objects.using(using).filter(is_default=True).exists():
        return
    now = timezone.now()
    with history.acting(
        by=history.INSTALLATION, reason="installation", now=now, via="migration", using=using
    ):
        path = EscalationPath.objects.using(using).create(name="Default", is_default=True)
        # No person exists yet: the installation as fallback means whoever answers at last
        # (plan.Roster.last_resort).
        version = PathVersion.objects.using(using).create(
            path=path, number=1, effective_at=BEGINNING, fallback_id=history.INSTALLATION.pk
        )
        for number in (1, 2):
            Level.objects.using(using).create(
                version=version,
                number=number,
                name="Manager" if number == 1 else "Manager's manager",
                responsible=Responsible.HOLDERS_MANAGER,
                acknowledge_seconds=number * HOUR,
            )
        version.published_at, version.published_by_id = now, history.INSTALLATION.pk
        version.save(using=using)
