"""Whether what is written to a customer leaves the building, and what became of it where it did not."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import display
from cases.models import Channel, Message, Notice, NoticeKind
from cases.views.watchdog_words import explain


def why_it_stays(case, channel):
    """Why nothing is sent of a word to the customer by `channel`, in a sentence; empty where it is."""
    if channel != Channel.MAIL:
        words = {"channel": Channel(channel).label}
        return _("Recorded; the desk itself sends nothing by %(channel)s.") % words
    return _without_address(case.contact)


def _without_address(contact):
    if contact is None:
        return _("Recorded; nothing is sent: no contact of this customer is on the case.")
    if not contact.email:
        return _("Recorded; nothing is sent: this customer has no email address.")
    return ""


@dataclass(frozen=True)
class Delivery:
    """What is shown at a message that has not left: a pill, what was tried, and whether it waits for
    somebody to try again."""

    pill: display.Pill
    tried: str
    error: str = ""
    again_at: datetime | None = None
    is_stuck: bool = False


def of_messages(messages):
    """{message id: Delivery} of those to customers by mail that have not left. One query, none without."""
    mailed = [m for m in messages if m.direction == Message.Direction.OUT and m.channel == Channel.MAIL]
    mailed = [m for m in mailed if not m.is_automatic]
    if not mailed:
        return {}
    keys = {key_of(m): m for m in mailed if m.contact_id}
    notices = {notice.key: notice for notice in Notice.objects.filter(key__in=keys)}
    found = {m.pk: _of(notices.get(key_of(m)), m) for m in mailed}
    return {pk: delivery for pk, delivery in found.items() if delivery is not None}


def key_of(message):
    """That of the notice which carries it (operations/notify.py)."""
    return f"{NoticeKind.REPLY}:message:{message.pk}:c{message.contact_id}:{Notice.Channel.MAIL}"


def _of(notice, message):
    if notice is None:
        # It is said for as long as it is so; who gets an address later is written to again.
        why = _without_address(message.contact)
        return Delivery(display.Pill(_("Not sent"), "outlined", "mail"), why) if why else None
    if notice.state == Notice.State.FAILED:
        return Delivery(
            display.Pill(_("Could not be delivered"), "danger", "octagon"),
            _tried(notice, message),
            explain(notice.last_error),
            is_stuck=True,
        )
    if notice.state == Notice.State.QUEUED and notice.attempts and notice.last_error:
        return Delivery(
            display.Pill(_("Not delivered yet"), "warn", "triangle"),
            _tried(notice, message),
            explain(notice.last_error),
            again_at=notice.next_attempt_at,
        )
    return None


def _tried(notice, message):
    words = {"number": notice.attempts, "address": message.contact.email or _("no address")}
    tried = ngettext(
        "Tried %(number)d time, to %(address)s.", "Tried %(number)d times, to %(address)s.", notice.attempts
    )
    return tried % words
