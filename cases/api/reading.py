"""What every endpoint shares: who may ask at all, which rows they reach, and the case an address names; and
that what auditors read of cases is recorded."""

from contextlib import ExitStack

from django.db.models import Exists, OuterRef
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.viewsets import GenericViewSet

from cases import roles
from cases.middleware import speaking_to
from cases.models import Case
from cases.views.finding import find, reading, reading_list

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

    def dispatch(self, request, *args, **kwargs):
        with ExitStack() as self.while_answering:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request, *args, **kwargs):
        self.asks = self.asks_for.get(self.action, self.asks)
        super().initial(request, *args, **kwargs)
        # Whoever brings a password with the request is known only now, and not to the middleware.
        self.while_answering.enter_context(speaking_to(request.user))


class ReadOfCases:
    """What a reader is shown of cases, in lists of rows of many of them.

    `case_path` leads from a row to its case; it is empty where the rows are the cases.
    """

    case_path = "case"

    def case_of(self, row):
        for name in self.case_path.split("__") if self.case_path else ():
            row = getattr(row, name)
        return row

    def paginate_queryset(self, found):
        """An auditor's reading of a list is one record; of a list narrowed to one case, that of the case."""
        page = super().paginate_queryset(found)
        cases = {case.pk: case for case in map(self.case_of, page)}
        if len(cases) == 1 and self.request.query_params.get("case"):
            reading(self.request, *cases.values(), via="api")
        else:
            reading_list(self.request, cases, via="api")
        return page


class OfCases(ReadOfCases, Reading):
    """Rows of the cases that the reader reaches."""

    def get_queryset(self):
        cases = Case.objects.reachable(self.request.user, self.asks)
        theirs = Exists(cases.filter(pk=OuterRef(self.case_path)))
        if self.asks == "case.read":
            opened = Case.objects.opened_to(self.request.user, timezone.now())
            theirs |= Exists(opened.filter(pk=OuterRef(self.case_path)))
        return super().get_queryset().filter(theirs)

    def get_object(self):
        row = super().get_object()
        if self.request.method in SAFE_METHODS:
            reading(self.request, self.case_of(row), via="api")
        return row

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
