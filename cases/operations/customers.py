"""A new customer, with somebody to talk to; but not one whom we have already."""

from django.utils.translation import gettext as _

from cases import history
from cases.errors import AlreadyKnown, Incomplete
from cases.lookup import lookalikes
from cases.models import Contact, Customer


def add_customer(
    *, name, contact_name, by, now, email="", phone="", language="en", time_zone="UTC", is_another=False
):
    """(customer, contact). `is_another`: who asks has looked at those alike, and it is none of them.

    Raises Incomplete without names or without any way to reach them, AlreadyKnown with those alike.
    """
    name, contact_name, email, phone = (text.strip() for text in (name, contact_name, email, phone))
    if not name:
        raise Incomplete(_("Give the customer’s name."))
    if not email and not phone:
        raise Incomplete(_("Give an email address or a phone number, so that we can come back to them."))
    with history.acting(by=by, reason=_("customer added"), now=now):
        alike = [] if is_another else lookalikes(name=name, email=email, phone=phone)
        if alike:
            raise AlreadyKnown(
                _("There is a customer like this already. Choose them, or say that it is none of these.")
            )
        customer = Customer.objects.create(
            name=name, language=language, time_zone=time_zone, since_on=now.date()
        )
        contact = Contact.objects.create(
            customer=customer, name=contact_name or name, email=email, phone=phone, language=language
        )
    return customer, contact
