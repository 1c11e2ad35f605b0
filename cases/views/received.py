"""What the customer sent on paper or elsewhere, that did not come in by itself, is put on the case."""

from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases import forms
from cases.models import Channel
from cases.operations import talk
from cases.views.talking import REFUSED, Saying

MEANS = (
    _("It counts from when it came: pauses that wait for the customer end, and an update is owed."),
    _("A resolved case opens again; on a closed one it is kept."),
    _("A message on the phone answers nobody; a call in which you spoke goes under “Call”."),
)


class Received(Saying):
    form_class, name, done = forms.ReceivedForm, "received", _("It is on the case.")

    def get(self, request, number):
        case = self.allowed(request.user, number)
        return self.show(request, case, self.form_class(case=case, prefix=self.name))

    def operate(self, case, said, *, by, now):
        given = {name: said[name] for name in ("body", "occurred_at", "contact", "files")}
        given |= {"case": case, "asks_for": said["asks_for"] or None, "by": by, "now": now}
        if said["channel"] == Channel.PHONE:
            talk.log_call(incoming=True, was_reached=False, **given)
        else:
            talk.receive(channel=said["channel"], **given)

    def refused(self, request, number, form):
        return self.show(request, self.again(request, number, form), form, status=REFUSED)

    def show(self, request, case, form, status=200):
        context = {
            "rail": True,
            "case": case,
            "form": form,
            "title": _("Record what the customer sent"),
            "word": _("Put it on the case"),
            "icon": "inbox",
            "means": MEANS,
            "now": timezone.now(),
        }
        return render(request, "cases/action.html", context, status=status)
