"""What is said on a case: reply, note, call, promise. Refused, the page comes back with the text kept."""

import uuid

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import View

from cases import forms, wording
from cases.errors import Refused, SentBefore
from cases.operations import attaching, calling, mentioning, once, promising, talk, unsent
from cases.views import delivery
from cases.views.case import case_context
from cases.views.finding import find, may

REFUSED = 422


class Saying(LoginRequiredMixin, View):
    """One of the composer's forms: permission, form, one operation, back to the case. Sent again, it does
    nothing again and says so."""

    form_class = None
    name = ""
    action = "case.work"
    done = ""

    def post(self, request, number):
        case = self.allowed(request.user, number)
        form = self.form_class(request.POST, request.FILES, case=case, prefix=self.name)
        self.measure(request, form)
        if form.is_valid():
            now, key = timezone.now(), form.cleaned_data.pop("key")
            try:
                with once.once(key=key, content=self.sent(request), case=case, by=request.user, now=now):
                    self.operate(case, form.cleaned_data, by=request.user, now=now)
                    unsent.discard(case=case, by=request.user, kind=self.name)
            except once.AlreadyDone:
                unsent.discard(case=case, by=request.user, kind=self.name)
                messages.info(request, _("This was sent already; nothing was done twice."))
                return HttpResponseRedirect(reverse("case", args=[number]))
            except SentBefore as refusal:
                form.add_error(None, refusal)
                form.data = form.data.copy()
                form.data[form.add_prefix("key")] = uuid.uuid4()
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                self.tell(request, case, form.cleaned_data)
                return HttpResponseRedirect(reverse("case", args=[number]))
        return self.refused(request, number, form)

    def get(self, request, number):
        """Somebody signed in again half-way, or reloaded: to the case."""
        return HttpResponseRedirect(reverse("case", args=[number]))

    def allowed(self, person, number):
        return find(person, number, self.action)

    def sent(self, request):
        """What makes this form the same as one that was sent before: its words, and what its files hold."""
        apart = {f"{self.name}-key", f"{self.name}-revision"}
        words = {
            name: request.POST.getlist(name)
            for name in request.POST
            if name.startswith(f"{self.name}-") and name not in apart
        }
        return [self.name, words, [attaching.fingerprint(f) for f in _files(request, self.name)]]

    def measure(self, request, form):
        """Files that were dropped on their way in, because they are too large, are named."""
        for name in getattr(request, "files_too_large", ()):
            form.add_error(None, attaching.too_large(name))
        if hasattr(request, "files_beyond_all"):
            form.add_error(None, attaching.too_large_together())

    def tell(self, request, case, said):
        """What came of it."""
        messages.success(request, self.done)

    def refused(self, request, number, form):
        """The page comes back with what was typed."""
        fresh = self.again(request, number, form)
        beside = {f"{self.name}_form": form, "composing": self.name, "refused_form": form}
        return render(request, "cases/case.html", case_context(request, fresh, **beside), status=REFUSED)

    def again(self, request, number, form):
        """The case as it is now; sent again, the form speaks of what its sender now sees."""
        fresh = find(request.user, number)
        if _files(request, self.name):
            # A browser gives no file twice by itself.
            form.add_error(None, _("Please choose the files again."))
        form.show_again(fresh)
        return fresh


class Reply(Saying):
    form_class, name, done = forms.ReplyForm, "reply", _("Your reply is on its way.")

    def operate(self, case, said, *, by, now):
        talk.reply(
            case=case,
            body=wording.signed(said["body"], by) if said["signed"] else said["body"],
            channel=said["channel"],
            revision=said["revision"],
            files=said["files"],
            by=by,
            now=now,
        )

    def tell(self, request, case, said):
        stays = delivery.why_it_stays(case, said["channel"])
        meanwhile = ""
        if case.revision > said["revision"] + 1:
            meanwhile = _("Meanwhile somebody left an internal note: read it.")
        tell = messages.warning if stays else messages.success
        tell(request, f"{stays or self.done} {meanwhile}".strip())


class Logging(Saying):
    """May be done on any case one can find, also another team's (RULES 1)."""

    def allowed(self, person, number):
        action = "case.log" if not may(person, "case.work", find(person, number)) else "case.work"
        return find(person, number, action)


class Note(Logging):
    form_class, name, done = forms.NoteForm, "note", _("Noted, for us alone.")

    def operate(self, case, said, *, by, now):
        talk.note(case=case, body=said["body"], files=said["files"], by=by, now=now)

    def tell(self, request, case, said):
        """Who of those that were called heard of it, and who did not."""
        called = mentioning.called_in(said["body"], case=case, by=request.user)
        told = _("Told: %(names)s.") % {"names": _names(called.told)} if called.told else ""
        messages.success(request, f"{self.done} {told}".strip())
        if called.untold:
            untold = ngettext(
                "%(names)s was not told: this case is not open to them.",
                "%(names)s were not told: this case is not open to them.",
                len(called.untold),
            )
            messages.warning(request, untold % {"names": _names(called.untold)})


def _files(request, prefix):
    return request.FILES.getlist(f"{prefix}-files")


def _names(people):
    return get_text_list([person.name for person in people], _("and"))


class Call(Logging):
    form_class, name, done = forms.CallForm, "call", _("The call is on the case.")

    def operate(self, case, said, *, by, now):
        calling.take_call(
            case=case, may_promise=may(by, "case.work", case), by=by, now=now, **forms.taken_down(said)
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
