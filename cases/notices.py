"""What a notice says, in its reader's language and zone: one sentence for lists and subjects, the rest for
mail."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import roles, surveys
from .display import zone_city
from .models import Ask, Message, Notice, NoticeKind, Survey
from .states import Metric

ICONS = {
    NoticeKind.ASSIGNED: "user",
    NoticeKind.TARGET_AT_RISK: "triangle",
    NoticeKind.TARGET_BREACHED: "octagon",
    NoticeKind.PROMISE_AT_RISK: "flag",
    NoticeKind.PROMISE_BROKEN: "flag",
    NoticeKind.PAUSE_ENDED: "pause",
    NoticeKind.HANDOFF: "steps",
    NoticeKind.HANDOFF_INFORMED: "steps",
    NoticeKind.HOLDER_REMINDER: "bell",
    NoticeKind.DEESCALATED: "check",
    NoticeKind.DECISION_WAITING: "scales",
    NoticeKind.DECISION_APPROVED: "check",
    NoticeKind.DECISION_SENT_BACK: "undo",
    NoticeKind.MENTIONED: "at",
    NoticeKind.NAMED: "lock",
    NoticeKind.CALL_LOGGED: "phone",
    NoticeKind.CASE_MERGED: "link",
    NoticeKind.ASKED_BACK: "help",
    NoticeKind.ANSWERED_BACK: "chat",
    NoticeKind.SEVERITY_RAISED: "triangle",
    NoticeKind.TIMER_SET_ASIDE: "slashed",
    NoticeKind.MATRIX_CHANGED: "steps",
    NoticeKind.PASSED_ON: "inbox",
    NoticeKind.TURN_GAINED: "calendar",
    NoticeKind.TURN_LOST: "calendar",
    NoticeKind.SURVEY_LOW: "chat",
}


def when(facts, name="due_at"):
    """The instant `facts[name]` in the current zone, or an empty string."""
    text = facts.get(name)
    return (
        formats.date_format(timezone.localtime(datetime.fromisoformat(text)), "DATETIME_FORMAT")
        if text
        else ""
    )


def sentence(notice):
    """One sentence: what happened, and by when something is owed. In the language and zone that are
    active."""
    facts = notice.facts
    words = {
        "metric": _label(facts),
        "due": when(facts),
        "level": facts.get("level", ""),
        "path": facts.get("path", ""),
        "what": facts.get("what", ""),
        "reason": facts.get("reason", ""),
        "severity": facts.get("severity", ""),
        "timer": facts.get("timer", ""),
        "who": facts.get("who", ""),
        "into": facts.get("into", ""),
        "number": notice.case.number if notice.case_id else "",
        "until": when(facts, "until_at"),
        "n": facts.get("turns", 1),
        "score": facts.get("score", ""),
        "best": facts.get("best", ""),
    }
    if notice.kind == NoticeKind.HANDOFF and not words["due"]:
        # The fallback holder is nobody's next to last: no term of theirs runs out.
        return _("%(number)s was handed to you as the last resort of “%(path)s”") % words
    if notice.kind == NoticeKind.HANDOFF and facts.get("instead_of"):
        words["who"] = facts["instead_of"]
        return (
            _("%(number)s was handed to you in place of %(who)s, level %(level)s: acknowledge by %(due)s")
            % words
        )
    if notice.kind == NoticeKind.CALL_LOGGED and words["what"]:
        return _("%(number)s: %(who)s took a call and said “%(what)s” would be done; see to it") % words
    if notice.kind == NoticeKind.MATRIX_CHANGED and not words["what"]:
        return _("%(who)s put the escalation matrix in another order") % words
    if notice.kind == NoticeKind.PASSED_ON and "things" in facts:
        things = ngettext("%(n)d thing", "%(n)d things", facts["things"])
        words["what"] = things % {"n": facts["things"]}
    if notice.kind in (NoticeKind.TURN_GAINED, NoticeKind.TURN_LOST) and words["n"] > 1:
        return _turns(notice.kind, words["n"]) % words
    return _sentences()[notice.kind] % words


def _turns(kind, number):
    if kind == NoticeKind.TURN_GAINED:
        return ngettext(
            "%(who)s put you on duty for %(what)s: %(n)d turn between %(due)s and %(until)s",
            "%(who)s put you on duty for %(what)s: %(n)d turns between %(due)s and %(until)s",
            number,
        )
    return ngettext(
        "%(who)s took you off duty for %(what)s: %(n)d turn between %(due)s and %(until)s",
        "%(who)s took you off duty for %(what)s: %(n)d turns between %(due)s and %(until)s",
        number,
    )


def _label(facts):
    if facts.get("label"):
        return facts["label"]
    return Metric(facts["metric"]).label if facts.get("metric") else ""


def _sentences():
    return {
        NoticeKind.CASE_RECEIVED: _("We have received your case %(number)s"),
        NoticeKind.REPLY: _("Your case %(number)s"),
        NoticeKind.ASSIGNED: _("%(number)s is yours now"),
        NoticeKind.TARGET_AT_RISK: _("%(number)s is at risk: %(metric)s is due %(due)s"),
        NoticeKind.TARGET_BREACHED: _("%(number)s is late: %(metric)s was due %(due)s"),
        NoticeKind.PROMISE_AT_RISK: _("%(number)s: “%(what)s” is promised for %(due)s"),
        NoticeKind.PROMISE_BROKEN: _(
            "%(number)s: the promise “%(what)s” for %(due)s is broken; a new date is owed"
        ),
        NoticeKind.PAUSE_ENDED: _("%(number)s: the pause is over, its clocks run again"),
        NoticeKind.HANDOFF: _(
            "%(number)s was handed to you, level %(level)s of “%(path)s”: acknowledge by %(due)s"
        ),
        NoticeKind.HANDOFF_INFORMED: _("%(number)s went to level %(level)s of “%(path)s”"),
        NoticeKind.HOLDER_REMINDER: _("%(number)s still waits for your acknowledgement, level %(level)s"),
        NoticeKind.HANDOFF_DECLINED: _("%(number)s: the handoff was declined"),
        NoticeKind.DEESCALATED: _("%(number)s came back to you: %(reason)s"),
        NoticeKind.DECISION_WAITING: _("%(number)s: a decision on “%(what)s” waits for your approval"),
        NoticeKind.DECISION_APPROVED: _("%(number)s: your decision on “%(what)s” is approved"),
        NoticeKind.DECISION_SENT_BACK: _("%(number)s: your decision on “%(what)s” came back: %(reason)s"),
        NoticeKind.MENTIONED: _("%(who)s mentions you on %(number)s"),
        NoticeKind.NAMED: _("%(who)s named you on %(number)s, a restricted case: %(reason)s"),
        NoticeKind.CALL_LOGGED: _("%(number)s: %(who)s took a call"),
        NoticeKind.CASE_MERGED: _("%(number)s goes on as %(into)s"),
        NoticeKind.ASKED_BACK: _("%(number)s: %(who)s asks you about the handoff: “%(what)s”"),
        NoticeKind.ANSWERED_BACK: _("%(number)s: %(who)s answered your question: “%(what)s”"),
        NoticeKind.SEVERITY_RAISED: _(
            "%(number)s: its escalation is now of severity %(severity)s: %(reason)s"
        ),
        NoticeKind.TIMER_SET_ASIDE: _("%(number)s: “%(timer)s” cannot run and was set aside"),
        NoticeKind.SURVEY: _("%(number)s: how content are you?"),
        NoticeKind.MATRIX_CHANGED: _("%(who)s changed the escalation matrix: %(what)s"),
        NoticeKind.PASSED_ON: _("%(who)s works here no longer; what they had is yours now: %(what)s"),
        NoticeKind.TURN_GAINED: _("%(who)s put you on duty for %(what)s from %(due)s until %(until)s"),
        NoticeKind.TURN_LOST: _("%(who)s took you off duty for %(what)s from %(due)s until %(until)s"),
        NoticeKind.SURVEY_LOW: _(
            "%(number)s: the customer gave %(score)s of %(best)s for how it was handled"
        ),
    }


def page_of(notice, reader):
    """Where `reader` sees what `notice` is about: an address, or an empty text.

    Of turns of duty that is the roster, of a timer that cannot run the watchdog, each for those who may open
    it; of a matrix that changed the matrix; of all else its case.
    """
    if notice.kind == NoticeKind.MATRIX_CHANGED:
        return reverse("matrix")
    if notice.kind == NoticeKind.PASSED_ON:
        return reverse("case-list")
    if notice.kind in (NoticeKind.TURN_GAINED, NoticeKind.TURN_LOST):
        return _roster(notice) if roles.may_enter_console(reader) else ""
    if notice.kind == NoticeKind.TIMER_SET_ASIDE and roles.may(reader, "engine.watch"):
        return f"{reverse('watchdog')}#set-aside"
    return reverse("case", args=[notice.case.number]) if notice.case_id else ""


def _roster(notice):
    day = timezone.localtime(datetime.fromisoformat(notice.facts["due_at"])).date()
    return f"{reverse('admin:cases_duty_roster')}?week={day}"


def _owed(notice):
    """What a customer is told that they are owed, the soonest first."""
    if not notice.contact_id:
        return []
    return list(notice.case.clocks.running().select_related("statute").order_by("due_at", "pk"))


def _asked(notice):
    """What the customer asks as it is written down now, a line each, of a notice that says it back."""
    asks = Ask.objects.filter(pk__in=notice.facts["asks"]) if "asks" in notice.facts else ()
    return [" ".join(ask.text.split()) for ask in sorted(asks, key=lambda ask: ask.position)]


def _question(notice):
    """Where a survey is answered, and until when. The link stands in the mail alone, not in the outbox."""
    asked = notice.facts.get("survey")
    survey = Survey.objects.filter(pk=asked).first() if asked else None
    if survey is None:
        return {}
    until = formats.date_format(timezone.localtime(survey.expires_at), "DATETIME_FORMAT")
    return {"survey_link": surveys.link(survey.pk), "survey_until": until}


def mail(notice):
    """(subject, text) of a notice that leaves by mail, in the recipient's language and zone."""
    message = (
        Message.objects.filter(pk=notice.facts["message"]).first() if "message" in notice.facts else None
    )
    return _mail(notice, message)


def mail_of_reply(case, contact, body):
    """(subject, text) of the mail that a reply with this `body` would be. Nothing is written."""
    notice = Notice(case=case, contact=contact, kind=NoticeKind.REPLY)
    return _mail(notice, Message(case=case, body=body))


def _mail(notice, message):
    to = notice.person or notice.contact
    zone = ZoneInfo(notice.person.time_zone if notice.person_id else notice.case.customer.time_zone)
    with translation.override(to.language), timezone.override(zone):
        context = {
            "notice": notice,
            "case": notice.case,
            "to": to,
            "facts": notice.facts,
            "sentence": sentence(notice),
            "message": message,
            "zone": zone_city(zone.key),
            "owed": _owed(notice),
            "asked": _asked(notice),
            **_question(notice),
            "url": settings.SITE_URL.rstrip("/") + page_of(notice, notice.person),
        }
        kind = notice.kind if notice.contact_id else "person"
        # A subject has one line, whatever a customer wrote into theirs.
        subject = " ".join(render_to_string(f"emails/{kind}/subject.txt", context).split())
        return subject, render_to_string(f"emails/{kind}/body.txt", context)
