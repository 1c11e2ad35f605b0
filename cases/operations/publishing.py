"""Put a draft of a calendar or an SLA policy in force: checked as a whole, from an instant that is not yet
past."""

import uuid

from django.db import OperationalError
from django.utils.translation import gettext as _

from cases import history
from cases.errors import InThePast, NoOpenHour, Refused, WrongMove
from cases.hours_words import sentences
from cases.models import Calendar, CalendarVersion, SlaPolicyVersion

from . import clocks, recalculating

CHECKED_AT_ONCE = 2000


def publish_calendar(*, version, by, now, effective_at=None, reason=""):
    """Publish a calendar's draft from `effective_at` (else `now`) on; the open clocks that run on it follow.

    Few follow at once, many slice by slice after this is committed (operations/recalculating).
    A calendar's past is immutable: raises InThePast for an instant before `now` (its first version governs
    all time before, too). Raises NoOpenHour, and Refused for periods that overlap.
    """
    effective_at = effective_at or now
    with history.acting(by=by, reason=reason or _("calendar published"), now=now):
        few = recalculating.hold_few(
            recalculating.clocks_on(version.calendar_id).values_list("case", flat=True)
        )
        # Whoever starts a clock by the old hours has ended before this goes on, and is seen below.
        try:
            Calendar.objects.lock_for_publishing()
        except OperationalError as error:
            raise Refused(
                _("Somebody works through very many cases just now; publish this in a minute.")
            ) from error
        calendar = Calendar.objects.get(pk=version.calendar_id)
        version = (
            CalendarVersion.objects.select_related("calendar")
            .select_for_update(no_key=True, of=("self",))
            .get(pk=version.pk)
        )
        _require_draft(version)
        earlier = version.calendar.versions.exclude(published_at=None).order_by("-effective_at").first()
        # Two versions from one instant on would leave nobody knowing which of them is in force.
        if earlier is not None and (effective_at < now or effective_at <= earlier.effective_at):
            raise InThePast(
                _(
                    "What was in force until now cannot be changed;"
                    " let this version begin now or later, after version %(number)d."
                )
                % {"number": earlier.number}
            )
        if found := calendar_findings(version):
            raise (Refused if version.periods.exists() else NoOpenHour)(found)
        hours_before = calendar.hours
        version.effective_at, version.published_at, version.published_by_id = effective_at, now, by.pk
        version.save()
        calendar.revision = uuid.uuid4()
        calendar.save()
        version.calendar = calendar
        history.forget()
        if not few and not version.periods.exists():
            _require_hours_for_all(calendar)
        recalculating.after_publishing(
            version=version, hours_before=hours_before, held=few, by=by, now=now, reason=reason
        )
    return version


def _require_hours_for_all(calendar):
    """Where the hours come to an end, each open clock must still find its own; nothing is written here."""
    found = recalculating.clocks_on(calendar.pk).order_by("pk")
    for start in range(0, found.count(), CHECKED_AT_ONCE):
        clocks.schedule_all(list(found[start : start + CHECKED_AT_ONCE]))


def _require_draft(version):
    if version.published_at is not None:
        raise WrongMove(
            _("Version %(number)d is published already and never changes; make a new version.")
            % {"number": version.number}
        )


def calendar_findings(version):
    """What speaks against publishing `version` of a calendar: a sentence each, that says what to change."""
    if not version.periods.exists() and not version.exceptions.exclude(opens=None).exists():
        return [
            _("“%(calendar)s” would never be open; give it at least one period.")
            % {"calendar": version.calendar}
        ]
    return sentences(version.working_hours(version.calendar.time_zone))


def policy_findings(version):
    """What speaks against publishing `version` of a policy, likewise."""
    if not version.targets.exists():
        return [_("A policy without targets owes nothing; give it at least one.")]
    conditions = (version.category_id, version.tier, version.channel, version.service_id)
    if version.policy.is_default and any(conditions):
        return [_("The default policy is owed to every case; leave its conditions empty.")]
    drafts = Calendar.objects.filter(pk__in=version.targets.values("calendar"), revision=None).order_by(
        "name"
    )
    return [
        _("The calendar “%(calendar)s” is not published yet; publish it first.") % {"calendar": draft}
        for draft in drafts
    ]


def publish_policy(*, version, by, now, effective_at=None, reason=""):
    """Publish a policy's draft: it serves cases received from `effective_at` on; open ones stay where they
    are.

    Raises Refused for a version without targets, InThePast for an instant before the newest one in force.
    """
    effective_at = effective_at or now
    with history.acting(by=by, reason=reason or _("policy published"), now=now):
        version = (
            SlaPolicyVersion.objects.select_for_update(no_key=True, of=("self",))
            .select_related("policy")
            .get(pk=version.pk)
        )
        _require_draft(version)
        earlier = version.policy.versions.exclude(published_at=None).order_by("-effective_at").first()
        if earlier is not None and effective_at < max(now, earlier.effective_at):
            raise InThePast(
                _("Version %(number)d is in force; let this one begin now or later.")
                % {"number": earlier.number}
            )
        if found := policy_findings(version):
            raise (NoOpenHour if version.targets.exists() else Refused)(found)
        version.effective_at, version.published_at, version.published_by_id = effective_at, now, by.pk
        version.save()
        history.forget()
    return version
