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
    """{message id: Delivery} of those whose mail has not left: replies, and where a case begins its receipt.
    One query, none without."""
    mails = mails_of(messages)
    mailed = [m for m in messages if m.pk in mails or _is_reply_by_mail(m)]
    found = {m.pk: _of(mails.get(m.pk), m) for m in mailed}
    return {pk: delivery for pk, delivery in found.items() if delivery is not None}


def mails_of(messages):
    """{message id: Notice} of the mails that carry `messages` to customers, or that say one was received.
    One query, none without."""
    keys = {key_of(m) for m in messages if m.contact_id and (_is_reply_by_mail(m) or _came_in(m))}
    if not keys:
        return {}
    shown = {message.pk for message in messages}
    # Each says of which message it is: a receipt of the words that the case began with.
    found = {notice.facts.get("message"): notice for notice in Notice.objects.filter(key__in=keys)}
    return {pk: notice for pk, notice in found.items() if pk in shown}


def _is_reply_by_mail(message):
    is_mail = message.direction == Message.Direction.OUT and message.channel == Channel.MAIL
    return is_mail and not message.is_automatic


def _came_in(message):
    return message.direction == Message.Direction.IN


def key_of(message):
    """That of the notice which carries it, or says that it was received (operations/notify.py)."""
    if _came_in(message):
        kind, about = NoticeKind.CASE_RECEIVED, f"case:{message.case_id}"
    else:
        kind, about = NoticeKind.REPLY, f"message:{message.pk}"
    return f"{kind}:{about}:c{message.contact_id}:{Notice.Channel.MAIL}"


def _of(notice, message):
    if notice is None:
        # It is said for as long as it is so; who gets an address later is written to again.
        why = _without_address(message.contact)
        return Delivery(display.Pill(_("Not sent"), "outlined", "mail"), why) if why else None
    is_receipt = notice.kind == NoticeKind.CASE_RECEIVED
    if notice.state == Notice.State.FAILED:
        words = _("Receipt could not be delivered") if is_receipt else _("Could not be delivered")
        return Delivery(
            display.Pill(words, "danger", "octagon"),
            _tried(notice, message),
            explain(notice.last_error),
            is_stuck=True,
        )
    if notice.state == Notice.State.QUEUED and notice.attempts and notice.last_error:
        words = _("Receipt not delivered yet") if is_receipt else _("Not delivered yet")
        return Delivery(
            display.Pill(words, "warn", "triangle"),
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
