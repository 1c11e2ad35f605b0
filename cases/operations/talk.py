"""What is said on a case: replies, incoming messages, calls and internal notes."""

from django.utils.translation import gettext as _

from cases import placeholders
from cases.errors import Incomplete, InThePast, Unfilled, WrongMove
from cases.models import Channel, Message, NoticeKind, TriggerKind
from cases.states import CaseStatus

from . import attaching, ending, linking, mentioning, notify, owing, triggers
from .changing import changing
from .pausing import customer_spoke


def reply(*, case, body, by, now, channel=Channel.MAIL, contact=None, revision=None, files=()):
    """Write to the customer: stops the response clocks, and the next update is owed anew.

    A reply whose sender saw an earlier `revision` still goes if only internal notes came since: they change
    nothing of what the customer was told, of who has the case, or of what is owed. Else it is StaleCase.
    `files` come with it (see attaching.keep). Raises Unfilled while a placeholder stands in `body`, WrongMove
    on a case that was merged: its clocks run on the other one.
    """
    missing = placeholders.left_in(body)
    if missing:
        raise Unfilled(placeholders.words_about(missing))
    _refuse(linking.merged_into(case))
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
        files=files,
        if_merged=_refuse,
    )


def note(*, case, body, by, now, files=()):
    """An internal note: seen by us alone, stops nothing. Colleagues it calls (@name) hear of it, if the case
    is open to them."""
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
        files=files,
    )


def receive(*, case, body, by, now, channel, occurred_at=None, contact=None, asks_for=None, files=()):
    """The customer wrote. Ends pauses that wait for that; a resolved case opens again, a closed one does not.
    Of a case that was merged, it is said on the one it was merged into.

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
        files=files,
        if_merged=_go_there,
    )


def log_call(
    *, case, body, by, now, incoming, was_reached, occurred_at=None, contact=None, asks_for=None, files=()
):
    """A telephone call, either way. One in which nobody was reached stops nothing, such as a message that the
    customer left. Of a case that was merged, it is said on the one it was merged into."""
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
        files=files,
        if_merged=_go_there,
    )


class _GoesOn(Exception):
    """What was to be said belongs on `case`, into which the one at hand was merged."""

    def __init__(self, case):
        super().__init__(case)
        self.case = case


def _refuse(goes_on):
    if goes_on is not None:
        raise WrongMove(_("This case goes on as %(number)s; write there.") % {"number": goes_on.number})


def _go_there(goes_on):
    if goes_on is not None:
        raise _GoesOn(goes_on)


def _say(*, case, body, now, occurred_at, channel, was_reached=None, files=(), **said):
    if not body.strip():
        raise Incomplete(_("The text is empty; write what was said."))
    if occurred_at > now:
        raise InThePast(_("This cannot have been said in the future; give a time up to now."))
    if channel == Channel.PHONE and was_reached is None:
        was_reached = True
    said |= {"body": body, "now": now, "occurred_at": occurred_at, "channel": channel}
    said |= {"was_reached": was_reached, "kept": attaching.keep(files)}
    try:
        return _say_on(case, **said)
    except _GoesOn as goes_on:  # the lock is given back first: two are taken in the order of their ids
        return _say_on(goes_on.case, **said)


def _say_on(
    case,
    *,
    direction,
    channel,
    body,
    by,
    now,
    occurred_at,
    contact,
    revision,
    reason,
    was_reached,
    kept,
    asks_for=None,
    if_merged=None,
):
    with changing(case, by=by, reason=reason, now=now, revision=revision, despite_notes=True) as locked:
        if if_merged is not None:
            # Under the lock: a case that is merged just now would swallow what is said on it.
            if_merged(linking.merged_into(locked))
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
        attaching.attach(message, kept)
        if message.is_internal:
            mentioning.tell(message, by=by, now=now)
        if message.asks_us:
            customer_spoke(locked, at=occurred_at, now=now, by=by)
            if locked.status == CaseStatus.RESOLVED and not (message.is_call and was_reached):
                # Who speaks on the phone decides on the spot; what was written, or left as a message, waits
                # for somebody to take it up.
                ending.open_again(locked, now=now)
            if locked.is_live:
                owing.asked(locked, at=occurred_at, now=now)
        if message.answers_customer:
            if locked.status == CaseStatus.NEW:
                locked.status = CaseStatus.OPEN
            owing.answered(locked, at=occurred_at, now=now)
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
