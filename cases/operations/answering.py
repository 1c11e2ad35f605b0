"""The answer: cause, remedy, by when, whom to contact, told to the customer in one go (RULES 3)."""

from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from cases import display, history
from cases.errors import Incomplete, WrongMove
from cases.models import Answer, Case, Channel, Promise

from . import promising, talk


def answer(
    *,
    case,
    cause,
    remedy,
    due_at,
    turn_to,
    by,
    now,
    channel=Channel.MAIL,
    catalogue_cause=None,
    revision=None,
):
    """Write the answer to the customer, keep it, and promise its deadline as an outcome. Returns the Answer.

    The message is in the customer's language and zone, and goes the way of every reply: clocks stop, the mail
    goes out. The case stays open: answered is not resolved. `catalogue_cause`: the Cause it is counted under.
    Raises Incomplete, InThePast for a deadline that is over, WrongMove on a case that is not live, StaleCase.
    """
    said = {"cause": cause.strip(), "remedy": remedy.strip(), "turn_to": turn_to.strip()}
    needed = {
        "cause": _("Say what went wrong, and why."),
        "remedy": _("Say what is done about it."),
        "turn_to": _("Say whom the customer turns to until then."),
    }
    missing = {name: [sentence] for name, sentence in needed.items() if not said[name]}
    if missing:
        raise Incomplete(missing)
    with history.acting(by=by, reason=_("answered"), now=now):
        locked = Case.objects.select_related("customer", "contact").get(pk=Case.objects.lock(case.pk).pk)
        if not locked.is_live:
            raise WrongMove(
                _("Only a live case is answered; this one is %(status)s. Open it again first.")
                % {"status": locked.get_status_display()}
            )
        body = in_words(locked, due_at=due_at, by=by, **said)
        message = talk.reply(case=case, body=body, channel=channel, revision=revision, by=by, now=now)
        what = Truncator(said["remedy"]).chars(Promise._meta.get_field("what").max_length)
        promise = promising.promise(
            case=case,
            what=what,
            due_at=due_at,
            kind=Promise.Kind.OUTCOME,
            channel=channel,
            by=by,
            now=now,
        )
        return Answer.objects.create(
            case_id=case.pk,
            catalogue_cause=catalogue_cause,
            message=message,
            promise=promise,
            given_by_id=by.pk,
            given_at=now,
            **said,
        )


def in_words(case, *, cause, remedy, due_at, turn_to, by):
    """The answer as the customer reads it: in their language, the deadline in their zone."""
    zone = case.customer.time_zone
    with translation.override(case.language), timezone.override(ZoneInfo(zone)):
        context = {
            "to": (case.contact or case.customer).name,
            "cause": cause,
            "remedy": remedy,
            "due_at": due_at,
            "city": display.zone_city(zone),
            "turn_to": turn_to.rstrip("."),
            "by": by,
        }
        return render_to_string("cases/answer.txt", context).strip()
