"""A new case: first whose, then what; and meanwhile what is like it and what would come of it."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from cases import history, lookup, roles
from cases.errors import AlreadyKnown, Refused
from cases.forms import NewCaseForm, NewCustomerForm
from cases.models import Customer
from cases.operations import customers, once, takedown
from cases.views.ahead import look_ahead
from cases.views.finding import find
from cases.views.talking import REFUSED


class Opening(LoginRequiredMixin, View):
    """What only those do who may open a case."""

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and not roles.may(request.user, "case.open"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class NewCase(Opening):
    def get(self, request):
        follows = _followed(request, request.GET)
        customer = follows.customer if follows else _chosen(request.GET.get("customer"))
        if customer is None:
            return choose_customer(request)
        now = timezone.now()
        initial = _as_before(follows) if follows else _hinted(request.GET)
        form = NewCaseForm(customer=customer, now=now, initial=initial)
        return show_new_case(request, customer, form, now, follows=follows)

    def post(self, request):
        follows, now = _followed(request, {**request.GET.dict(), **request.POST.dict()}), timezone.now()
        customer = follows.customer if follows else _chosen(request.POST.get("customer"))
        if customer is None:
            return choose_customer(request, status=REFUSED)
        if "check" in request.POST:
            # Without a script: the same page, with what is known by now. Nothing is refused yet.
            form = NewCaseForm(customer=customer, now=now, initial=request.POST.dict())
            return show_new_case(request, customer, form, now, follows=follows)
        form = NewCaseForm(request.POST, customer=customer, now=now)
        if form.is_valid():
            try:
                case = _open_once(request.user, customer, form, follows, now)
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, _opened(case))
                return HttpResponseRedirect(reverse("case", args=[case.number]))
        return show_new_case(request, customer, form, now, follows=follows, status=REFUSED)


def _opened(case):
    """Whoever gets no mail is told the number by whoever speaks with them."""
    words = {"number": case.number}
    if case.contact is None or not case.contact.email:
        return _("%(number)s is open. No receipt goes out without an address: tell them the number.") % words
    return _("%(number)s is open; the receipt is on its way.") % words


def _open_once(person, customer, form, follows, now):
    said = form.cleaned_data

    def take_down():
        return takedown.take_down(
            customer=customer,
            opening=form.opening(),
            follows=follows,
            newcomer=form.newcomer(),
            promised=said["promised"],
            promised_by=said["promised_by"],
            asks_for=said["asks_for"] or None,
            by=person,
            now=now,
        )

    with history.acting(by=person, reason="", now=now):
        return once.made_once(key=said["key"], by=person, now=now, do=take_down)


def show_new_case(request, customer, form, now, *, follows=None, status=200):
    context = {
        "customer": customer,
        "form": form,
        "follows": follows,
        "now": now,
        **look_ahead(form, customer, request.user, now),
    }
    return render(request, "cases/new.html", context, status=status)


class Ahead(Opening):
    """What the form says so far: what is like it, where it would go, what it would owe, what is asked."""

    def get(self, request):
        customer, now = get_object_or_404(Customer, pk=_number(request.GET.get("customer"))), timezone.now()
        form = NewCaseForm(customer=customer, now=now, initial=request.GET.dict())
        context = {"form": form, "now": now, **look_ahead(form, customer, request.user, now)}
        return render(request, "cases/ahead.html", context)


class NewCustomer(Opening):
    """Adds a customer with whoever is on the line; those who may be the same are offered first."""

    def post(self, request):
        if not roles.may(request.user, "customer.change"):
            raise PermissionDenied
        form, alike, now = NewCustomerForm(request.POST, reader=request.user), [], timezone.now()
        if form.is_valid():
            said = form.cleaned_data
            try:
                customer, contact = customers.add_customer(
                    by=request.user, now=now, is_another="none_of_these" in request.POST, **said
                )
            except AlreadyKnown as refusal:
                form.add_error(None, refusal)
                alike = lookup.lookalikes(name=said["name"], email=said["email"], phone=said["phone"])
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                return HttpResponseRedirect(f"{_next(request)}?customer={customer.pk}&contact={contact.pk}")
        return choose_customer(request, form=form, alike=alike, status=REFUSED)

    def get(self, request):
        """Somebody signed in again half-way: from the beginning."""
        return HttpResponseRedirect(reverse("case-new"))


def choose_customer(request, *, form=None, alike=(), goes_to="case-new", status=200):
    """Whose it is: found by whatever they say of themselves, or added."""
    words = request.GET.get("who", "").strip()
    goes_to = {reverse("call-new"): "call-new"}.get(request.POST.get("next"), goes_to)
    kind = "email" if "@" in words else "phone" if words[:1] in tuple("+0123456789") else "name"
    context = {
        "words": words,
        "found": lookup.find_customers(words, request.user) if words else [],
        "alike": alike,
        "form": form or NewCustomerForm(reader=request.user, initial={kind: words}),
        "is_adding": form is not None,
        "may_add": roles.may(request.user, "customer.change"),
        "goes_to": reverse(goes_to),
        "is_call": goes_to == "call-new",
        "now": timezone.now(),
    }
    return render(request, "cases/new_customer.html", context, status=status)


def _next(request):
    address = reverse("call-new")
    return address if request.POST.get("next") == address else reverse("case-new")


def _chosen(pk):
    return get_object_or_404(Customer, pk=_number(pk)) if pk else None


def _number(text):
    return int(text) if text and text.isdecimal() and len(text) < 18 else 0


def _hinted(said):
    """What the page before knew already."""
    names = ("contact", "channel", "category", "service", "subject")
    return {name: said[name] for name in names if said.get(name)}


def _followed(request, said):
    """The case that the new one goes on from, if the reader may know of it."""
    return find(request.user, said["follows"]) if said.get("follows") else None


def _as_before(case):
    return {
        "contact": case.contact_id,
        "channel": case.channel,
        "subject": case.subject,
        "category": case.category_id,
        "service": case.service_id,
        "impact": case.impact,
        "urgency": case.urgency,
        "restricted_because": case.restricted_because,
    }
