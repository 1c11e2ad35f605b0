"""What a back-test found, for programs and for people."""

from django.utils.translation import gettext as _

from cases.models import Person, Team

from . import counting


# What is assumed about the past: on the page, in the report, and as simulation.py plays it.
def assumptions():
    """Sentences: what was taken as it was, and what nobody can know."""
    return [
        _(
            "What happened to each case happened when it really did, and rules are asked with the case as it"
            " was then. Ladders that people started or moved by hand are started and moved at the same times."
        ),
        _(
            "A ladder ends when the case’s real one ended; where there was none, when the case was resolved"
            " or closed."
        ),
        _(
            "While a case really was escalated, people answer exactly when they really did, never sooner,"
            " whoever holds the case then. While it was not, they acknowledge after the time in which half of"
            " the real acknowledgements at a level of that number came; where there were none, nobody does."
        ),
        _(
            "People, teams and memberships are those of then by their history, absences and turns of duty by"
            " their dates. The engine is never late, and only ladders that began in these days are counted."
        ),
    ]


def as_json(counted, about):
    """One dict with names instead of ids; `about`: what was asked and measured."""
    names = names_of(counted)
    scenarios = {name: _scenario(counted[name], names) for name in counting.SCENARIOS}
    breaches = counted["breaches"]
    return {
        **{key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in about.items()},
        "cases": counted["cases"],
        **scenarios,
        "breaches": {
            "all": breaches["all"],
            "caught": breaches["caught"],
            "caught_sooner_with_the_draft": breaches["sooner"],
            "median_seconds_sooner": counting.median(breaches["lead"]),
        },
        "cases_that_went_otherwise": counted["different"]["all"],
        "assumptions": assumptions(),
    }


def names_of(counted):
    """{"p12" | "t3": name} of all who are called in any scenario."""
    called = {who for name in counting.SCENARIOS for who in counted[name]["load"]}
    ids = {kind: [int(who[1:]) for who in called if who[0] == kind] for kind in "pt"}
    people = Person.objects.filter(pk__in=ids["p"]).values_list("pk", "name")
    teams = Team.objects.filter(pk__in=ids["t"]).values_list("pk", "name")
    return {**{f"p{pk}": name for pk, name in people}, **{f"t{pk}": name for pk, name in teams}}


def heaviest(scenario):
    """[(who, calls, of them at night)], most first."""
    return sorted(((who, *load) for who, load in scenario["load"].items()), key=lambda row: (-row[1], row[0]))


def _scenario(scenario, names):
    load = [
        {"who": names.get(who, who), "calls": calls, "at_night": night}
        for who, calls, night in heaviest(scenario)
    ]
    return {**scenario, "by_level": in_order(scenario["by_level"]), "load": load}


def in_order(by_level):
    """By level, the fallback last."""
    return dict(
        sorted(
            by_level.items(),
            key=lambda row: (row[0] == counting.FALLBACK, int(row[0]) if row[0].isdecimal() else 0),
        )
    )


def as_text(found):
    # Not inside of an f-string: there no extraction finds them.
    headings = (_("really"), _("rules now"), _("draft"))
    lines = [
        _("%(version)s, %(cases)d cases from %(since)s to %(until)s") % found,
        "",
        f"{'':24}" + "".join(f"{heading:>12}" for heading in headings),
    ]
    scenarios = [found[name] for name in counting.SCENARIOS]
    lines.append(_row(_("ladders"), [s["ladders"] for s in scenarios]))
    lines.append(_row(_("calls"), [s["calls"] for s in scenarios]))
    levels = in_order({level: 0 for s in scenarios for level in s["by_level"]})
    for level in levels:
        name = (
            _("at the fallback") if level == counting.FALLBACK else _("at level %(level)s") % {"level": level}
        )
        lines.append(_row(name, [s["by_level"].get(level, 0) for s in scenarios]))
    lines.append(_row(_("at night (22 to 7)"), [s["night"] for s in scenarios]))
    breaches = found["breaches"]
    lines.append(_row(_("breaches caught"), [breaches["caught"][name] for name in counting.SCENARIOS]))
    lines.append("")
    lines.append(
        _("Of %(all)d breaches, somebody would have been called sooner for %(caught_sooner_with_the_draft)d.")
        % breaches
    )
    lines.append(_("%(seconds)s s, %(peak_memory_mb)s MB") % found)
    return "\n".join(lines)


def _row(name, numbers):
    return f"{name:24}" + "".join(f"{number:>12}" for number in numbers)
