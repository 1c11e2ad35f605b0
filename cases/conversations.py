"""What was said on a case, with what was said on those that were merged into it."""

from functools import cache

from cases import roles
from cases.models import Case, CaseLink, Message
from cases.prepared import Given, GivenReader, Prepared


def said_on(case, reader):
    """The messages of `case` and of the cases merged into it of which `reader` may know, unordered."""
    known = _merged(reader.role).all(reader=reader.pk, case=case.pk) if roles.may(reader, "case.find") else ()
    return Message.objects.filter(case__in=[case.pk, *(pk for (pk,) in known)])


@cache
def _merged(role):
    sources = CaseLink.objects.merges().filter(target=Given("case")).values("source")
    return Prepared(lambda: Case.objects.findable(GivenReader(role)).filter(pk__in=sources).values_list("pk"))
