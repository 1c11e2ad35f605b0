"""What is done to a case: each a small sheet, as a page of its own or in a dialog over the case."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View

from cases import closing, forms
from cases.errors import Blocked, Refused
from cases.models import Pause, Promise
from cases.operations import correcting, ending, foreseeing, pausing, promising, routing, tagging
from cases.states import CaseStatus
from cases.views.ahead import look_again
from cases.views.finding import find
from cases.views.others import away_now
from cases.views.talking import REFUSED


class Action(LoginRequiredMixin, View):
    """Permission, form, one operation, answer. A subclass names its words and its operation."""

    form_class = forms.ReasonForm
    title = ""
    word = ""  # of the button: its result
    icon = "check"
    done = ""
    means = ()  # sentences on what follows
    asks = "case.work"  # of the table of roles
    template = "cases/action.html"

    def get(self, request, number, **kwargs):
        case = find(request.user, number, self.asks)
        self.look_up(case)
        return self.show(
            request, case, self.form_class(case=case, initial=self.starts_with(case, timezone.now()))
        )

    def post(self, request, number, **kwargs):
        case = find(request.user, number, self.asks)
        self.look_up(case)
        form = self.form_class(request.POST, case=case)
        if form.is_valid():
            try:
                self.operate(case, form.cleaned_data, by=request.user, now=timezone.now())
            except Blocked:
                form.add_error(None, gettext("What is named below is still in the way."))
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, self.done)
                return HttpResponseRedirect(self.leads_to(case))
        fresh = find(request.user, number)
        form.show_again(fresh)
        return self.show(request, fresh, form, status=REFUSED)

    def show(self, request, case, form, status=200):
        context = {
            "rail": True,
            "case": case,
            "form": form,
            "title": self.title,
            "word": self.word,
            "icon": self.icon,
            "means": self.means,
            "blockers": self.blockers(case),
            "remarks": self.remarks(case),
            "now": timezone.now(),
            **self.more(case),
        }
        return render(request, self.template, context, status=status)

    def look_up(self, case):
        """Find what of the case the address names beside it; raises Http404 where there is none."""

    def more(self, case):
        """What a template of its own shows beside the form."""
        return {}

    def starts_with(self, case, now):
        return {}

    def blockers(self, case):
        """What is in the way of doing this, each linked to where it stands on the case page."""
        return ()

    def remarks(self, case):
        """What is left undone and in nobody's way."""
        return ()

    def leads_to(self, case):
        return reverse("case", args=[case.number])


class Assign(Action):
    form_class, icon = forms.AssignForm, "user"
    title, word, done = _("Assign"), _("Assign the case"), _("The case has changed hands.")
    means = (
        _("The new owner is told in the app."),
        _("Clocks keep running; a running escalation keeps its holder."),
    )

    def starts_with(self, case, now):
        return {"team": case.team_id, "owner": case.owner_id}

    def more(self, case):
        return {"means": (*self.means, *away_now(timezone.now()))}

    def operate(self, case, said, *, by, now):
        routing.assign(
            case=case,
            team=said["team"],
            owner=said["owner"],
            reason=said["reason"],
            revision=said["revision"],
            by=by,
            now=now,
        )


class Prioritise(Action):
    form_class, icon = forms.PriorityForm, "sliders"
    title, word, done = (
        _("Change the priority"),
        _("Set the priority"),
        _("The priority is set; due times are worked out anew."),
    )
    means = (
        _("Open clocks get the new priority’s terms from their own start, with pauses kept."),
        _("A term that is over by then is breached at once."),
    )

    def starts_with(self, case, now):
        return {"priority": case.priority}

    def more(self, case):
        return {"foreseen": foreseeing.by_priority(case)}

    def operate(self, case, said, *, by, now):
        routing.prioritise(
            case=case,
            priority=said["priority"],
            reason=said["reason"],
            revision=said["revision"],
            by=by,
            now=now,
        )


class Correct(Action):
    form_class, icon, template = forms.CorrectForm, "pencil", "cases/correct.html"
    title, word, done = _("Correct the case"), _("Correct it"), _("The case is put right.")
    means = (
        _("What stood there before stays in the history."),
        _(
            "Of another category or service it may owe other terms: open clocks get them from their own "
            "start, with pauses kept; what a law sets counts from when the case was received."
        ),
        _("The rules are looked at again; the team and the owner stay."),
    )

    def starts_with(self, case, now):
        return {
            "subject": case.subject,
            "category": case.category_id,
            "service": case.service_id,
            "contact": case.contact_id,
            "language": case.language,
            "reference": case.reference,
        }

    def post(self, request, number, **kwargs):
        """To look first is to send the form without anything coming of it, for browsers without scripts."""
        if "check" not in request.POST:
            return super().post(request, number, **kwargs)
        case = find(request.user, number, self.asks)
        return self.show(request, case, self.form_class(initial=request.POST.dict(), case=case))

    def more(self, case):
        return look_again(case, self.request.POST or self.request.GET, timezone.now())

    def operate(self, case, said, *, by, now):
        correcting.correct(case=case, by=by, now=now, **said)


class StandStill(Action):
    form_class, icon = forms.PauseForm, "pause"
    title, word, done = _("Pause the clocks"), _("Pause"), _("The clocks stand still.")
    means = (
        _("The clocks this reason names stand still until then, or until the customer writes."),
        _("They go on by themselves at the expected end."),
    )

    def starts_with(self, case, now):
        return {"expected_end_at": forms.next_full_hour(now) + timezone.timedelta(days=1)}

    def operate(self, case, said, *, by, now):
        pausing.pause(
            case=case,
            reason=said["reason"],
            expected_end_at=said["expected_end_at"],
            note=said["note"],
            revision=said["revision"],
            by=by,
            now=now,
        )


class Tags(Action):
    form_class, icon = forms.TagsForm, "tag"
    title, word, done = _("Tags"), _("Keep these tags"), _("The tags are kept.")

    def operate(self, case, said, *, by, now):
        tagging.tag(
            case=case, add=said["add"], remove=said["remove"], revision=said["revision"], by=by, now=now
        )


class Resolve(Action):
    icon = "check-circle"
    title, word, done = _("Resolve"), _("Resolve the case"), _("The case is resolved.")
    means = (
        _("Pauses and clocks end now; a running escalation ends with the case."),
        _("An answer is not a resolution: resolve only what is done."),
    )

    def blockers(self, case):
        return closing.blockers(case, CaseStatus.RESOLVED)

    def remarks(self, case):
        return closing.remarks(case)

    def operate(self, case, said, *, by, now):
        ending.resolve(case=case, reason=said["reason"], revision=said["revision"], by=by, now=now)


class Close(Action):
    icon = "lock"
    title, word, done = _("Close"), _("Close the case"), _("The case is closed.")
    means = (_("Reopening stays possible."),)

    def blockers(self, case):
        return closing.blockers(case, CaseStatus.CLOSED)

    def remarks(self, case):
        return closing.remarks(case)

    def operate(self, case, said, *, by, now):
        ending.close(case=case, reason=said["reason"], revision=said["revision"], by=by, now=now)


class Reopen(Action):
    icon = "undo"
    title, word, done = _("Reopen"), _("Open the case again"), _("The case is open again.")
    means = (_("The resolution clock goes on with the time that was left; the next update is owed."),)

    def operate(self, case, said, *, by, now):
        ending.reopen(case=case, reason=said["reason"], revision=said["revision"], by=by, now=now)


class Done(LoginRequiredMixin, View):
    """One button on the case page that needs no words: resume a pause, take up a case, a promise kept."""

    done = ""

    def post(self, request, number, **kwargs):
        case = find(request.user, number, "case.work")
        try:
            self.operate(case, _revision(request), by=request.user, now=timezone.now(), **kwargs)
        except Refused as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, self.done)
        return HttpResponseRedirect(reverse("case", args=[case.number]))


def _revision(request):
    """What the sender saw; a form without it was not made by us, and is stale by definition."""
    value = request.POST.get("revision", "")
    return int(value) if value.isdecimal() else 0


class Resume(Done):
    done = _("The clocks run again.")

    def operate(self, case, revision, *, by, now, pause):
        row = Pause.objects.open().filter(case=case, pk=pause).select_related("case", "reason").first()
        if row is None:
            raise Http404
        pausing.resume(pause=row, revision=revision, by=by, now=now)


class TakeUp(Done):
    done = _("The case is open.")

    def operate(self, case, revision, *, by, now):
        routing.take_up(case=case, revision=revision, by=by, now=now)


class Take(Done):
    done = _("The case is yours.")

    def operate(self, case, revision, *, by, now):
        routing.take(case=case, revision=revision, by=by, now=now)


class Keep(Done):
    done = _("The promise is kept.")

    def operate(self, case, revision, *, by, now, promise):
        row = Promise.objects.filter(case=case, pk=promise).select_related("case").first()
        if row is None:
            raise Http404
        promising.keep(promise=row, revision=revision, by=by, now=now)
