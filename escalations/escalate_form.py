"""What the escalate form is prefilled with, where it may send a case, and what would follow."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import display
from cases.errors import Refused
from cases.forms import next_full_hour
from cases.gist import gist
from cases.models import Attempt, Channel, Skill
from cases.views.understood import both_zones
from escalations import forms, near_roster, outlook, plan, snapshot, supervisor, wording
from escalations.models import EscalationPath, Handoff, Kind, Level
from escalations.operations import options
from escalations.operations.automatic import last_words
from escalations.operations.escalate import destination, waits_as_composed
from escalations.operations.telling import Telling
from escalations.words import arrives, conditions, euros, holder_name


@dataclass
class Preview:
    """The right side of the form: who gets it, by when, then what; or why it cannot go there."""

    who: str = ""
    is_team: bool = False
    level: str = ""
    due: str = ""
    due_at: datetime | None = None
    hours: str = ""
    steps: list = field(default_factory=list)  # (time, what, on what condition)
    unchanged: list = field(default_factory=list)
    refused: str = ""


@dataclass(frozen=True)
class OwnPower:
    """What the reader may do without escalating the case: their money limit, the options lowest first."""

    limit: str
    rungs: list

    def __bool__(self):
        return bool(self.limit or self.rungs)


def own_power(case, reader):
    """What is offered before the form: the agent's own money limit and options (RULES 5)."""
    escalation = options.running_of(case)
    limit = options.limit_of(reader, escalation)
    return OwnPower(euros(limit) if limit else "", options.offered(case, escalation, reader))


def destinations(case, now, asked=None):
    """[(value, "Billing disputes, level 2: Ana Ruiz"), …]: each level a case may be handed to; first those of
    the path it is on, or that a rule would start, which the case page announces.

    Where the customer `asked` for a supervisor, whom a rule has sent it to already may be reached on the
    line.
    """
    paths = EscalationPath.objects.filter(is_active=True)
    in_force = paths.version_in_force(now)
    facts = snapshot.paths(v.pk for v in in_force.values())
    about = snapshot.cases([case])[case.pk]
    running = {e.path_id: e for e in case.escalations.running().select_related("version")}
    # On a running path the levels of its own version count, and only those above the present one.
    facts |= snapshot.paths(e.version_id for e in running.values())
    roster = near_roster.of(
        facts.values(),
        [about],
        since=now,
        people={e.holder_id for e in running.values()},
        teams={e.holder_team_id for e in running.values()},
    )
    announced = outlook.of([case], now=now, most=1, roster=roster)[case.pk].path

    def nearness(pair):
        path_id, version = pair
        is_announced = announced is not None and announced.path_id == path_id
        return path_id not in running, not is_announced, facts[version.pk].name

    ordered = sorted(in_force.items(), key=nearness)
    choices = []
    for path_id, version in ordered:
        current = running.get(path_id)
        path = facts[current.version_id if current else version.pk]
        for level in path.levels:
            step = None
            if current and level.number <= current.level_number:
                if asked is None or not waits_as_composed(current, level.number):
                    continue
                step = plan.Step(level.number, current.holder_id, current.holder_team_id)
            step = step or plan.climb(path, level.number, about, roster, now)
            words = {"path": path.name, "level": level.number, "who": holder_name(step, roster)}
            choices.append((f"{path_id}:{level.number}", _("%(path)s, level %(level)d: %(who)s") % words))
        if current and not any(value.startswith(f"{path_id}:") for value, _w in choices):
            choices.append(
                (f"{path_id}:{path.top + 1}", _("%(path)s: fallback holder") % {"path": path.name})
            )
    return choices


def prefilled(case, now):
    """The texts a case already holds: nobody types them again, and the customer repeats nothing."""
    incoming, outgoing = last_words([case.pk]).get(case.pk, (None, None))
    background = _("%(customer)s: %(subject)s.") % {"customer": case.customer.name, "subject": case.subject}
    if incoming:
        background += f"\n“{incoming.body[:600]}”"
    told = [outgoing.body[:300]] if outgoing else []
    told += [
        _("Promised: %(what)s, by %(when)s.") % {"what": p.what, "when": display.moment(p.due_at, now)}
        for p in case.promises.open().order_by("due_at")
    ]
    outlet = case.channel if case.channel != Channel.PHONE else Channel.MAIL
    return {
        "kind": Kind.HIERARCHICAL,
        "background": background,
        "tried": "\n".join(_tried(case, now)),
        "told_customer": "\n".join(told),
        "telling": Telling.NOW,
        "word_channel": outlet,
        "said_at": now,
        "owed_by": next_full_hour(now),
    }


def _tried(case, now):
    """A line for each thing that was tried, with when and by whom: before the case came and since, as the
    last handoff has it, then options and words to the customer since."""
    attempts = list(Attempt.objects.known_on(case))
    # All of them, not the first of them backwards: a planner would walk the whole table for that.
    handoffs = list(Handoff.objects.filter(escalation__case=case).order_by("pk"))
    last = handoffs[-1] if handoffs else None
    ours = case.messages.exclude(direction="in").select_related("author")
    uses = case.option_uses.select_related("option", "by")
    if last is not None:
        ours, uses = ours.filter(occurred_at__gte=last.made_at), uses.filter(at__gte=last.made_at)
    said = [
        (m.occurred_at, m.author or _("the desk"), gist(m.body)) for m in ours.order_by("-occurred_at")[:4]
    ]
    said += [(use.at, use.by, gist(wording.of_use(use))) for use in uses.order_by("pk")]
    noted = [(one.recorded_at, one.told_by, " ".join(one.what.split())) for one in attempts]
    handed = [line for line in last.tried.splitlines() if line.strip()] if last is not None else []
    # Whoever handed it on read it in another zone perhaps: the words tell, not the times.
    carried = [line for line in handed if not any(line.endswith(what) for _at, _who, what in noted)]

    def lines(rows):
        return [f"{display.moment(at, now, 'dated')}, {who}: {what}" for at, who, what in rows]

    return lines(noted) + carried + lines(sorted(said, key=lambda row: row[0]))


@dataclass(frozen=True)
class Way:
    """Where what `form` says at present would go, or why it cannot go there."""

    path: plan.PathFacts | None = None
    step: plan.Step | None = None
    roster: plan.Roster | None = None
    refused: str = ""


def way(case, form, now):
    """The Way of what `form` says at present."""
    kind, to = (
        form["kind"].value(),
        form["to"].value() or next((v for v, _w in form.fields["to"].choices), ""),
    )
    if not to:
        return Way(refused=_("No path is in force; a manager publishes one in the console."))
    skill = Skill.objects.filter(pk=form["skill"].value() or 0).first()
    if kind == Kind.FUNCTIONAL and skill is None:
        return Way(refused=_("Choose the skill that is needed, to see who has it."))
    try:
        path, level = forms.path_and_level(to)
        running = case.escalations.running().filter(path=path).select_related("version").first()
        return Way(
            *destination(
                case,
                running,
                path=path,
                kind=kind,
                level=None if kind == Kind.FUNCTIONAL else level,
                skill=skill,
                now=now,
            )
        )
    except (Refused, ValueError, EscalationPath.DoesNotExist) as refusal:
        return Way(refused=str(getattr(refusal, "message", refusal)))


@dataclass(frozen=True)
class Wish:
    """The customer asked for a supervisor, in words: when, what is proposed and why, else until when."""

    asked: str
    why: str
    is_live: bool
    live_until: str
    is_same_day: bool
    call_back_by: str


def propose(case, form, going, now):
    """Propose to `form` how a customer who asked for a supervisor gets one, unless it says so already; the
    Wish, or None where nobody asked."""
    if form.asked is None or going.refused:
        return None
    subjects = snapshot.cases([case])[case.pk].subjects
    found = supervisor.proposal(form.asked, going.path, going.step, going.roster, subjects=subjects, now=now)
    if not form.is_bound and "mode" not in form.initial:
        zone = case.customer.time_zone
        form.initial |= {
            "mode": found.mode,
            "call_back_at": timezone.make_naive(form.asked.call_back_by, ZoneInfo(zone)),
            "call_back_zone": zone,
        }
    return Wish(
        asked=display.moment(form.asked.at, now, "day"),
        why=found.why,
        is_live=found.mode == Handoff.Mode.LIVE,
        live_until=display.clock_time(found.live_until),
        is_same_day=form.asked.is_same_day(case.customer.time_zone),
        call_back_by=both_zones(form.asked.call_back_by, case.customer, now),
    )


def preview(case, form, going, now):
    """The Preview of what `form` says at present, that would go the Way `going`."""
    if going.refused:
        return Preview(refused=going.refused)
    path, step, roster = going.path, going.step, going.roster
    within = (
        supervisor.seconds_to_acknowledge(form.asked, path, now)
        if form["mode"].value() == Handoff.Mode.LIVE
        else None
    )
    return _worded(case, path, step, roster, within, now)


def _worded(case, path, step, roster, within, now):
    shown = Preview(
        who=holder_name(step, roster),
        is_team=step.person_id is None,
        level=arrives(step, roster).partition(" → ")[0],
    )
    owed = plan.terms(step, path, roster, now, within=within)
    shown.steps.append((display.clock_time(now), _("%(who)s is told") % {"who": shown.who}, ""))
    limit = _authority(path, step)
    if limit:
        shown.level = _("%(level)s · may grant up to %(limit)s") % {
            "level": shown.level,
            "limit": euros(limit),
        }
    if owed is not None:
        calendar_id, due_at, late_after = owed
        level = path.level(step.level_number)
        shown.due_at, shown.due = due_at, display.moment(due_at, now, "day")
        shown.hours = _("%(time)s of working time to acknowledge") % {
            "time": display.duration(plan.term_of(level, within))
        }
        about = snapshot.cases([case])[case.pk]
        for announced in plan.if_nobody_acts(
            path, step.level_number, late_after, "unacknowledged", about, roster, most=4
        ):
            condition = conditions()["unacknowledged"]
            shown.steps.append(
                (display.moment(announced.at, now, "short"), arrives(announced.step, roster), condition)
            )
    shown.unchanged = _unchanged(case, now)
    return shown


def _authority(path, step):
    """How far the level goes whose holder would get it, EUR, or None."""
    if step.is_fallback:
        return None
    levels = Level.objects.filter(version=path.version_id, number=step.level_number)
    return levels.values_list("authority_limit", flat=True).first()


def draft(case, form, shown, *, by, now):
    """The word to the customer as `form` stands, in the customer's own language and zone."""
    at = call_back_typed(form) if shows_call_back(form) else None
    return wording.of_handoff(
        case, who=shown.who, kind=form["kind"].value(), due_at=shown.due_at, call_back_at=at, by=by, now=now
    )


def shows_call_back(form):
    """Whether what is chosen at present comes to a call-back."""
    mode, reached = form["mode"].value(), form["reached"].value()
    return mode == Handoff.Mode.CALL_BACK or (
        mode == Handoff.Mode.LIVE and reached == forms.Reached.CALL_BACK
    )


def call_back_typed(form):
    """The instant of the call-back as it is typed at present, or None where it is no instant yet."""
    value = form["call_back_at"].value()
    try:
        at = form.fields["call_back_at"].clean(value) if value else None
    except ValidationError:
        return None
    return at and forms.in_zone(at, form["call_back_zone"].value())


def _unchanged(case, now):
    found = [("clock", _("Clocks keep running."))]
    if case.standing.due_at:
        words = {"time": display.moment(case.standing.due_at, now)}
        found = [("clock", _("Clocks keep running; next due %(time)s.") % words)]
    if case.owner:
        found.append(("user", _("%(owner)s stays accountable as the owner.") % {"owner": case.owner}))
    return found
