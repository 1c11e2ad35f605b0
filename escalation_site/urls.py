"""Every address of the product; each app brings its own."""

from django.contrib import admin
from django.urls import include, path

from escalation_site import health, metrics

# The console's pages, which its addresses are made of.
admin.autodiscover()

urlpatterns = [
    path("", include("cases.urls")),
    path("", include("escalations.urls")),
    path("reports/", include("reports.urls")),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/", include("escalation_site.api")),
    path("i18n/", include("django.conf.urls.i18n")),
]
