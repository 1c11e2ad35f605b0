"""A telephone call while it goes on: who is on the line, about what, what was said and promised."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from cases import forms, history, roles
from cases.errors import Refused
from cases.models import Case, Channel, Customer, Message, Promise
from cases.operations import calling, once
from cases.states import CaseStatus
from cases.views.finding import find, may
from cases.views.new import choose_customer, show_new_case
from cases.views.talking import REFUSED

OPEN_SHOWN, ENDED_SHOWN = 8, 3
RELATED = (
    "owner",
    "team",
    "customer",
    "standing__clock",
    "standing__promise",
    "standing__holder",
    "standing__holder_team",
    "standing__whose",
    "standing__whose_team",
)


@dataclass
class Told:
    """A case as whoever answers the telephone needs it: who has it, what was told, what is promised."""

    case: Case
    told: Message | None = None
    promises: list = field(default_factory=list)
    is_chosen: bool = False

    @property
    def holder(self):
        standing = self.case.standing
        return standing.holder or standing.holder_team or self.case.owner or self.case.team


class NewCall(LoginRequiredMixin, View):
    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and not roles.may(request.user, "case.log"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request):
        words, number = request.GET.get("who", "").strip(), request.GET.get("case", "")
        if not number and Case.objects.findable(request.user).numbered(words).exists():
            number = words
        if number:
            chosen = find(request.user, number)
            return self.show(request, chosen.customer, chosen)
        pk = request.GET.get("customer", "")
        if not pk:
            return choose_customer(request, goes_to="call-new")
        return self.show(request, get_object_or_404(Customer, pk=pk if pk.isdecimal() else 0), None)

    def post(self, request):
        pk = request.POST.get("customer", "")
        customer = get_object_or_404(Customer, pk=pk if pk.isdecimal() else 0)
        about, now = request.POST.get("about", ""), timezone.now()
        chosen = None
        if about and about != forms.NEW:
            chosen = find(request.user, about, "case.log")
            if chosen.customer_id != customer.pk:
                raise PermissionDenied
        cases = self.cases(request.user, customer, chosen)
        form = self.form(request.user, customer, cases, request.POST)
        if about == forms.NEW and roles.may(request.user, "case.open"):
            return self.open_one(request, customer, form, now)
        if form.is_valid():
            try:
                case = self.take(request.user, chosen, form.cleaned_data, now)
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, _("The call is on %(number)s.") % {"number": case.number})
                return HttpResponseRedirect(reverse("case", args=[case.number]))
        return self.show(request, customer, chosen, cases=cases, form=form, status=REFUSED)

    def take(self, person, case, said, now):
        may_promise = may(person, "case.work", case)

        def take_call():
            message = calling.take_call(
                case=case,
                may_promise=may_promise,
                by=person,
                now=now,
                **forms.taken_down(said),
            )
            return message.case

        with history.acting(by=person, reason="", now=now):
            return once.made_once(key=said["key"], by=person, now=now, do=take_call)

    def open_one(self, request, customer, form, now):
        """There is no case yet: the form of a new one, with all that was typed. Nothing is written."""
        said = {
            name: form[name].value()
            for name in ("contact", "body", "promised", "promised_by", "asks_for", "tried")
        }
        initial = {**said, "channel": Channel.PHONE, "received_at": form["occurred_at"].value() or now}
        opening = forms.NewCaseForm(customer=customer, now=now, initial=initial)
        return show_new_case(request, customer, opening, now)

    def cases(self, person, customer, chosen):
        """The customer's open cases and the latest that have ended, with the chosen one among them."""
        theirs = Case.objects.findable(person).filter(customer=customer).select_related(*RELATED)
        ended = theirs.filter(status__in=(CaseStatus.RESOLVED, CaseStatus.CLOSED))
        found = [*theirs.live().order_by("-pk")[:OPEN_SHOWN], *ended.order_by("-pk")[:ENDED_SHOWN]]
        if chosen is not None and chosen.pk not in {case.pk for case in found}:
            found.insert(0, chosen)
        return found

    def form(self, person, customer, cases, data=None, **initial):
        may_open = roles.may(person, "case.open")
        return forms.TakeCallForm(data, customer=customer, cases=cases, may_open=may_open, initial=initial)

    def show(self, request, customer, chosen, *, cases=None, form=None, status=200):
        now = timezone.now()
        if cases is None:
            cases = self.cases(request.user, customer, chosen)
        if form is None:
            first = chosen or next((case for case in cases if case.is_live), None)
            contact = request.GET.get("contact", "")
            known = {"contact": int(contact)} if contact.isdecimal() else {}
            if chosen is not None and chosen.contact_id:
                known = {"contact": chosen.contact_id}
            about = first.number if first else forms.NEW
            form = self.form(request.user, customer, cases, about=about, **known)
        context = {
            "customer": customer,
            "form": form,
            "told": told(cases, form["about"].value()),
            "standings": [case.standing for case in cases if case.is_live],
            "may_open": roles.may(request.user, "case.open"),
            "new": forms.NEW,
            "now": now,
        }
        return render(request, "cases/call.html", context, status=status)


def told(cases, chosen):
    """[Told] of `cases`, in two queries: what was said last to the customer, and what is promised."""
    ids = [case.pk for case in cases]
    last = Message.objects.filter(case=OuterRef("pk"), direction=Message.Direction.OUT)
    last = Case.objects.filter(pk__in=ids).values(
        last=Subquery(last.order_by("-occurred_at", "-pk").values("pk")[:1])
    )
    words = {m.case_id: m for m in Message.objects.filter(pk__in=last).select_related("author")}
    promised = {}
    for promise in Promise.objects.open().filter(case__in=ids).order_by("due_at"):
        promised.setdefault(promise.case_id, []).append(promise)
    return [
        Told(case, words.get(case.pk), promised.get(case.pk, []), case.number == chosen) for case in cases
    ]
