"""The escalation matrix for those who work by it: read, without a form."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from cases import roles
from escalations import matrix


class Matrix(LoginRequiredMixin, View):
    def get(self, request):
        if not roles.may(request.user, "rules.read"):
            raise PermissionDenied
        now = timezone.now()
        context = {"matrix": matrix.read(now=now), "changes": matrix.last_changes(now=now)}
        return render(request, "escalations/matrix.html", context)
