"""A telephone call as it goes on: what was said and what was promised, at once, on whoever's case."""

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cases import history
from cases.errors import Incomplete, InThePast
from cases.models import Channel, NoticeKind, Promise

from . import attempts, notify, promising, talk


def take_call(
    *,
    case,
    body,
    by,
    now,
    incoming,
    was_reached,
    may_promise,
    occurred_at=None,
    contact=None,
    asks_for=None,
    promised="",
    promised_by=None,
    promise_kind=Promise.Kind.UPDATE,
    tried="",
):
    """Log a call, and what was promised in it by `promised_by` (aware), in one transaction.

    `may_promise`: whether `by` works this case. Of whoever does not, the promise is noted for its holder, who
    makes it good or calls back. Whoever holds the case hears of a call that somebody else took.
    Raises Incomplete for a promise without its date or its words, InThePast, and what log_call raises.
    """
    if bool(promised.strip()) != bool(promised_by):
        raise Incomplete(_("A promise has both: what was promised, and by when. Give the other, or neither."))
    if promised_by is not None and promised_by <= now:
        raise InThePast(_("A promise must be for a time to come; give a later one."))
    if promised.strip() and not was_reached:
        raise Incomplete(_("Nobody was reached, so nobody was promised anything; leave the promise empty."))
    with history.acting(by=by, reason=_("call logged"), now=now):
        message = talk.log_call(
            case=case,
            body=body,
            by=by,
            now=now,
            incoming=incoming,
            was_reached=was_reached,
            occurred_at=occurred_at,
            contact=contact,
            asks_for=asks_for,
        )
        case = message.case
        attempts.keep(case=case, tried=tried, by=by, now=now)
        if promised.strip() and may_promise:
            promising.promise(
                case=case,
                what=promised,
                due_at=promised_by,
                kind=promise_kind,
                channel=Channel.PHONE,
                by=by,
                now=now,
            )
        elif promised.strip():
            words = {"what": promised.strip(), "when": localtime(promised_by).strftime("%Y-%m-%d %H:%M %Z")}
            talk.note(
                case=case,
                body=_("Said on the phone, for whoever holds this case: “%(what)s”, by %(when)s.") % words,
                by=by,
                now=now,
            )
        _tell_the_holder(case, message, promised.strip(), by, now)
    return message


def _tell_the_holder(case, message, promised, by, now):
    held = case.standing
    holder = held.holder or case.owner
    if holder is None or holder.pk == by.pk:
        return
    facts = {"who": str(by), "what": promised}
    about = f"message:{message.pk}"
    notify.queue([notify.Wanted(NoticeKind.CALL_LOGGED, case, about, person=holder, facts=facts)], now=now)
