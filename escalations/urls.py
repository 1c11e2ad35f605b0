"""The addresses of handoffs and escalations; they hang on their case."""

from django.urls import path

from escalations.views import escalating, matrix, receiving, remedies, steps

CASE = "cases/<str:number>/"
HANDOFF = f"{CASE}handoffs/<int:handoff>/"

urlpatterns = [
    path("matrix/", matrix.Matrix.as_view(), name="matrix"),
    path(f"{CASE}escalate/", escalating.Escalate.as_view(), name="case-escalate"),
    path(f"{CASE}options/<int:option>/", remedies.TryOption.as_view(), name="case-option"),
    path(HANDOFF, receiving.Acknowledge.as_view(), name="handoff"),
    path(f"{HANDOFF}decline/", receiving.Decline.as_view(), name="handoff-decline"),
    path(f"{HANDOFF}ask-back/", receiving.AskBack.as_view(), name="handoff-ask"),
    path(f"{HANDOFF}hand-over/", receiving.HandOn.as_view(), name="handoff-hand-on"),
    path(f"{HANDOFF}de-escalate/", remedies.Deescalate.as_view(), name="deescalate"),
    path(f"{CASE}questions/<int:question>/answer/", receiving.Answer.as_view(), name="question-answer"),
    path(f"{CASE}escalations/<int:escalation>/steps/<int:step>/", steps.Tick.as_view(), name="step"),
    path(f"{CASE}escalations/<int:escalation>/severity/", receiving.RaiseSeverity.as_view(), name="severity"),
]
