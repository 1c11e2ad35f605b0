"""A new case: first whose, then what."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from cases import roles
from cases.errors import Refused
from cases.forms import NewCaseForm
from cases.models import Customer
from cases.operations import intake
from cases.views.talking import REFUSED

SHOWN = 20


class NewCase(LoginRequiredMixin, View):
    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and not roles.may(request.user, "case.open"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request):
        customer = _chosen(request.GET.get("customer"))
        if customer is None:
            return self.choose(request)
        return self.show(request, customer, NewCaseForm(customer=customer, now=timezone.now()))

    def post(self, request):
        customer = get_object_or_404(Customer, pk=request.POST.get("customer") or 0)
        now = timezone.now()
        form = NewCaseForm(request.POST, customer=customer, now=now)
        if form.is_valid():
            try:
                case = intake.open_case(customer=customer, by=request.user, now=now, **form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, _("%(number)s is open.") % {"number": case.number})
                return HttpResponseRedirect(reverse("case", args=[case.number]))
        return self.show(request, customer, form, status=REFUSED)

    def choose(self, request):
        words = request.GET.get("name", "").strip()
        found = Customer.objects.filter(name__icontains=words) if words else Customer.objects.all()
        shown = list(found.select_related("account_manager").order_by("name")[: SHOWN + 1])
        context = {
            "customers": shown[:SHOWN],
            "more": len(shown) > SHOWN,
            "words": words,
            "now": timezone.now(),
        }
        return render(request, "cases/new_customer.html", context)

    def show(self, request, customer, form, status=200):
        context = {"customer": customer, "form": form, "now": timezone.now()}
        return render(request, "cases/new.html", context, status=status)


def _chosen(pk):
    return get_object_or_404(Customer, pk=pk) if pk and pk.isdecimal() else None
