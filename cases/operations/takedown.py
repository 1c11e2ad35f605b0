"""Take down what somebody brings, with all that was said in the same conversation, in one transaction."""

from django.utils.translation import gettext as _

from cases import history
from cases.errors import Incomplete
from cases.models import Contact, TriggerKind

from . import intake, promising, relating, triggers


def take_down(
    *,
    customer,
    opening,
    by,
    now,
    follows=None,
    newcomer=None,
    promised="",
    promised_by=None,
    asks_for=None,
):
    """The new case. `opening`: what intake.open_case is told beside the customer; `follows`: the ended case
    it goes on from; `newcomer`: {name, email, phone} of somebody there who is not written down yet;
    `promised` by `promised_by`: what the customer was told in the same breath; `asks_for`: a TriggerKind.

    Raises Incomplete, InThePast, WrongMove, WrongAnswer.
    """
    if bool(promised.strip()) != bool(promised_by):
        raise Incomplete(_("A promise has both: what was promised, and by when. Give the other, or neither."))
    with history.acting(by=by, reason=_("case opened"), now=now):
        if newcomer is not None:
            opening = {**opening, "contact": _write_down(customer, **newcomer)}
        if follows is not None:
            case = relating.follow_up(of=follows, by=by, now=now, **opening)
        else:
            case = intake.open_case(customer=customer, by=by, now=now, **opening)
        if asks_for:
            triggers.happened(case, TriggerKind(asks_for), at=case.received_at, now=now)
        if promised.strip():
            promising.promise(
                case=case, what=promised, due_at=promised_by, channel=opening["channel"], by=by, now=now
            )
    return case


def _write_down(customer, *, name, email, phone):
    """The customer's contact with this address, or a new one."""
    if not name.strip():
        raise Incomplete(_("Give the name of whoever came to us."))
    known = customer.contacts.filter(email__iexact=email, is_active=True).first() if email else None
    return known or Contact.objects.create(
        customer=customer, name=name.strip(), email=email, phone=phone.strip(), language=customer.language
    )
