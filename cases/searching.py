"""What a search looks through: the case's subject and reference, its customer and contact, what was said.

That a case exists may be known to whoever may find it; what was said on it is looked through for those alone
who may read it all. So a hit in another team's message, or in a restricted case, is no hit.
"""

from django.db.models import OuterRef, Q, Subquery

from cases import branches
from cases.fulltext import Holding, among, words_of
from cases.models import Case, Contact, Customer, Message, Standing
from cases.orders import FOUND

# More customers (or contacts) of one name than this are told apart by another word.
NAMED_ALIKE = 50
# How many ids a search gives to whoever narrows them further (the API).
NEWEST = 1000


def selections(found, reader, words):
    """Querysets that together hold those of `found` (standings) that `words` are found in; [] without words.

    Each has an index to itself: see cases/branches.py.
    """
    if not words:
        return []
    findable, readable = reader.may_find(), reader.may_read()
    customers = _ids(Customer, words)
    contacts = dict(
        Contact.objects.filter(Holding(Contact, words)).values_list("pk", "customer")[:NAMED_ALIKE]
    )
    by_contact = Q(case__customer__in=set(contacts.values()), case__contact__in=contacts)
    return [
        found.filter(findable, among("case", Case, words, "pk")),
        found.filter(findable, case__customer__in=customers),
        found.filter(findable, by_contact),
        found.filter(readable, among("case", Message, words, "case")),
    ]


def _ids(model, words):
    return list(model.objects.filter(Holding(model, words)).values_list("pk", flat=True)[:NAMED_ALIKE])


def newest(reader, text):
    """Ids of the newest cases, at most NEWEST, that `reader` finds by `text`."""
    return branches.first(selections(Standing.objects.all(), reader, words_of(text)), FOUND.columns, NEWEST)


def said_on(case_ids, person, words):
    """{case id: the latest message on it that holds `words`} of those cases that `person` may read."""
    latest = (
        Message.objects.filter(Holding(Message, words), case=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    )
    readable = Case.objects.reachable(person, "case.read").filter(pk__in=case_ids)
    hits = readable.annotate(hit=Subquery(latest)).filter(hit__isnull=False).values("hit")
    rows = Message.objects.filter(pk__in=hits)
    return {message.case_id: message for message in rows.select_related("author", "contact")}
