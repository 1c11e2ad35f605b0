"""What a case that is being taken down is like, and what would come of it; and what would come of correcting
one: for the side of their forms."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from cases import display, law_words, likeness
from cases.errors import Refused
from cases.forms import CorrectForm
from cases.models import Channel
from cases.operations import foreseeing, intake
from cases.terms import Term

# The fields of the form that decide where a case goes and what it is like.
DECIDE = ("contact", "channel", "service", "category", "impact", "urgency", "received_at")


@dataclass(frozen=True)
class Owed:
    """One term the case would get: what, how long, and when it would be due, here and at the customer's."""

    name: str
    term: str
    due: str
    there: str
    due_at: datetime


def look_ahead(form, customer, reader, now):
    """The context of cases/_ahead.html, of a form as it stands. Writes and locks nothing."""
    known = {"channel": Channel.PHONE, **_known(form)}
    subject = str(form["subject"].value() or "")
    about = {"service": known.get("service"), "category": known.get("category"), "subject": subject}
    context = {
        "lacking": _lacking(form, known),
        "similar": likeness.open_cases(customer=customer, reader=reader, **about),
        "precedents": likeness.precedents(reader=reader, **about),
    }
    try:
        foreseen = intake.foresee(customer=customer, now=now, **known)
    except Refused as refusal:
        return context | {"refused": " ".join(refusal.messages)}
    return context | {
        "foreseen": foreseen,
        "rule": rule_words(foreseen.rule),
        "owed": [_owed(clock, customer, now) for clock in sorted(foreseen.clocks, key=lambda c: c.due_at)],
    }


def _lacking(form, known):
    """What the category needs to know of the contact and is not there yet, in a sentence. Who is written down
    as somebody new counts before who is chosen, as when the case is opened."""
    if form.is_somebody_else:
        reach = {name: str(form[f"contact_{name}"].value() or "").strip() for name in ("phone", "email")}
    else:
        contact = known.get("contact")
        reach = {"phone": contact.phone, "email": contact.email} if contact else {}
    return intake.lacks(known.get("category"), **reach)


def _known(form):
    """Of what decides, what is filled in and makes sense; the rest is left out as if it were not there."""
    known = {}
    for name in DECIDE:
        field, value = form.fields[name], form[name].value()
        try:
            value = field.clean(form[name].data if form.is_bound else value)
        except ValidationError:
            continue
        if value not in (None, ""):
            known[name] = value
    return known


def _owed(clock, customer, now):
    there = clock.due_at.astimezone(ZoneInfo(customer.time_zone))
    is_same = display.local_time(clock.due_at, customer.time_zone) == display.clock_time(clock.due_at)
    words = {"time": date_format(there, "D H:i"), "city": display.zone_city(customer.time_zone)}
    return Owed(
        name=_name(clock),
        term=_term(clock),
        due=display.moment(clock.due_at, now, "day"),
        there="" if is_same else _("%(time)s in %(city)s") % words,
        due_at=clock.due_at,
    )


def _term(clock):
    if not clock.rule:
        return display.duration(clock.term_seconds)
    term = Term.read(clock.rule)
    words = law_words.amount(term.amount, term.unit)
    return words if clock.statute.is_certain else _("%(term)s, to be confirmed") % {"term": words}


@dataclass(frozen=True)
class Changed:
    """One term of a case once it is corrected: what, until when, and until when it was before."""

    name: str
    due: str
    before: str = ""
    pill: display.Pill | None = None


def look_again(case, typed, now):
    """The context of cases/_terms.html, of a form of correction as it was `typed`; empty where neither the
    category nor the service is another one. Writes and locks nothing."""
    form = CorrectForm(case=case)
    given = {}
    for name in ("category", "service"):
        try:
            chosen = form.fields[name].clean(typed[name])
        except (KeyError, ValidationError):
            continue
        if getattr(case, f"{name}_id") != (chosen and chosen.pk):
            given[name] = chosen
    if not given:
        return {}
    try:
        corrected = foreseeing.by_correction(case, now=now, **given)
    except Refused as refusal:
        return {"refused": " ".join(refusal.messages)}
    changed = [_changed(term, now) for term in corrected.terms]
    changed += [Changed(_name(clock), _("stops: nothing is owed")) for clock in corrected.gone]
    return {"corrected": corrected, "changed": changed}


def _name(clock):
    return law_words.clock_name(clock) if clock.rule else display.clock_name(clock)


def _changed(term, now):
    clock = term.clock
    if clock.due_at is None:
        words = _("stands still; its term would be %(term)s") % {"term": display.duration(clock.term_seconds)}
        return Changed(_name(clock), words)
    before = display.moment(term.due_before, now, "day") if term.due_before and not term.is_same else ""
    pill = display.Pill(_("as now")) if term.is_same else None
    if clock.late_after < now and not clock.is_breached:
        pill = display.Pill(_("breached at once"), "danger", "octagon")
    elif term.is_new:
        pill = display.Pill(_("new"), "info")
    due = _("due %(time)s") % {"time": display.moment(clock.due_at, now, "day")}
    return Changed(_name(clock), due, before, pill)


def rule_words(rule):
    """Why this team: what the intake rule asks for."""
    if rule is None:
        return ""
    asked = [
        str(words)
        for words in (
            rule.category,
            rule.tier and rule.get_tier_display(),
            rule.channel and rule.get_channel_display(),
            rule.language and rule.get_language_display(),
            rule.account_manager,
        )
        if words
    ]
    return _("by the rule for %(asked)s") % {"asked": ", ".join(asked) or _("any case")}
