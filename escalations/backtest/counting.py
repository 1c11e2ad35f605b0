"""What comes of the cases of a back-test, counted case by case into a small dict that is kept as JSON. Pure.

    {"cases": n, "really" | "now" | "draft": a scenario, "breaches": {…}, "different": {…}}
    scenario: {"ladders", "calls", "night": n, "by_level": {"1": n, …, "fallback": n},
               "night_by_level": …, "by_hour": [24 numbers],
               "load": {"p12" | "t3": [calls, of them at night]}, "passed": {"2": {"absent": n}}}
    breaches: {"all": n, "caught": {scenario: n}, "sooner": n, "lead": {seconds as a text: n}}
    different: {"all": n, "cases": [[case id, really, draft] …]} with each the highest levels reached

A call is a handoff to somebody: at a level, or at the fallback. Hours are the holder's own; night is from 22
to 7 by their clock. A breach is caught where somebody had been called before it, on a ladder that still ran.
"""

from math import exp, log
from zoneinfo import ZoneInfo

from escalations import plan

REALLY, NOW, DRAFT = SCENARIOS = ("really", "now", "draft")
FALLBACK = "fallback"
NIGHT = frozenset({22, 23, 0, 1, 2, 3, 4, 5, 6})
MOST_CASES = 50  # so many different ones are kept to be looked at
UTC = ZoneInfo("UTC")
FINE = 1.05  # how far two lengths of time may lie apart to be counted as one


def nothing():
    """The dict that counting begins with."""
    return {
        "cases": 0,
        **{name: _scenario() for name in SCENARIOS},
        "breaches": {"all": 0, "caught": dict.fromkeys(SCENARIOS, 0), "sooner": 0, "lead": {}},
        "different": {"all": 0, "cases": []},
    }


def _scenario():
    return {
        "ladders": 0,
        "calls": 0,
        "night": 0,
        "by_level": {},
        "night_by_level": {},
        "by_hour": [0] * 24,
        "load": {},
        "passed": {},
    }


class Counter:
    """Adds to `counted`. `zones`: {"p12" | "t3": ZoneInfo} of people and teams."""

    def __init__(self, counted, zones):
        self.counted, self.zones = counted, zones

    def add(self, case, ladders):
        """`ladders`: {scenario: [simulation.Ladder]} of one `case`."""
        self.counted["cases"] += 1
        for name, found in ladders.items():
            for ladder in found:
                self._count(self.counted[name], ladder)
        for breached_at in case.breached_at:
            self._breach(breached_at, ladders)
        if (really := reached(ladders[REALLY])) != (draft := reached(ladders[DRAFT])):
            different = self.counted["different"]
            different["all"] += 1
            if len(different["cases"]) < MOST_CASES:
                different["cases"].append([case.pk, really, draft])

    def _count(self, scenario, ladder):
        scenario["ladders"] += 1
        for call in ladder.calls:
            level = FALLBACK if call.is_fallback else str(call.level_number)
            who = f"p{call.person_id}" if call.person_id else f"t{call.team_id}"
            hour = call.at.astimezone(self.zones.get(who, UTC)).hour
            at_night = hour in NIGHT
            scenario["calls"] += 1
            scenario["night"] += at_night
            scenario["by_hour"][hour] += 1
            scenario["by_level"][level] = scenario["by_level"].get(level, 0) + 1
            scenario["night_by_level"][level] = scenario["night_by_level"].get(level, 0) + at_night
            load = scenario["load"].setdefault(who, [0, 0])
            load[0] += 1
            load[1] += at_night
        for passed in ladder.passed:
            whys = scenario["passed"].setdefault(str(passed.level_number), {})
            whys[passed.why] = whys.get(passed.why, 0) + 1

    def _breach(self, at, ladders):
        breaches = self.counted["breaches"]
        breaches["all"] += 1
        first = {name: _called_before(found, at) for name, found in ladders.items()}
        for name, called_at in first.items():
            breaches["caught"][name] += called_at is not None
        if first[DRAFT] is None:
            return
        really = first[REALLY] or _called_after(ladders[REALLY], at) or at
        # The engine comes a moment after an instant, and a play at it: less than a minute is not sooner.
        if really - first[DRAFT] < plan.A_MINUTE:
            return
        breaches["sooner"] += 1
        add_about(breaches["lead"], (really - first[DRAFT]).total_seconds())


def reached(ladders):
    """How far the ladders of a case came, as texts in order: "2", "fallback"."""
    return [FALLBACK if ladder.reached[1] else str(ladder.reached[0]) for ladder in ladders]


def _called_before(ladders, at):
    """When somebody was first called on a ladder that still runs at `at`; None where nobody was before."""
    return min(
        (ladder.started_at for ladder in ladders if ladder.started_at < at and ladder.runs_at(at)),
        default=None,
    )


def _called_after(ladders, at):
    return min((ladder.started_at for ladder in ladders if ladder.started_at >= at), default=None)


def add_about(lengths, seconds):
    """Count a length of time in `lengths` {seconds as a text: how often}, rounded to a twentieth of it, so
    that there are few different ones however many are counted."""
    rounded = str(round(exp(round(log(max(seconds, 1)) / log(FINE)) * log(FINE))))
    lengths[rounded] = lengths.get(rounded, 0) + 1


def median(lengths):
    """The median of what `add_about` counted, in seconds; None of nothing."""
    left = sum(lengths.values()) / 2
    for seconds, number in sorted((int(seconds), number) for seconds, number in lengths.items()):
        left -= number
        if left <= 0:
            return seconds
    return None
