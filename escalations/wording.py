"""Words to customers, drafted: in their language and zone, for somebody here to read and send."""

from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cases.wording import language_of, letter, there
from escalations.models import Kind, Option
from escalations.words import euros

# What whoever sends a draft has to fill in; it never leaves with it.
GAP = "[…]"


def of_handoff(case, *, who, kind, due_at, call_back_at, by, now):
    """Why the case moves, who is next, and by when they hear. `due_at`, `call_back_at`: aware or None."""
    zone = ZoneInfo(case.customer.time_zone)
    with translation.override(language_of(case)), timezone.override(zone):
        why = {
            Kind.FUNCTIONAL: _("your case %(number)s needs a specialist"),
            Kind.HIERARCHICAL: _("your case %(number)s needs a decision that somebody else has to take"),
            Kind.PRIORITY: _("your case %(number)s is too urgent for the usual way"),
        }.get(kind, _("your case %(number)s goes on to a colleague"))
        parts = [why % {"number": case.number} + "."]
        if who:
            parts.append(_("%(who)s has it from now on, with everything you told us.") % {"who": who})
        if call_back_at is not None:
            parts.append(_("We call you back on %(when)s.") % {"when": there(call_back_at, zone.key)})
        elif due_at is not None:
            parts.append(_("You will hear from us by %(when)s.") % {"when": there(due_at, zone.key)})
        parts[0] = parts[0][:1].upper() + parts[0][1:]
        return letter(case, " ".join(parts), by)


def of_option(case, option, *, by):
    """The words an option comes with, or a general text for its kind."""
    with translation.override(language_of(case)):
        return letter(case, option.wording.strip() or _general()[option.kind], by)


def _general():
    return {
        Option.Kind.APOLOGY: _(
            "What happened should not have happened, and I apologise for it. It is our fault, not yours."
        ),
        Option.Kind.EXPLANATION: _("You are owed an explanation. This is what happened, and why: […]"),
        Option.Kind.CALL: _("My manager would like to speak with you in person. When may we call you?"),
        Option.Kind.GOODWILL: _("As a sign of goodwill we would like to credit you with […] EUR."),
        Option.Kind.COMPENSATION: _("For what this has cost you we offer you a compensation of […] EUR."),
        Option.Kind.EXCEPTION: _("We make an exception for you: […]"),
    }


def of_use(use):
    """An option's use in a line: "Goodwill credit, EUR 40: declined"."""
    option = str(use.option) if use.amount is None else f"{use.option}, {euros(use.amount)}"
    line = f"{option}: {use.get_outcome_display()}"
    because = use.skipped_because or use.note
    return f"{line} ({because})" if because else line
