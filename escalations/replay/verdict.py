"""Two verdicts on each replayed incident beside the desk's own record: by its rule, and by ours. Pure."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Incident:
    """What a replay stored of an incident; `recorded_*` is the desk's account, None where it gave none."""

    number: str
    priority: int
    opened_at: datetime
    first_closed_at: datetime | None  # of its last spell: when our clock ended
    last_closed_at: datetime | None
    was_breached: bool  # one of its resolution clocks was, at whatever priority was then in force
    counted_seconds: int | None  # working time its last resolution clock had counted when it ended
    reopened: int
    reassigned: int
    recorded_made_sla: bool | None
    recorded_reopened: int | None
    recorded_reassigned: int | None


class Desk:
    """The desk's own rule: one look back at the end. `terms`: seconds by priority; `until`: the log's end."""

    def __init__(self, hours, terms, until):
        self.hours, self.terms, self.until = hours, terms, until

    def met(self, incident):
        """From opening to the last time it was closed, within the term of the priority it ended with."""
        return self.took(incident, incident.last_closed_at) <= self.terms[incident.priority]

    def took(self, incident, closed_at):
        return self.hours.between(incident.opened_at, closed_at or self.until)

    def why_not_ours(self, incident):
        """Why the desk's rule and ours differ on this incident."""
        term = self.terms[incident.priority]
        in_time_at_first = self.took(incident, incident.first_closed_at) <= term
        in_time_as_counted = incident.counted_seconds is not None and incident.counted_seconds <= term
        if incident.was_breached and in_time_as_counted:
            return _("it was breached under an earlier priority, and a breach stands")
        if incident.was_breached:
            return _("a breach stands")
        if in_time_at_first:
            return _("it was closed once more after it had been closed, when our clock had ended")
        if in_time_as_counted and incident.first_closed_at == incident.last_closed_at:
            return _("the time for which it was closed before it was reopened is not counted")
        return _("it was closed once more, and the time for which it had been closed before is not counted")


def house_met(incident):
    """Our rules: no resolution clock was ever breached. What is not late yet has not been missed."""
    return not incident.was_breached


def figures(incidents, desk):
    """The report's figures on `incidents`, as JSON takes them."""
    count = Counter()
    mismatches = {"desk": Counter(), "house": Counter()}
    differences = []
    for incident in incidents:
        verdicts = {"desk": desk.met(incident), "house": house_met(incident)}
        count["incidents"] += 1
        count["breaches"] += incident.was_breached
        count["reopen"] += incident.reopened == incident.recorded_reopened
        count["reassignment"] += incident.reassigned == incident.recorded_reassigned
        for rule, verdict in verdicts.items():
            if verdict == incident.recorded_made_sla:
                count[rule] += 1
            else:
                mismatches[rule][incident.priority] += 1
        if verdicts["desk"] != verdicts["house"]:
            differences.append(
                {
                    "number": incident.number,
                    **verdicts,
                    "recorded": incident.recorded_made_sla,
                    "reason": desk.why_not_ours(incident),
                }
            )
    return {
        "incidents": count["incidents"],
        "made_sla_matches": count["desk"],
        "house_rule_matches": count["house"],
        "reopen_matches": count["reopen"],
        "reassignment_matches": count["reassignment"],
        "breaches": count["breaches"],
        "mismatches_by_priority": {rule: dict(counted) for rule, counted in mismatches.items()},
        "differences": sorted(differences, key=lambda difference: difference["number"]),
    }
