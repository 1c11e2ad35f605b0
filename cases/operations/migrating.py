"""Open cases move to another version of what they are owed, on purpose: looked at first, then as a set."""

from dataclasses import dataclass

from django.db.models import Count, Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import history
from cases.errors import Incomplete, NotInForce, Refused
from cases.models import Case, Recalculation, SlaPolicyVersion

from . import clocks, owing, recalculating, renewing

# A preview works out so many cases and no more; a refusal names so many.
LOOKED_AT = 1000
NAMED = 5


@dataclass(frozen=True)
class Preview:
    """What a move would do to the first `cases` that it is about; there are more if `is_capped`."""

    cases: int
    is_capped: bool
    tally: renewing.Tally
    stopped: int


def preview(*, from_versions, to_version, by, now, priority=None, team=None, only_matching=False):
    """What `migrate_cases` would do, nothing written. Raises what that raises."""
    scope = _checked(from_versions, to_version, by, now, priority, team, only_matching)
    ids = recalculating.in_scope(scope).order_by("pk").values_list("pk", flat=True)[: LOOKED_AT + 1]
    cases = list(Case.objects.filter(pk__in=list(ids)[:LOOKED_AT]))
    before = {c.pk: renewing.times(c) for c in clocks.OPEN_OF_ALL.all(cases=[case.pk for case in cases])}
    kept, gone = owing.aim(cases, to_version)
    clocks.schedule_all(kept)
    tally = renewing.tally_of([before[c.pk] for c in kept], [renewing.times(c) for c in kept], now)
    return Preview(len(cases), len(ids) > LOOKED_AT, tally, len(gone))


def migrate_cases(
    *, from_versions, to_version, by, now, reason, priority=None, team=None, only_matching=False
):
    """Move the open cases on `from_versions` to `to_version`: their clocks count from their own start, pauses
    kept; what was breached stays breached. Returns the Recalculation.

    `priority` and `team` narrow which cases; `only_matching` leaves out those that do not meet the version's
    conditions. Raises NotTheirs; Incomplete without a reason; NotInForce for a version that serves no new
    cases; Refused where there is no such case, or some do not meet the conditions.
    """
    if not reason.strip():
        raise Incomplete(_("Say why these cases move; their history will show it."))
    with history.acting(by=by, reason=reason, now=now):
        scope = _checked(from_versions, to_version, by, now, priority, team, only_matching)
        about = recalculating.in_scope(scope)
        held = recalculating.hold_few(about.values_list("pk", flat=True))
        found = about.aggregate(cases=Count("pk"), last=Max("pk"))
        job = Recalculation(
            kind=Recalculation.Kind.POLICY,
            policy_version=to_version,
            scope=scope,
            soon_until=now + recalculating.takes(found["cases"]),
            total=found["cases"],
            last_case=found["last"] or 0,
        )
        return recalculating.begin(job, held, by=by, now=now, reason=reason.strip())


def _checked(from_versions, to_version, by, now, priority, team, only_matching):
    """The scope of a move that nothing speaks against."""
    recalculating.require_publisher(by)
    _require_in_force(to_version, now)
    scope = {"versions": sorted({version.pk for version in from_versions} - {to_version.pk})}
    scope |= {"priority": int(priority)} if priority else {}
    scope |= {"team": team.pk} if team else {}
    conditions = _conditions(to_version)
    if conditions and not only_matching:
        _require_conditions(recalculating.in_scope(scope).exclude(**conditions), to_version, by)
    scope |= conditions
    if not recalculating.in_scope(scope).exists():
        raise Refused(_("No open case is on what you chose; nothing would move."))
    return scope


def _require_in_force(version, now):
    if version.pk not in {in_force.pk for in_force in SlaPolicyVersion.objects.in_force(now)}:
        raise NotInForce(
            _("%(version)s is not what new cases get now; open cases only move to a version in force.")
            % {"version": version}
        )


def _conditions(version):
    """{column of a case: value} of what a version asks of its cases; a blank condition holds for any."""
    asked = {
        "category": version.category_id,
        "service": version.service_id,
        "channel": version.channel,
        "customer__tier": version.tier,
    }
    return {column: value for column, value in asked.items() if value}


def _require_conditions(others, version, by):
    """Cases that do not meet the conditions are said by number, as far as `by` may know of them."""
    number = others.count()
    if not number:
        return
    known = others if isinstance(by, history.SystemActor) else others & Case.objects.findable(by)
    named = [case.number for case in known.order_by("pk")[:NAMED]]
    words = ngettext(
        "%(number)d case does not meet the conditions of %(version)s",
        "%(number)d cases do not meet the conditions of %(version)s",
        number,
    ) % {"number": number, "version": version}
    if named:
        words += f" ({', '.join(named)}{', …' if number > len(named) else ''})"
    raise Refused(_("%(what)s. Choose fewer cases, or only those that meet them.") % {"what": words})
