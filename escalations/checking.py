"""What speaks against a path version before it is published, each with the level, field or rule to mend.

What blocks would leave somebody without an answer, or stop the engine; the rest a manager may know and want.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import durations
from cases.hours import HoursError
from cases.models import Calendar, Customer, Skill, SlaPolicyVersion, TriggerKind
from cases.states import Metric
from escalations import matching, plan, snapshot
from escalations.models import Responsible, Rule

# So far ahead it is asked, hour by hour, who would be there.
LOOKED_AHEAD = 14 * 24
AN_HOUR = timedelta(hours=1)
NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One sentence: what is wrong, and what would be accepted. `field`: of the level, of the version where
    no level is named, or of the rule; it may be empty."""

    sentence: str
    blocks: bool = True
    level_number: int | None = None
    rule_id: int | None = None
    field: str = ""

    def __str__(self):
        return self.sentence


def check(version, *, now):
    """[Finding] of `version`, what blocks first. A fixed number of queries for each level and rule."""
    levels = sorted(
        version.levels.select_related("person", "team", "skill"), key=lambda level: (level.number, level.pk)
    )
    found = [*_whole(version, levels)]
    for level in levels:
        found += _empty(level)
    rules = list(Rule.objects.in_order().select_related("path"))
    mine = [rule for rule in rules if rule.path_id == version.path_id]
    found += _beyond_the_top(mine, levels)
    found += _never_asked(rules, mine)
    if levels:
        roster = snapshot.roster(since=now)
        path = snapshot.paths([version.pk])[version.pk]
        found += _never_open(path, roster, now)
        found += _circles(path, roster)
        found += _nobody_there(path, roster, now)
        found += _turns_off_hours(path, roster, now)
        found += _unmanaged(path, roster)
        found += _longer_than_the_target(mine, path, now)
    return sorted(found, key=lambda finding: not finding.blocks)


def _whole(version, levels):
    if not levels:
        yield Finding(_("The path has no level; add at least one."), field="levels")
    if [level.number for level in levels] != list(range(1, len(levels) + 1)):
        yield Finding(
            _("Levels must be numbered 1, 2, 3 without a gap; renumber them."),
            level_number=levels[0].number if levels else None,
            field="number",
        )
    if version.fallback_id is None:
        yield Finding(
            _("Name a fallback holder: somebody must get what nobody on the ladder could."), field="fallback"
        )
    elif not version.fallback.is_active:
        yield Finding(
            _("The fallback holder %(who)s no longer works here; name somebody else.")
            % {"who": version.fallback},
            field="fallback",
        )


def _empty(level):
    words = {"level": level.number, "who": level.person or level.team or level.skill}
    if level.responsible == Responsible.PERSON and not level.person.is_active:
        yield Finding(
            _("Level %(level)d names %(who)s, who no longer works here; name somebody else.") % words,
            level_number=level.number,
            field="person",
        )
    if level.responsible == Responsible.TEAM and not level.team.people.filter(is_active=True).exists():
        yield Finding(
            _("Level %(level)d names the team %(who)s, which has no people; add some or name another.")
            % words,
            level_number=level.number,
            field="team",
        )
    if level.responsible == Responsible.SKILL and not level.skill.people.filter(is_active=True).exists():
        yield Finding(
            _("Level %(level)d asks for %(who)s, which nobody has; give somebody the skill.") % words,
            level_number=level.number,
            field="skill",
        )


# --- Rules ------------------------------------------------------------------------------------------------


def _beyond_the_top(rules, levels):
    top = len(levels)
    for rule in rules:
        if levels and rule.level_number > top:
            words = {"rule": rule.name, "level": rule.level_number, "top": top}
            yield Finding(
                _(
                    "Rule “%(rule)s” begins at level %(level)d, and here the top is %(top)d; add levels, "
                    "or change the rule to 1 to %(top)d."
                )
                % words,
                rule_id=rule.pk,
                field="level_number",
            )


def _never_asked(rules, mine):
    for rule in mine:
        before = rules[: rules.index(rule)]
        earlier = next((other for other in before if matching.covers(other, rule)), None)
        if earlier is not None:
            yield Finding(
                _(
                    "Rule “%(rule)s” can never match: rule “%(earlier)s” takes all of its cases first. "
                    "Give it a lower position than %(position)d, or narrow the other."
                )
                % {"rule": rule.name, "earlier": earlier.name, "position": earlier.position},
                blocks=False,
                rule_id=rule.pk,
                field="position",
            )


def _longer_than_the_target(rules, path, now):
    """Levels that a rule enters with more time to acknowledge than what they are called for leaves."""
    targets = [
        (version, target)
        for version in SlaPolicyVersion.objects.in_force(now)
        for target in version.targets.all()
    ]
    for rule in rules:
        level = path.level(rule.level_number)
        rooms = [
            (_room(rule, target), version, target)
            for version, target in targets
            if level is not None and _serves(rule, version, target)
        ]
        if not rooms:
            continue
        room, version, target = min(rooms, key=lambda found: found[0])
        if level.acknowledge_seconds > room:
            words = {
                "level": level.number,
                "term": durations.word(level.acknowledge_seconds),
                "rule": rule.name,
                "room": durations.word(int(room)),
                "policy": version,
                "metric": Metric(target.metric).label,
                "target": durations.word(target.term_seconds),
            }
            yield Finding(
                _(
                    "Level %(level)d gives %(term)s to acknowledge; rule “%(rule)s” calls it for "
                    "“%(metric)s” of %(policy)s (%(target)s), which leaves %(room)s. Name %(room)s or "
                    "less."
                )
                % words,
                blocks=False,
                level_number=level.number,
                field="acknowledge_seconds",
            )


def _serves(rule, version, target):
    """Whether a case that this target is owed may be one that the rule answers."""
    if rule.trigger not in (TriggerKind.TARGET_AT_RISK, TriggerKind.TARGET_BREACHED):
        return False
    for name in ("category_id", "service_id", "tier", "channel"):
        wanted, owed = getattr(rule, name), getattr(version, name)
        if wanted and owed and wanted != owed:
            return False
    return rule.metric in ("", target.metric) and (
        rule.priority is None or target.priority in (None, rule.priority)
    )


def _room(rule, target):
    """Seconds of working time that a target leaves once the rule fires; of a broken one, its whole term."""
    if rule.trigger == TriggerKind.TARGET_AT_RISK:
        return max(target.term_seconds * (100 - target.at_risk_percent) // 100, 1)
    return target.term_seconds


# --- People and hours -------------------------------------------------------------------------------------


def _never_open(path, roster, now):
    """Levels whose terms would run on a calendar that has no open hour left: nothing would ever be due."""
    for level in path.levels:
        if level.is_around_the_clock:
            continue
        who = [level.person_id] if level.person_id else list(roster.members.get(level.team_id, ()))
        steps = [plan.Step(level.number, person_id=pk) for pk in who if pk is not None]
        if level.team_id:
            steps.append(plan.Step(level.number, team_id=level.team_id))
        for calendar_id in sorted({roster.calendar_of(step, level) for step in steps}):
            if not _has_hours(roster.calendars[calendar_id], now):
                yield Finding(
                    _(
                        "The terms of level %(level)d run in the hours of “%(calendar)s”, which never "
                        "opens again; give it hours, or let the level run around the clock."
                    )
                    % {"level": level.number, "calendar": Calendar.objects.get(pk=calendar_id)},
                    level_number=level.number,
                    field="is_around_the_clock",
                )


def _has_hours(hours, now):
    try:
        hours.next_open(now)
    except HoursError:
        return False
    return True


def _nobody_there(path, roster, now):
    """Levels on which, for some of the next two weeks, nobody would be there: the ladder goes on then."""
    case = plan.CaseFacts(pk=0)
    at_hours = [now + AN_HOUR * hour for hour in range(LOOKED_AHEAD)]
    for level in path.levels:
        if level.responsible not in (plan.PERSON, plan.TEAM, plan.SKILL):
            continue
        missing = [at for at in at_hours if plan.holder_at(level, case, roster, at)[0] is None]
        if not missing:
            continue
        words = {
            "level": level.number,
            "hours": len(missing),
            "first": date_format(localtime(missing[0]), "D j M, H:i"),
        }
        if len(missing) == LOOKED_AHEAD:
            sentence = _(
                "Nobody of level %(level)d is there for the next two weeks: it would be passed over. Plan "
                "a turn of duty, or name somebody else."
            )
        else:
            sentence = ngettext(
                "For %(hours)d hour of the next two weeks nobody of level %(level)d is there, first on "
                "%(first)s: it is passed over then. Name a deputy or plan a turn of duty, if that is not "
                "meant.",
                "For %(hours)d hours of the next two weeks nobody of level %(level)d is there, first on "
                "%(first)s: it is passed over then. Name a deputy or plan a turn of duty, if that is not "
                "meant.",
                len(missing),
            )
        yield Finding(sentence % words, blocks=False, level_number=level.number, field=level.responsible)


def _turns_off_hours(path, roster, now):
    """Levels asked of who is on duty, whose turns lie outside their own hours: the term waits until later."""
    until = now + AN_HOUR * LOOKED_AHEAD
    for level in path.levels:
        if level.responsible != plan.SKILL or level.is_around_the_clock:
            continue
        meets = {}
        for start, end, who in roster.duties.get(level.skill_id, ()):
            if start < until and end > now and who in roster.people:
                hours = roster.calendars[roster.calendar_of(plan.Step(level.number, person_id=who), level)]
                meets[who] = meets.get(who, False) or hours.between(max(start, now), min(end, until)) > 0
        never = sorted(roster.people[who].name for who, met in meets.items() if not met)
        if never:
            yield Finding(
                _(
                    "On level %(level)d the turns of %(who)s for “%(skill)s” never meet their working "
                    "hours, so the term would not run while they are on duty. Move the turns, or let the "
                    "level run around the clock."
                )
                % {
                    "level": level.number,
                    "who": ", ".join(never[:NAMED]),
                    "skill": Skill.objects.get(pk=level.skill_id),
                },
                blocks=False,
                level_number=level.number,
                field="is_around_the_clock",
            )


def _circles(path, roster):
    """Levels that lead back to whoever had the case below them."""
    for below, level in zip(path.levels, path.levels[1:], strict=False):
        same = (below.responsible, below.person_id, below.team_id, below.skill_id) == (
            level.responsible,
            level.person_id,
            level.team_id,
            level.skill_id,
        )
        if same and level.responsible not in (plan.HOLDERS_MANAGER, plan.SKILL):
            yield Finding(
                _("Levels %(below)d and %(level)d go to the same; name somebody above for level %(level)d.")
                % {"below": below.number, "level": level.number},
                blocks=False,
                level_number=level.number,
                field="responsible",
            )
    climbing = [level for level in path.levels if level.responsible == plan.HOLDERS_MANAGER]
    if climbing:
        for circle in _circles_of_managers(roster.people):
            yield Finding(
                _(
                    "Level %(level)d goes to the holder’s manager, and %(who)s manage each other in a "
                    "circle: it would come back to who had it. Give one of them another manager."
                )
                % {"level": climbing[0].number, "who": ", ".join(roster.people[pk].name for pk in circle)},
                level_number=climbing[0].number,
                field="responsible",
            )


def _circles_of_managers(people):
    """[[ids of people who are each the manager of the one before]], each circle once."""
    found, seen = [], set()
    for pk in sorted(people):
        chain, at = [], pk
        while at in people and at not in seen:
            seen.add(at)
            chain.append(at)
            at = people[at].manager_id
        if at in chain:
            circle = chain[chain.index(at) :]
            if any(people[who].is_working for who in circle):
                found.append(circle)
    return found


def _unmanaged(path, roster):
    """Levels that depend on what a customer or a person may lack."""
    for level in path.levels:
        if level.responsible == plan.ACCOUNT_MANAGER:
            without = Customer.objects.filter(account_manager=None).count()
            words = ngettext(
                "%(number)d customer has no account manager: level %(level)d is passed over for them. "
                "Name one, if that is not meant.",
                "%(number)d customers have no account manager: level %(level)d is passed over for them. "
                "Name them, if that is not meant.",
                without,
            )
        elif level.responsible == plan.HOLDERS_MANAGER:
            without = sum(person.is_working and not person.manager_id for person in roster.people.values())
            words = ngettext(
                "%(number)d person has no manager: level %(level)d is passed over for what they hold. "
                "Name one, if that is not meant.",
                "%(number)d people have no manager: level %(level)d is passed over for what they hold. "
                "Name them, if that is not meant.",
                without,
            )
        else:
            continue
        if without:
            yield Finding(
                words % {"number": without, "level": level.number},
                blocks=False,
                level_number=level.number,
                field="responsible",
            )
