"""Words to customers: what a reply template's placeholders stand for on one case, and letters drafted for
somebody here to read and send. In the customer's language and zone."""

from zoneinfo import ZoneInfo

from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from cases import placeholders
from cases.display import zone_city
from cases.models import PersonPreference, Promise
from cases.states import Metric

# The terms a customer is told of; those of our own ladder are ours.
TOLD_TO_CUSTOMERS = (Metric.FIRST_RESPONSE, Metric.NEXT_UPDATE, Metric.RESOLUTION)


def fill(text, *, case, by, now, language=None):
    """A placeholders.Filled: `text` as `by` would send it on `case`. Three queries, or none where there is
    nothing to fill. Times are worded in `language`, else in the contact's."""
    names = placeholders.left_in(text)
    return placeholders.fill(text, values(case, by, now, language) if names else {})


def values(case, by, now, language=None):
    """{placeholder: text}; empty where there is nothing to say: what is late already is no date to tell."""
    promise = case.promises.filter(state=Promise.State.OPEN, due_at__gt=now).order_by("due_at", "pk").first()
    due = (
        case.clocks.open()
        .filter(metric__in=TOLD_TO_CUSTOMERS, due_at__gt=now)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    contact, customer = case.contact, case.customer
    with translation.override(language or (contact.language if contact else case.language)):
        return {
            "contact_name": contact.name if contact else "",
            "customer_name": customer.name,
            "case_number": case.number,
            "subject": case.subject,
            "received_on": there(case.received_at, customer.time_zone, "DATE_FORMAT"),
            "owner_name": case.owner.name if case.owner_id else "",
            "agent_name": by.name,
            # Who has written none signs with the name, and what they are.
            "signature": signature_of(by) or "\n".join(filter(None, (by.name, by.title))),
            "next_due": there(due, customer.time_zone),
            "promise": promise.what if promise else "",
            "promise_date": there(promise.due_at if promise else None, customer.time_zone),
        }


def signed(text, by):
    """`text` above the signature of `by`; as it is where they have none, or it stands there already."""
    signature = signature_of(by).strip()
    if not signature or signature in text:
        return text
    return f"{text.rstrip()}\n\n{signature}"


def signature_of(by):
    choice = PersonPreference.of(by)
    return choice.signature if choice else ""


def language_of(case):
    """The contact's, else the one the case came in."""
    return case.contact.language if case.contact else case.language


def letter(case, text, by):
    """`text` between a greeting and a signature; within translation.override(language_of(case))."""
    greeting = _("Dear %(name)s,") % {"name": case.contact.name if case.contact else case.customer.name}
    return f"{greeting}\n\n{text}\n\n{_('Kind regards')}\n{by.name}"


def of_new_date(promise, *, due_at, by, now):
    """The word that goes with another date for `promise`. `due_at`: the new one, aware."""
    case = promise.case
    zone = case.customer.time_zone
    with translation.override(language_of(case)):
        words = {
            "what": promise.what,
            "was": there(promise.due_at, zone),
            "number": case.number,
            "new": there(due_at, zone),
        }
        if promise.due_at < now:
            text = _(
                "about your case %(number)s we promised you “%(what)s” by %(was)s. We did not keep that "
                "date, and I apologise for it. The new date is %(new)s."
            )
        else:
            text = _(
                "about your case %(number)s we promised you “%(what)s” by %(was)s. We will not be able to "
                "keep that date, and I apologise for it. The new date is %(new)s."
            )
        text = text % words
        return letter(case, text[:1].upper() + text[1:], by)


def there(at, zone, form="DATETIME_FORMAT"):
    """An instant as its reader's clock shows it; which clock is said with the time of day."""
    if at is None:
        return ""
    words = formats.date_format(timezone.localtime(at, ZoneInfo(zone)), form)
    if form == "DATE_FORMAT":
        return words
    return _("%(time)s (%(city)s time)") % {"time": words, "city": zone_city(zone)}
