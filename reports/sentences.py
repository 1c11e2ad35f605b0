"""The words of the timeline: for a history row and the one before it, what a reader is told."""

from dataclasses import dataclass, field

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from cases import display
from cases.models import CaseReading, TimerRepair
from cases.states import CaseStatus, ClockState, Metric, Priority, TimerKind
from escalations.models import Escalation, Handoff, Kind, OptionUse, PassedOver
from escalations.words import euros


@dataclass(frozen=True)
class Said:
    """One sentence after the actor's name. `who` stands in their place where a thing is the subject."""

    text: str
    icon: str
    why: str = ""
    changes: list = field(default_factory=list)
    who: str = ""
    # What stands beside a message already is not told once more among the messages.
    is_beside_message: bool = False
    # Why the rest of its instant happened: told before it.
    is_cause: bool = False


def came_by(via):
    """How it came, in a word."""
    return {
        "page": "",
        "console": _("console"),
        "api": _("API"),
        "engine": "",
        "migration": _("installation"),
        "replay": _("replay"),
    }.get(via, "")


def when(at):
    return date_format(timezone.localtime(at), "D j M, H:i")


# --- The case itself ---


def of_case(before, row, names):
    if before is None:
        yield Said(_("opened the case"), "plus")
        return
    if row.status != before.status:
        yield _moved(before, row)
    changes = list(_case_changes(before, row, names))
    if changes:
        yield changed_case(row, changes)


MOVES = {
    CaseStatus.RESOLVED: (lambda: _("resolved the case"), "check-circle"),
    CaseStatus.CLOSED: (lambda: _("closed the case"), "lock"),
}


def _moved(before, row):
    if row.status in MOVES:
        text, icon = MOVES[row.status]
        return Said(text(), icon, why=row.history_change_reason or "")
    if before.status == CaseStatus.NEW:
        return Said(_("took up the case"), "user-check")
    return Said(_("opened the case again"), "undo", why=row.history_change_reason or "")


def _case_changes(before, row, names):
    if row.priority != before.priority:
        yield "priority", _("Priority"), Priority(before.priority).label, Priority(row.priority).label
    if row.team_id != before.team_id:
        yield "team", _("Team"), names.team(before.team_id), names.team(row.team_id)
    if row.owner_id != before.owner_id:
        yield "owner", _("Owner"), names.person(before.owner_id), names.person(row.owner_id)
    if row.is_restricted != before.is_restricted:
        words = {True: _("restricted"), False: _("open to its team")}
        yield "access", _("Access"), words[before.is_restricted], words[row.is_restricted]
    if row.subject != before.subject:
        yield "subject", _("Subject"), before.subject, row.subject
    for name, word in (("category", _("Category")), ("service", _("Service")), ("contact", _("Contact"))):
        was, now = getattr(before, f"{name}_id"), getattr(row, f"{name}_id")
        if was != now:
            yield name, word, names.about(name, was), names.about(name, now)
    if row.language != before.language:
        languages = dict(settings.LANGUAGES)
        yield "language", _("Language"), languages[before.language], languages[row.language]
    if row.reference != before.reference:
        yield "reference", _("Reference elsewhere"), before.reference or _("none"), row.reference or _("none")


def changed_case(row, changes):
    """One sentence for what changed together, by what matters most in it."""
    kinds = {kind for kind, *_rest in changes}
    if kinds & {"team", "owner"}:
        text, icon = _("assigned the case"), "user"
    elif "priority" in kinds:
        text, icon = _("changed the priority"), "sliders"
    elif "access" in kinds:
        text, icon = (
            (_("restricted the case") if row.is_restricted else _("opened the case to its team")),
            "lock",
        )
    else:
        text, icon = _("corrected the case"), "pencil"
    return Said(text, icon, why=row.history_change_reason or "", changes=[rest for _kind, *rest in changes])


def of_case_tag(before, row, names):
    tag = str(names.tags.get(row.tag_id) or _("a tag"))
    if before is None:
        yield Said(_("put on the tag “%(tag)s”") % {"tag": tag}, "tag")
    elif row.removed_at and not before.removed_at:
        yield Said(_("took off the tag “%(tag)s”") % {"tag": tag}, "tag")


# --- Cases beside it ---


def of_link_from(before, row, names):
    """Of the case that is something of another."""
    other = names.case(row.target_id)
    yield from _link(before, row, other, _linked()[row.kind] % {"other": other})


def of_link_to(before, row, names):
    """Of the other case."""
    other = names.case(row.source_id)
    words = {
        "follow_up": _("opened the follow-up %(other)s"),
        "split": _("split %(other)s off from it"),
        "merged": _("merged %(other)s into it"),
        "duplicate": _("linked %(other)s as its duplicate"),
        "caused_by": _("linked %(other)s as caused by it"),
    }
    yield from _link(before, row, other, {**_linked(), **words}[row.kind] % {"other": other})


def _linked():
    return {
        "related": _("linked it with %(other)s"),
        "caused_by": _("linked it as caused by %(other)s"),
        "duplicate": _("linked it as a duplicate of %(other)s"),
        "follow_up": _("opened it as a follow-up of %(other)s"),
        "split": _("split it off from %(other)s"),
        "merged": _("merged it into %(other)s"),
    }


def _link(before, row, other, text):
    if before is None:
        yield Said(text, "link", why=row.reason)
    elif row.ended_at and not before.ended_at:
        yield Said(
            _("ended the link with %(other)s") % {"other": other}, "link", why=row.history_change_reason or ""
        )


def of_attempt(before, row, names):
    if before is None:
        yield Said(_("noted what was tried: “%(what)s”") % {"what": row.what}, "note")


# --- What is owed ---


def of_pause(before, row, names):
    reason = str(names.reasons.get(row.reason_id) or "")
    if before is None:
        why = f"{reason}: {row.note}" if row.note else reason
        text = _("paused the clocks until %(time)s") % {"time": when(row.expected_end_at)}
        yield Said(text, "pause", why=why)
    elif row.ended_at and not before.ended_at:
        yield Said(_("resumed the clocks"), "play", why=reason)


def of_party(before, row, names):
    if before is not None and row.kind == before.kind:
        return
    words = {"who": names.person(row.person_id)}
    text = {
        "access": _("named %(who)s on the case, with access"),
        "subject": _("named %(who)s as the subject of the complaint"),
        "former": _("named %(who)s on the case no more"),
    }[row.kind]
    yield Said(text % words, "lock", why=row.reason)


def of_stand_in(before, row, names):
    words = {"who": names.person(row.person_id), "whom": names.person(row.instead_of_id)}
    if before is None:
        yield Said(_("asked %(who)s in place of %(whom)s") % words, "who")
    elif row.ended_at and not before.ended_at:
        yield Said(_("asked %(who)s in place of %(whom)s no more") % words, "who")


def of_promise(before, row, names):
    words = {"what": row.what, "time": when(row.due_at)}
    if before is None:
        yield Said(_("promised “%(what)s” by %(time)s") % words, "flag")
        return
    if row.kept_by_id and row.kept_by_id != before.kept_by_id:
        said = {**words, "who": names.person(row.kept_by_id)}
        text = _("gave the promise “%(what)s” to %(who)s") % said
        yield Said(text, "flag", why=row.history_change_reason or "")
    if row.broken_at and not before.broken_at:
        yield Said(_("was broken"), "flag", who=_("The promise “%(what)s”") % words)
    if row.state != before.state:
        endings = {
            "kept": _("kept the promise “%(what)s”"),
            "replaced": _("gave a new date for “%(what)s”"),
            "withdrawn": _("withdrew the promise “%(what)s”"),
        }
        if row.state in endings:
            why = row.history_change_reason or "" if row.state == "withdrawn" else ""
            yield Said(endings[row.state] % words, "flag", why=why)


def of_attachment(before, row, names):
    if before is None:
        words = {"name": row.name or _("a file whose name was erased"), "size": filesizeformat(row.size)}
        yield Said(_("attached “%(name)s” (%(size)s)") % words, "clip", is_beside_message=True)


def of_clock(before, row, names):
    name = _clock_name(row)
    # A ladder's terms are told by its handoffs.
    if before is None or row.breach_kind != TimerKind.CLOCK_BREACHED:
        return
    if row.breached_at and not before.breached_at:
        yield Said(
            _("was breached: due %(time)s") % {"time": when(row.due_at or row.breached_at)},
            "octagon",
            who=name,
        )
    if row.state != before.state and row.state == ClockState.MET:
        took = display.duration(row.elapsed_seconds or 0)
        yield Said(_("met in %(time)s") % {"time": took}, "clock", who=name)
    if before.due_at and row.due_at and before.due_at != row.due_at:
        yield Said(
            _("is due anew"), "clock", who=name, changes=[(_("Due"), when(before.due_at), when(row.due_at))]
        )


def _clock_name(row):
    metric = Metric(row.metric).label
    return f"{metric}: {row.label}" if row.label else str(metric)


# --- Who looked ---


def of_case_reading(before, row, names):
    if before is not None:
        return
    if row.kind == CaseReading.Kind.AUDIT:
        yield Said(_("read this case"), "eye")
    else:
        words = {"time": when(row.until)}
        yield Said(_("opened the rest of this case until %(time)s") % words, "eye", why=row.reason)


# --- The ladder ---


def of_escalation(before, row, names):
    if before is not None and row.severity > before.severity:
        # The engine's reason is a technical one; what set it off is told by itself.
        why = "" if row.history_via == "engine" else row.history_change_reason or ""
        text = _("raised the severity of the escalation to %(severity)d") % {"severity": row.severity}
        yield Said(text, "triangle", why=why)
    if before is not None and row.state == Escalation.State.ENDED and before.state != row.state:
        yield _ended(row)


def _ended(row):
    if row.outcome == Escalation.Outcome.DEESCALATED:
        return Said(_("de-escalated the case"), "steps", why=row.history_change_reason or "")
    how = Escalation.Outcome(row.outcome).label
    return Said(_("ended the escalation: %(how)s") % {"how": how}, "steps")


def of_handoff(before, row, names):
    to = names.person(row.to_person_id) if row.to_person_id else names.team(row.to_team_id)
    words = {"who": to, "level": row.level_number}
    if before is None:
        yield Said(_handed(row) % words, "steps", why=row.reason)
    elif row.state != before.state:
        yield from _answered(row, words)


def _is_at_fallback(row):
    """Above the top level nothing is owed to anybody in time; each level has its term to acknowledge."""
    return row.acknowledge_clock_id is None


def _handed(row):
    if row.kind == Kind.AUTOMATIC:
        if _is_at_fallback(row):
            return _("sent the case to %(who)s, the fallback holder")
        return _("sent the case to %(who)s, level %(level)d")
    if _is_at_fallback(row):
        return _("handed the case to %(who)s, the fallback holder")
    return _("handed the case to %(who)s, level %(level)d")


def _answered(row, words):
    if row.state == Handoff.State.ACKNOWLEDGED:
        at_fallback, at_level = _("acknowledged as the fallback holder"), _("acknowledged level %(level)d")
        yield Said((at_fallback if _is_at_fallback(row) else at_level) % words, "user-check")
    elif row.state == Handoff.State.DECLINED:
        yield Said(_("declined level %(level)d") % words, "undo", why=row.decline_reason, is_cause=True)
    elif row.state == Handoff.State.RAN_OUT:
        said = _("did not acknowledge level %(level)d in time") % words
        yield Said(said, "triangle", who=words["who"], is_cause=True)


def of_step_tick(before, row, names):
    step = names.steps.get(row.step_id)
    words = {"step": step.text if step is not None else _("a step")}
    if before is None:
        yield Said(_("ticked “%(step)s”") % words, "check")
    elif row.taken_back_at and not before.taken_back_at:
        yield Said(_("took back the tick at “%(step)s”") % words, "undo")


def of_option_use(before, row, names):
    if before is not None:
        return
    option = names.options.get(row.option_id) or _("an option")
    if row.amount is not None:
        option = f"{option}, {euros(row.amount)}"
    words = {"option": option}
    if row.outcome == OptionUse.Outcome.SKIPPED:
        yield Said(_("skipped the option “%(option)s”") % words, "slashed", why=row.skipped_because)
        return
    said = {
        OptionUse.Outcome.OFFERED: _("offered the customer “%(option)s”"),
        OptionUse.Outcome.ACCEPTED: _("offered “%(option)s”, and the customer accepted"),
        OptionUse.Outcome.DECLINED: _("offered “%(option)s”, and the customer declined"),
    }
    yield Said(said[row.outcome] % words, "scales", why=row.note)


def of_question(before, row, names):
    if before is None:
        words = {"who": names.person(row.asked_of_id)}
        yield Said(_("asked %(who)s back about the handoff") % words, "help", why=row.text)
    elif row.answered_at and not before.answered_at:
        yield Said(_("answered the question about the handoff"), "chat", why=row.answer)


def of_passed_over(before, row, names):
    if before is not None or (row.why == PassedOver.Why.DECLINED and row.person_id == row.history_user_id):
        return  # that they declined is told already
    words = {"level": row.level_number, "why": PassedOver.Why(row.why).label}
    if row.person_id:
        text = _("passed over %(who)s at level %(level)d (%(why)s)")
        words["who"] = names.person(row.person_id)
    else:
        text = _("passed over level %(level)d (%(why)s)")
    yield Said(text % words, "slashed", why=row.detail if row.why == PassedOver.Why.LATE else "")


# --- The reconciler ---

REPAIRED = {
    TimerRepair.Finding.MISSING: lambda: _("found a timer missing and armed it: %(timer)s"),
    TimerRepair.Finding.UNDONE: lambda: _("found a timer fired without effect and armed it again: %(timer)s"),
    TimerRepair.Finding.MOVED: lambda: _("found a timer at the wrong time and set it right: %(timer)s"),
    TimerRepair.Finding.STRAY: lambda: _("found a timer that nothing asks for and took it back: %(timer)s"),
    TimerRepair.Finding.SCHEDULE: lambda: _("worked out anew when a clock is due: %(timer)s"),
    TimerRepair.Finding.STANDING: lambda: _("worked out anew what this case owes next"),
}


def of_timer_repair(before, row, names):
    if before is not None:
        return
    timer, changes = row.get_kind_display(), []
    if row.was_due_at is None or row.due_at is None:
        # It came or it went: there is one time to tell.
        at = row.due_at or row.was_due_at
        timer += f", {when(at)}" if at else ""
    elif row.was_due_at != row.due_at:
        changes = [(_("Due"), when(row.was_due_at), when(row.due_at))]
    elif row.finding == TimerRepair.Finding.MOVED:
        changes = [(_("Wakes"), when(row.was_wake_at), when(row.due_at))]
    yield Said(REPAIRED[row.finding]() % {"timer": timer}, "clock", changes=changes)
