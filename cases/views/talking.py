"""What is said on a case: reply, note, call, promise. Refused, the page comes back with the text kept."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import View

from cases import forms
from cases.errors import Refused
from cases.operations import promising, talk
from cases.views.case import case_context
from cases.views.finding import find, may

REFUSED = 422


class Saying(LoginRequiredMixin, View):
    """One of the composer's forms: permission, form, one operation, back to the case."""

    form_class = None
    name = ""
    action = "case.work"
    done = ""

    def post(self, request, number):
        case = self.allowed(request.user, number)
        form = self.form_class(request.POST, case=case, prefix=self.name)
        if form.is_valid():
            try:
                self.operate(case, form.cleaned_data, by=request.user, now=timezone.now())
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, self.said(case, form.cleaned_data["revision"]))
                return HttpResponseRedirect(reverse("case", args=[number]))
        return render(request, "cases/case.html", self.again(request, number, form), status=REFUSED)

    def get(self, request, number):
        """Somebody signed in again half-way, or reloaded: to the case."""
        return HttpResponseRedirect(reverse("case", args=[number]))

    def said(self, case, seen):
        """What is told when it is done, to who saw revision `seen`."""
        return self.done

    def allowed(self, person, number):
        return find(person, number, self.action)

    def again(self, request, number, form):
        """The case as it is now, with what was typed; sent again, it speaks of what its sender now sees."""
        fresh = find(request.user, number)
        form.show_again(fresh)
        return case_context(
            request, fresh, **{f"{self.name}_form": form, "composing": self.name, "refused_form": form}
        )


class Reply(Saying):
    form_class, name, done = forms.ReplyForm, "reply", _("Your reply is on its way.")

    def operate(self, case, said, *, by, now):
        talk.reply(
            case=case, body=said["body"], channel=said["channel"], revision=said["revision"], by=by, now=now
        )

    def said(self, case, seen):
        if case.revision > seen + 1:
            return _("Your reply is on its way. Meanwhile somebody left an internal note: read it.")
        return self.done


class Logging(Saying):
    """May be done on any case one can find, also another team's (RULES 1)."""

    def allowed(self, person, number):
        action = "case.log" if not may(person, "case.work", find(person, number)) else "case.work"
        return find(person, number, action)


class Note(Logging):
    form_class, name, done = forms.NoteForm, "note", _("Noted, for us alone.")

    def operate(self, case, said, *, by, now):
        talk.note(case=case, body=said["body"], by=by, now=now)


class Call(Logging):
    form_class, name, done = forms.CallForm, "call", _("The call is on the case.")

    def operate(self, case, said, *, by, now):
        talk.log_call(
            case=case,
            body=said["body"],
            incoming=said["direction"] == "in",
            was_reached=said["was_reached"],
            occurred_at=said["occurred_at"],
            asks_for=said["asks_for"] or None,
            by=by,
            now=now,
        )


class Promise(Saying):
    form_class, name, done = forms.PromiseForm, "promise", _("The promise is tracked.")

    def operate(self, case, said, *, by, now):
        promising.promise(
            case=case,
            what=said["what"],
            due_at=said["due_at"],
            kind=said["kind"],
            channel=said["channel"],
            revision=said["revision"],
            by=by,
            now=now,
        )
