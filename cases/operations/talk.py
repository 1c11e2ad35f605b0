"""What is said on a case: replies, incoming messages, calls and internal notes."""

from django.utils.translation import gettext as _

from cases.errors import Incomplete, InThePast
from cases.models import Channel, Message, NoticeKind, TriggerKind
from cases.states import CaseStatus

from . import clocks, ending, notify, triggers
from .changing import changing
from .pausing import customer_spoke


def reply(*, case, body, by, now, channel=Channel.MAIL, contact=None, revision=None):
    """Write to the customer: stops the response clocks, and the next update is owed anew.

    A reply whose sender saw an earlier `revision` still goes if only internal notes came since: they change
    nothing of what the customer was told, of who has the case, or of what is owed. Else it is StaleCase.
    """
    return _say(
        case=case,
        direction=Message.Direction.OUT,
        channel=channel,
        body=body,
        by=by,
        now=now,
        occurred_at=now,
        contact=contact or case.contact,
        revision=revision,
        reason=_("replied"),
    )


def note(*, case, body, by, now):
    """An internal note: seen by us alone, stops nothing."""
    return _say(
        case=case,
        direction=Message.Direction.INTERNAL,
        channel="",
        body=body,
        by=by,
        now=now,
        occurred_at=now,
        contact=None,
        revision=None,
        reason=_("noted"),
    )


def receive(*, case, body, by, now, channel, occurred_at=None, contact=None, asks_for=None):
    """The customer wrote. Ends pauses that wait for that; a resolved case opens again, a closed one does not.

    `asks_for`: a TriggerKind.
    """
    return _say(
        case=case,
        direction=Message.Direction.IN,
        channel=channel,
        body=body,
        by=by,
        now=now,
        occurred_at=occurred_at or now,
        contact=contact or case.contact,
        revision=None,
        reason=_("customer wrote"),
        asks_for=asks_for,
    )


def log_call(*, case, body, by, now, incoming, was_reached, occurred_at=None, contact=None, asks_for=None):
    """A telephone call, either way. One in which nobody was reached stops nothing."""
    return _say(
        case=case,
        direction=Message.Direction.IN if incoming else Message.Direction.OUT,
        channel=Channel.PHONE,
        body=body,
        by=by,
        now=now,
        occurred_at=occurred_at or now,
        contact=contact or case.contact,
        revision=None,
        reason=_("call logged"),
        was_reached=was_reached,
        asks_for=asks_for,
    )


def _say(
    *,
    case,
    direction,
    channel,
    body,
    by,
    now,
    occurred_at,
    contact,
    revision,
    reason,
    was_reached=None,
    asks_for=None,
):
    if not body.strip():
        raise Incomplete(_("The text is empty; write what was said."))
    if occurred_at > now:
        raise InThePast(_("This cannot have been said in the future; give a time up to now."))
    if channel == Channel.PHONE and was_reached is None:
        was_reached = True
    with changing(case, by=by, reason=reason, now=now, revision=revision, despite_notes=True) as locked:
        message = Message.objects.create(
            case=locked,
            direction=direction,
            channel=channel,
            body=body,
            author=None if by.is_system else by,
            contact=contact,
            was_reached=was_reached,
            occurred_at=occurred_at,
            recorded_at=now,
        )
        if message.asks_us:
            customer_spoke(locked, at=occurred_at, now=now, by=by)
            if locked.status == CaseStatus.RESOLVED and not message.is_call:
                # Who logs a call decides on the spot; what was written waits for somebody to read it.
                ending.open_again(locked, now=now)
            if locked.is_live:
                clocks.asked(locked, at=occurred_at, now=now)
        if message.answers_customer:
            if locked.status == CaseStatus.NEW:
                locked.status = CaseStatus.OPEN
            clocks.answered(locked, at=occurred_at, now=now)
        if direction == Message.Direction.OUT and channel == Channel.MAIL and contact is not None:
            notify.queue(
                [
                    notify.Wanted(
                        NoticeKind.REPLY,
                        locked,
                        f"message:{message.pk}",
                        contact=contact,
                        facts={"message": message.pk},
                    )
                ],
                now=now,
            )
        if asks_for:
            triggers.happened(locked, TriggerKind(asks_for), at=occurred_at, now=now)
    return message
