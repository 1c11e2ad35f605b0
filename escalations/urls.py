"""The addresses of handoffs and escalations; they hang on their case."""

from django.urls import path

from escalations import views

urlpatterns = [
    path("cases/<str:number>/escalate/", views.Escalate.as_view(), name="case-escalate"),
    path("cases/<str:number>/handoffs/<int:handoff>/", views.Acknowledge.as_view(), name="handoff"),
    path(
        "cases/<str:number>/handoffs/<int:handoff>/decline/", views.Decline.as_view(), name="handoff-decline"
    ),
    path(
        "cases/<str:number>/handoffs/<int:handoff>/de-escalate/",
        views.Deescalate.as_view(),
        name="deescalate",
    ),
]
