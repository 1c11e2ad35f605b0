"""What every endpoint shares: who may ask at all, which rows they reach, and the case an address names."""

from django.db.models import Exists, OuterRef
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.viewsets import GenericViewSet

from cases import roles
from cases.models import Case
from cases.views.finding import find, reading

NUMBER = OpenApiParameter("number", OpenApiTypes.STR, OpenApiParameter.PATH, description="As in C-20418.")


class MayAsk(BasePermission):
    """Whether this role may do at all what the view `asks` for (cases/roles.py); which rows comes later."""

    def has_permission(self, request, view):
        return roles.may(request.user, view.asks)


class Reading(GenericViewSet):
    permission_classes = [IsAuthenticated, MayAsk]
    # The action of the table of roles; a verb names its own, `asks_for` those of DRF's own methods.
    asks = "case.read"
    asks_for = {}
    filterset_class = None

    def initial(self, request, *args, **kwargs):
        self.asks = self.asks_for.get(self.action, self.asks)
        super().initial(request, *args, **kwargs)


class OfCases(Reading):
    """Rows of the cases that the reader reaches. `case_path` leads from a row to its case."""

    case_path = "case"

    def get_queryset(self):
        cases = Case.objects.reachable(self.request.user, self.asks)
        theirs = Exists(cases.filter(pk=OuterRef(self.case_path)))
        if self.asks == "case.read":
            opened = Case.objects.opened_to(self.request.user, timezone.now())
            theirs |= Exists(opened.filter(pk=OuterRef(self.case_path)))
        return super().get_queryset().filter(theirs)

    def subject(self):
        return self.get_object()


@extend_schema(parameters=[NUMBER])
class OfOneCase(Reading):
    """What is asked of, or done to, the one case whose number is in the address."""

    lookup_field = "number"
    queryset = Case.objects.none()  # cases are found by number, not by this

    def subject(self):
        case = find(self.request.user, self.kwargs["number"], self.asks)
        if self.request.method in SAFE_METHODS:
            reading(self.request, case, via="api")
        return case
