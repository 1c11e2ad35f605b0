"""Find a customer by what they say on the phone: name, number, email address, phone, or a case. Bounded, and
every way has its index."""

import re
import unicodedata
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import F, Q, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from cases.models import Case, Contact, Customer, Subscription
from cases.models.customer import FIRST_LETTERS, LAST_DIGITS, bare_name, first_letters, last_digits

SHOWN = 20
# So many who begin alike are compared; a name that more share says little.
COMPARED = 200
ALIKE = 0.82
LEGAL_FORMS = frozenset(
    ("ag", "bv", "co", "corp", "gmbh", "group", "inc", "kg", "llc", "llp", "ltd", "nv", "oy", "plc")
    + ("sa", "sas", "sl", "slu", "spa", "srl", "ооо", "оао", "зао", "пао", "ао", "ип")
)


@dataclass
class Found:
    """A customer, and by what they were found."""

    customer: Customer
    by: list = field(default_factory=list)


def find_customers(words, reader):
    """[Found] for what somebody says of themselves, the surest first; at most SHOWN. A fixed number of
    queries."""
    words = " ".join(words.split())
    if not words:
        return []
    found = {}
    for case in Case.objects.findable(reader).numbered(words).select_related("customer"):
        _add(found, case.customer, case.number)
    numbers = {words, words.upper()}
    # Asked apart: an OR over a subquery would read every customer.
    served = Subscription.objects.filter(reference__in=numbers).values_list("customer", flat=True)
    by_number = Q(reference__in=numbers) | Q(pk__in=list(served[:SHOWN]))
    for customer in Customer.objects.filter(by_number).order_by("pk")[:SHOWN]:
        _add(found, customer, words)
    for contact in _reached_by(words, words)[:SHOWN]:
        _add(found, contact.customer, f"{contact.name}, {contact.email or contact.phone}")
    for customer in named(words).order_by("name", "pk")[:SHOWN]:
        _add(found, customer, "")
    return list(found.values())[:SHOWN]


def _add(found, customer, by):
    entry = found.setdefault(customer.pk, Found(customer))
    if by and by not in entry.by:
        entry.by.append(by)


def named(words):
    """Customers whose name begins with `words`, in whatever case they are typed, whether what stands before
    the name is said or not."""
    bare = bare_name(words)
    spellings = {bare}
    if connection.vendor != "postgresql" and not bare.isascii():
        # SQLite makes only Latin letters small, so that others are tried as they may stand there.
        spellings |= {bare.upper(), bare.capitalize(), bare.title()}
    begins = Q()
    for spelling in spellings:
        begins |= Q(bare__startswith=Lower(Value(spelling)))
    letters = [Lower(Value(spelling[:FIRST_LETTERS])) for spelling in spellings]
    found = Customer.objects.annotate(bare=bare_name(F("name")), letters=first_letters(F("name")))
    return found.filter(begins, letters__in=letters) if bare else found.none()


def _reached_by(email, phone):
    """Contacts with this very address, or the same last digits of a number."""
    found = Contact.objects.filter(is_active=True).select_related("customer").order_by("pk")
    found = found.annotate(email_lower=Lower("email"), digits=last_digits("phone"))
    ways, digits = [], re.sub(r"\D", "", phone)
    if "@" in email:
        ways.append(Q(email_lower=email.strip().lower()))
    if len(digits) >= LAST_DIGITS - 1 and not re.search(r"[^\W\d_]", phone):
        ways.append(Q(digits=digits[-LAST_DIGITS:]))
    return found.filter(reduce(or_, ways)) if ways else found.none()


def lookalikes(*, name, email="", phone=""):
    """[Found] of customers who may be the one that somebody is about to add: with the same address or number,
    or a name that is nearly the same. Four queries at most."""
    found = {}
    for contact in _reached_by(email, phone)[:SHOWN]:
        same = email and contact.email.lower() == email.strip().lower()
        _add(
            found,
            contact.customer,
            _("same email address: %(name)s") % {"name": contact.name}
            if same
            else _("same phone number: %(name)s") % {"name": contact.name},
        )
    plain = normal(name)
    for customer in named(bare_name(name.strip())[:FIRST_LETTERS]).order_by("name", "pk")[:COMPARED]:
        other = normal(customer.name)
        if plain and SequenceMatcher(None, plain, other).ratio() >= ALIKE:
            _add(found, customer, _("same name") if plain == other else _("similar name"))
    return list(found.values())[:SHOWN]


def normal(name):
    """A name without accents, punctuation and legal form: "Müller & Söhne GmbH" -> "muller sohne"."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c)).casefold()
    words = re.findall(r"\w+", re.sub(r"(?<=\b\w)\.(?=\w\b|\s|$)", "", bare))
    return " ".join(word for word in words if word not in LEGAL_FORMS) or bare.strip()
