"""Ticking a step of the checklist: one button, no words."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views import View

from cases.errors import Refused
from cases.views.finding import find
from escalations.models import LevelStep
from escalations.operations import checklists


class Tick(LoginRequiredMixin, View):
    http_method_names = ("post", "options")

    def post(self, request, number, escalation, step):
        """`is_done`: anything but empty ticks, empty takes the tick back."""
        case = find(request.user, number, "escalation.hold")
        found = get_object_or_404(case.escalations.select_related("case"), pk=escalation)
        row = get_object_or_404(LevelStep, pk=step, level__version=found.version_id)
        try:
            checklists.tick(
                escalation=found,
                step=row,
                is_done=bool(request.POST.get("is_done")),
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refusal:
            for sentence in refusal.messages:
                messages.error(request, sentence)
        return HttpResponseRedirect(f"{reverse('case', args=[case.number])}#step-{row.pk}")
