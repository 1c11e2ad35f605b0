"""A back-test: what is asked, kept as JSON so that it stays the same while the work goes on; and the work,
slice by slice, which holds no more than a slice of cases in memory."""

from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from cases.models import Person, Team
from escalations import plan, snapshot
from escalations.errors import CannotBacktest
from escalations.models import EscalationPath, Handoff, Rule

from . import counting, reading, simulation
from .rosters import Rosters

# Cases read at once.
SLICE = 1000


@dataclass(frozen=True)
class RuleFacts:
    """A rule as matching.py asks it."""

    pk: int
    trigger: str
    path_id: int
    level_number: int
    metric: str = ""
    category_id: int | None = None
    service_id: int | None = None
    priority: int | None = None
    tier: str = ""
    channel: str = ""
    language: str = ""
    team_id: int | None = None
    reopened_at_least: int | None = None
    reassigned_at_least: int | None = None
    within_days: int | None = None
    is_proposed: bool = False


RULE_COLUMNS = [name for name in RuleFacts.__dataclass_fields__ if name != "is_proposed"]


def question(*, version, since, until, with_proposals, now):
    """What a back-test of `version` over [since, until) asks, as JSON. Raises CannotBacktest."""
    facts = snapshot.paths([version.pk])[version.pk]
    if not facts.levels:
        raise CannotBacktest(_("The draft has no level yet; give it one, then there is something to try."))
    if not since < until:
        raise CannotBacktest(_("Choose a first day before the last one."))
    if until > now:
        raise CannotBacktest(_("The future has not happened yet; choose days that are over."))
    rules = list(Rule.objects.in_order().values(*RULE_COLUMNS))
    if with_proposals:
        proposed = Rule.objects.filter(path=version.path_id, is_active=False).values(*RULE_COLUMNS)
        rules += [{**rule, "is_proposed": True} for rule in proposed]
        places = dict(Rule.objects.values_list("pk", "position"))
        rules.sort(key=lambda rule: (places[rule["pk"]], rule["pk"]))
    in_force = EscalationPath.objects.version_in_force(now)
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "draft": asdict(facts),
        "rules": rules,
        "versions": [found.pk for found in in_force.values()],
        "typical": typical(since, until),
    }


def typical(since, until):
    """{level number as a text: seconds in which half of those who acknowledged there did}."""
    took = {}
    answered = Handoff.objects.filter(
        state=Handoff.State.ACKNOWLEDGED, made_at__gte=since, made_at__lt=until, answered_by__isnull=False
    ).exclude(acknowledge_clock=None)
    for level, made_at, answered_at in (
        answered.order_by().values_list("level_number", "made_at", "answered_at").iterator(2000)
    ):
        seconds = round(max((answered_at - made_at).total_seconds(), 1))
        # To a twentieth, so that a year of answers is a few hundred numbers.
        counting.add_about(took.setdefault(str(level), {}), seconds)
    return {level: counting.median(lengths) for level, lengths in took.items()}


class Run:
    """The work on one question. `counted` grows with each slice (counting.nothing() to begin with)."""

    def __init__(self, asked):
        self.since, self.until = (datetime.fromisoformat(asked[name]) for name in ("since", "until"))
        rules = [RuleFacts(**rule) for rule in asked["rules"]]
        in_force = {path.path_id: path for path in snapshot.paths(asked["versions"]).values()}
        draft = path_facts(asked["draft"])
        rosters = Rosters(since=self.since, until=self.until)
        takes = {int(level): seconds for level, seconds in asked["typical"].items()}
        present = tuple(rule for rule in rules if not rule.is_proposed)
        self.houses = {
            counting.NOW: simulation.House(present, in_force, rosters.at, takes),
            counting.DRAFT: simulation.House(
                tuple(rules), {**in_force, draft.path_id: draft}, rosters.at, takes
            ),
        }
        self.kinds = {rule.trigger for rule in rules}
        self.zones = zones()

    @staticmethod
    def cases(since, until):
        """How many cases a window has."""
        return reading.cases_between(since, until).count()

    def slice(self, cursor, counted, size=SLICE):
        """Play the next `size` cases after id `cursor`; the id of the last one, None where there is none."""
        found = reading.slice_after(cursor, size, since=self.since, until=self.until, kinds=self.kinds)
        counter = counting.Counter(counted, self.zones)
        for case, really in found:
            counter.add(case, {counting.REALLY: really, **self.play(case)})
        return found[-1][0].pk if found else None

    def play(self, case):
        return {
            name: simulation.ladders(case, house, until=self.until) for name, house in self.houses.items()
        }


def path_facts(said):
    """The PathFacts of what `asdict` made of it and JSON kept."""
    levels = tuple(
        plan.LevelFacts(**{**level, "informs": tuple(level["informs"])}) for level in said["levels"]
    )
    return plan.PathFacts(**{**said, "levels": levels})


def zones():
    """{"p12" | "t3": ZoneInfo}: by whose clock it is night for a person, or for a team as a whole."""
    known = {f"p{pk}": zone for pk, zone in Person.objects.values_list("pk", "time_zone")}
    known |= {f"t{pk}": zone for pk, zone in Team.objects.values_list("pk", "calendar__time_zone")}
    return {who: ZoneInfo(zone) for who, zone in known.items()}


def backtest(*, version, since, until, now, with_proposals=False, told=lambda done: None):
    """The whole of it at once: what `counting` counted. `told(cases done)` after each slice."""
    run = Run(question(version=version, since=since, until=until, with_proposals=with_proposals, now=now))
    counted, cursor = counting.nothing(), 0
    while (cursor := run.slice(cursor, counted)) is not None:
        told(counted["cases"])
    return counted
