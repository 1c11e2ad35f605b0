"""Which case a page is about, and what the reader may do with it.

Every page and every verb of the API asks this first, some several times: compiled once for each role.
"""

from functools import cache

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone

from cases import roles
from cases.models import Case
from cases.models.case import id_of, teams_in_reach
from cases.operations import reading as audits
from cases.prepared import Given, GivenReader, Prepared

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


@cache
def _found(role):
    found = Case.objects.filter(pk=Given("case")).select_related(*SHOWN)
    return Prepared(lambda: found.findable(GivenReader(role)))


@cache
def _reached(role, action):
    found = Case.objects.filter(pk=Given("case")).values_list("pk")
    return Prepared(lambda: found.reachable(GivenReader(role), action, teams=Given("teams")))


@cache
def _opened(role):
    found = Case.objects.filter(pk=Given("case")).values_list("pk")
    return Prepared(lambda: found.opened_to(GivenReader(role), Given("now")))


def find(person, number, action="case.find"):
    """The case with `number` if `person` may do `action` on it.

    Raises Http404 where its existence is not for them, PermissionDenied where they may not do this.
    """
    pk = id_of(number)
    if pk is None or not roles.may(person, "case.find"):
        raise Http404
    found = _found(person.role).all(reader=person.pk, case=pk)
    if not found:
        raise Http404
    if action != "case.find" and not may(person, action, found[0]):
        raise PermissionDenied
    return found[0]


def may(person, action, case):
    """Whether `person` may do `action` on this case."""
    scope = roles.scope(person, action)
    if scope == roles.Scope.NONE or not roles.may(person, "case.find"):
        return False
    teams = () if scope == roles.Scope.ALL else teams_in_reach(person, action)
    if _reached(person.role, action).all(reader=person.pk, case=case.pk, teams=teams):
        return True
    # What was opened for a reason is there to be read, not to be worked on; and only while it is no secret.
    if action != "case.read":
        return False
    return bool(_opened(person.role).all(reader=person.pk, case=case.pk, now=timezone.now()))


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
