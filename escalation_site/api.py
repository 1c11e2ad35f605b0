"""The API as a whole: each app brings its routes; what adds to a lower app's addresses comes first."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from cases.api.routes import ROUTES as CASES
from escalations.api import ROUTES as ESCALATIONS
from reports.api import ROUTES as REPORTS


class Router(DefaultRouter):
    include_format_suffixes = False


router = Router()
# The first page of the API names each prefix once; the last to register it wins.
for prefix, viewset, name in (*REPORTS, *ESCALATIONS, *CASES):
    router.register(prefix, viewset, basename=name)

urlpatterns = [
    path("v1/", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    # The page and its script apart: the content security policy permits no script within a page.
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
]
