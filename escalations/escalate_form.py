"""What the escalate form is prefilled with, where it may send a case, and what would follow."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from cases import display
from cases.errors import Refused
from cases.models import Attempt, Skill
from escalations import forms, plan, snapshot
from escalations.models import EscalationPath, Handoff, Kind
from escalations.operations.automatic import last_words
from escalations.operations.escalate import destination
from escalations.words import arrives, conditions, holder_name


@dataclass
class Preview:
    """The right side of the form: who gets it, by when, then what; or why it cannot go there."""

    who: str = ""
    is_team: bool = False
    level: str = ""
    due: str = ""
    hours: str = ""
    steps: list = field(default_factory=list)  # (time, what, on what condition)
    unchanged: list = field(default_factory=list)
    refused: str = ""


def destinations(case, now):
    """[(value, "Billing disputes, level 2: Ana Ruiz"), …]: each level a case may be handed to."""
    paths = EscalationPath.objects.filter(is_active=True)
    in_force = paths.version_in_force(now)
    facts = snapshot.paths(v.pk for v in in_force.values())
    roster, about = snapshot.roster(since=now), snapshot.cases([case])[case.pk]
    running = {e.path_id: e for e in case.escalations.running().select_related("version")}
    # On a running path the levels of its own version count, and only those above the present one.
    facts |= snapshot.paths(e.version_id for e in running.values())
    ordered = sorted(in_force.items(), key=lambda pair: (pair[0] not in running, facts[pair[1].pk].name))
    choices = []
    for path_id, version in ordered:
        current = running.get(path_id)
        path = facts[current.version_id if current else version.pk]
        for level in path.levels:
            if current and level.number <= current.level_number:
                continue
            step = plan.climb(path, level.number, about, roster, now)
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
    ours = case.messages.exclude(direction="in").select_related("author").order_by("-occurred_at")[:4]
    tried = [attempt.what for attempt in Attempt.objects.known_on(case)]
    earlier = Handoff.objects.filter(escalation__case=case).order_by("-pk").first()
    if earlier is not None:
        tried += [line for line in earlier.tried.splitlines() if line.strip() and line not in tried]
    tried += [
        f"{display.moment(m.occurred_at, now)}, {m.author or _('the desk')}: {m.body[:160]}"
        for m in reversed(list(ours))
        if earlier is None or m.occurred_at > earlier.made_at
    ]
    return {
        "kind": Kind.HIERARCHICAL,
        "background": background,
        "tried": "\n".join(tried),
        "told_customer": "\n".join(told),
    }


def preview(case, form, now):
    """The Preview of what `form` says at present."""
    kind, to = (
        form["kind"].value(),
        form["to"].value() or next((v for v, _w in form.fields["to"].choices), ""),
    )
    if not to:
        return Preview(refused=_("No path is in force; a manager publishes one in the console."))
    skill = Skill.objects.filter(pk=form["skill"].value() or 0).first()
    if kind == Kind.FUNCTIONAL and skill is None:
        return Preview(refused=_("Choose the skill that is needed, to see who has it."))
    try:
        path, level = forms.path_and_level(to)
        running = case.escalations.running().filter(path=path).select_related("version").first()
        facts, step, roster = destination(
            case,
            running,
            path=path,
            kind=kind,
            level=None if kind == Kind.FUNCTIONAL else level,
            skill=skill,
            now=now,
        )
    except (Refused, ValueError, EscalationPath.DoesNotExist) as refusal:
        return Preview(refused=str(getattr(refusal, "message", refusal)))
    return _worded(case, facts, step, roster, now)


def _worded(case, path, step, roster, now):
    shown = Preview(
        who=holder_name(step, roster),
        is_team=step.person_id is None,
        level=arrives(step, roster).partition(" → ")[0],
    )
    owed = plan.terms(step, path, roster, now)
    shown.steps.append((display.clock_time(now), _("%(who)s is told") % {"who": shown.who}, ""))
    if owed is not None:
        calendar_id, due_at, late_after = owed
        level = path.level(step.level_number)
        shown.due = display.moment(due_at, now, "day")
        shown.hours = _("%(time)s of working time to acknowledge") % {
            "time": display.duration(level.acknowledge_seconds)
        }
        about = snapshot.cases([case])[case.pk]
        for announced in plan.if_nobody_acts(
            path, step.level_number, late_after, "unacknowledged", about, roster, most=4
        ):
            condition = conditions()["unacknowledged"]
            shown.steps.append(
                (display.moment(announced.at, now), arrives(announced.step, roster), condition)
            )
    shown.unchanged = _unchanged(case, now)
    return shown


def _unchanged(case, now):
    found = [("clock", _("Clocks keep running."))]
    if case.standing.due_at:
        words = {"time": display.moment(case.standing.due_at, now)}
        found = [("clock", _("Clocks keep running; next due %(time)s.") % words)]
    if case.owner:
        found.append(("user", _("%(owner)s stays accountable as the owner.") % {"owner": case.owner}))
    return found
