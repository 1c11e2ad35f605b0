"""Which case a page is about, and what the reader may do with it."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from cases import roles
from cases.models import Case
from cases.operations import reading as audits

SHOWN = (
    "customer__account_manager",
    "contact",
    "category",
    "service",
    "owner",
    "team__calendar",
    "policy_version__policy",
    "standing__clock",
    "standing__promise",
    "standing__whose",
    "standing__whose_team",
    "standing__holder",
    "standing__holder_team",
)


def find(person, number, action="case.find"):
    """The case with `number` if `person` may do `action` on it.

    Raises Http404 where its existence is not for them, PermissionDenied where they may not do this.
    """
    case = Case.objects.findable(person).numbered(number).select_related(*SHOWN).first()
    if case is None:
        raise Http404
    if action != "case.find" and not may(person, action, case):
        raise PermissionDenied
    return case


def may(person, action, case):
    """Whether `person` may do `action` on this case."""
    if roles.scope(person, action) == roles.Scope.NONE:
        return False
    if Case.objects.reachable(person, action).filter(pk=case.pk).exists():
        return True
    # What was opened for a reason is there to be read, not to be worked on; and only while it is no secret.
    opened = Case.objects.opened_to(person, timezone.now()) if action == "case.read" else Case.objects.none()
    return opened.filter(pk=case.pk).exists()


def reading(request, case, via="page"):
    """An auditor's reading is recorded with what is read, on a GET too: it is part of the answer.

    The one write of a page that is only looked at, and the first one of the day alone. Where it cannot be
    written, the page is not shown either.
    """
    audits.audit(case=case, by=request.user, now=timezone.now(), via=via)


def reading_list(request, cases, via):
    """The same for a list that shows rows of these cases (ids): one record of the request, none of each."""
    audits.audit_list(
        address=request.path,
        asked=request.META["QUERY_STRING"],
        cases=cases,
        by=request.user,
        now=timezone.now(),
        via=via,
    )
