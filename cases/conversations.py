"""What was said on a case, with what was said on those that were merged into it."""

from cases.models import Case, CaseLink, Message


def said_on(case, reader):
    """The messages of `case` and of the cases merged into it of which `reader` may know, unordered."""
    merged = CaseLink.objects.merges().filter(target=case).values("source")
    known = Case.objects.findable(reader).filter(pk__in=merged)
    return Message.objects.filter(case__in=[case.pk, *known.values_list("pk", flat=True)])
