"""Which case a page is about, and what the reader may do with it."""

from django.core.exceptions import PermissionDenied
from django.http import Http404

from cases import roles
from cases.models import Case

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
    return Case.objects.reachable(person, action).filter(pk=case.pk).exists()
