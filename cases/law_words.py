"""What a law says, in words: its terms, how they are counted, how certain it is."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases.states import EndsOn
from cases.terms import Unit

MILESTONES = {
    "acknowledge": gettext_lazy("Acknowledge"),
    "adr_letter": gettext_lazy("Write how to take it to dispute resolution"),
    "customer_cure": gettext_lazy("The customer completes what is missing"),
    "customer_cure_minimum": gettext_lazy("Leave the customer to complete what is missing, at least"),
    "determine": gettext_lazy("Find out whether there was an error"),
    "final_or_fspo_notice": gettext_lazy("Final answer, or notice of the ombudsman"),
    "final_response": gettext_lazy("Final answer"),
    "forward_to_firm": gettext_lazy("Forward to the firm"),
    "hierarchical_handoff": gettext_lazy("Hand over to a supervisor"),
    "notify": gettext_lazy("Notify the decision"),
    "notify_authority": gettext_lazy("Notify the authority"),
    "repair": gettext_lazy("Repair"),
    "replace": gettext_lazy("Replace"),
    "resolve": gettext_lazy("Resolve"),
    "resolve_informally": gettext_lazy("Resolve at once, with a summary"),
    "respond": gettext_lazy("Answer"),
    "retain": gettext_lazy("Keep the record"),
    "satisfy": gettext_lazy("Satisfy the claim"),
    "update": gettext_lazy("Tell how it stands"),
}
CERTAINTIES = {
    "A": gettext_lazy("A, read in the law"),
    "B": gettext_lazy("B, a regulator’s notice or a source that states the rule"),
    "C": gettext_lazy("C, one source, perhaps stale"),
    "D": gettext_lazy("D, from memory"),
}


def said(text):
    """A text of the packs' files (cases/packs/texts.py has them all) in the reader's language; where there is
    none, nothing."""
    return _(text) if text else ""


def amount(number, unit):
    """ "15 business days", "2 hours"; where the law gives no number, that."""
    if unit == "prompt":
        return _("promptly, no number")
    if unit == "none":
        return _("no number")
    return _units(number)[unit] % {"n": number}


def _units(n):
    return {
        Unit.MINUTES: ngettext("%(n)d minute", "%(n)d minutes", n),
        Unit.HOURS: ngettext("%(n)d hour", "%(n)d hours", n),
        Unit.BUSINESS_DAYS: ngettext("%(n)d business day", "%(n)d business days", n),
        Unit.CALENDAR_DAYS: ngettext("%(n)d calendar day", "%(n)d calendar days", n),
        Unit.WEEKS: ngettext("%(n)d week", "%(n)d weeks", n),
        Unit.MONTHS: ngettext("%(n)d month", "%(n)d months", n),
        "years": ngettext("%(n)d year", "%(n)d years", n),
    }


def milestone(fact):
    return str(MILESTONES[fact.milestone])


def promise(fact):
    """What a term promises: "Resolve: 15 business days"."""
    return _("%(what)s: %(term)s") % {"what": milestone(fact), "term": amount(fact.amount, fact.unit)}


def watched(fact):
    """What a desk sees of it: what ends its clock, or why none runs."""
    if fact.ends_on == EndsOn.ANSWERED:
        return _("Ends with the first public word by a person.")
    if fact.ends_on == EndsOn.RESOLVED:
        return _("Ends when the case is resolved.")
    if fact.unit in ("prompt", "none"):
        return _("Information: the law gives no number, so no clock runs.")
    return _("Information: the desk cannot see it happen, so no clock runs.")


def counting(term):
    """How the days of a terms.Term are counted; nothing for hours and minutes."""
    if term.unit in (Unit.HOURS, Unit.MINUTES):
        return ""
    first = _("day of the event counted") if term.first_day_counts else _("day of the event not counted")
    last = (
        _("last day moves to the next business day") if term.gives_way else _("last day stays where it falls")
    )
    return f"{first}, {last}"


def certainty(letter):
    return str(CERTAINTIES[letter])


def clock_name(clock):
    """What a clock of a law asks for, and by which article: "Resolve: Ley 10/2025 art.17.1"."""
    fact = clock.statute.fact
    what = milestone(fact) if fact else clock.get_metric_display()
    return _("%(what)s: %(source)s") % {"what": what, "source": clock.label}
