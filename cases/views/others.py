"""What is said of others at work on a case: who has it open, who is away."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases import display
from cases.models import Absence, Presence

# More than so many names tell no more.
NAMED = 3
# So many who are away are told beside a form that chooses somebody.
AWAY = 6


@dataclass(frozen=True)
class OthersHere:
    """`named`: the Presences told by name, those who write first; `more`: how many besides."""

    named: list
    more: int

    @property
    def has_some(self):
        return bool(self.named)


def others_here(case, reader, now):
    """Who but `reader` has `case` open just now. One query, bounded."""
    found = (
        Presence.objects.fresh(now)
        .filter(case=case)
        .exclude(person=reader)
        .select_related("person")[: NAMED + 20]
    )
    found = sorted(found, key=lambda row: (row.doing == Presence.Doing.READING, row.person.name))
    return OthersHere(found[:NAMED], len(found) - len(found[:NAMED]))


def here_in_queue(case_ids, reader, now):
    """{case id: [Presence, …] of others} for a page of the queue. One query."""
    found = {}
    rows = (
        Presence.objects.fresh(now).filter(case__in=case_ids).exclude(person=reader).select_related("person")
    )
    for row in rows.order_by("case_id", "pk")[:200]:
        found.setdefault(row.case_id, []).append(row)
    return found


def away_words(absence, now):
    """ "Ana Ruiz is away until Thu 12 Nov, 09:00; Luis stands in"; one to come says from when."""
    words = {
        "name": absence.person.name,
        "from": display.moment(absence.starts_at, now, "day"),
        "until": display.moment(absence.ends_at, now, "day"),
    }
    if absence.starts_at <= now:
        when = _("%(name)s is away until %(until)s") % words
    else:
        when = _("%(name)s is away from %(from)s until %(until)s") % words
    if absence.deputy is None:
        return _("%(when)s; nobody stands in") % {"when": when}
    return _("%(when)s; %(deputy)s stands in") % {"when": when, "deputy": absence.deputy.name}


def away_now(now):
    """The same sentences for whoever is away, a few of them. One query."""
    rows = Absence.objects.current(now).select_related("person", "deputy").order_by("person__name", "pk")
    return [away_words(row, now) for row in rows[:AWAY]]


def away_among(people_ids, now):
    """Sentences on who of these people is away at `now`. One query, none without people."""
    people_ids = {pk for pk in people_ids if pk}
    if not people_ids:
        return []
    rows = Absence.objects.current(now).filter(person__in=people_ids).select_related("person", "deputy")
    return [away_words(row, now) for row in rows.order_by("person__name", "pk")]
