"""The addresses of reports."""

from django.urls import path

from reports.views import dashboard, lists, sheet

urlpatterns = [
    path("", dashboard.Dashboard.as_view(), name="dashboard"),
    path("dashboard.csv", sheet.Sheet.as_view(), name="dashboard-csv"),
    path("now/<str:kind>/", lists.Pressing.as_view(), name="dashboard-now"),
    path("happened/<str:kind>/", lists.Happening.as_view(), name="dashboard-happened"),
]
