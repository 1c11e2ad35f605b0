"""What the customer asks, decided and approved; the answer; the complaint profile of whoever holds it."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import View

from cases import display, forms, granting, roles
from cases.models import Ask, ComplaintProfile, Decision
from cases.operations import answering, asking, profiling
from cases.views.actions import Action
from cases.views.delivery import why_it_stays

AT_MOST = 100
PEOPLE = ("made_by", "approved_by", "ended_by")


class AddAsk(Action):
    form_class, icon = forms.AskForm, "help"
    title, word, done = _("What the customer asks"), _("Add it"), _("It is on the case.")
    means = (_("The case is resolved only when this is decided."),)

    def operate(self, case, said, *, by, now):
        asking.ask(case=case, by=by, now=now, **said)


class AboutAnAsk(Action):
    """A sheet about one ask of the case that the address names."""

    def look_up(self, case):
        self.ask = Ask.objects.filter(case=case, pk=self.kwargs["ask"]).first()
        if self.ask is None:
            raise Http404
        self.ask.case = case


class Correct(AboutAnAsk):
    form_class, icon = forms.AskForm, "pencil"
    title, word, done = _("Correct what is asked"), _("Correct it"), _("It is put right.")
    means = (_("What stood there before stays in the history."),)

    def starts_with(self, case, now):
        return {"text": self.ask.text, "amount": self.ask.amount}

    def operate(self, case, said, *, by, now):
        asking.correct(ask=self.ask, by=by, now=now, **said)


class Decide(AboutAnAsk):
    form_class, icon, template = forms.DecideForm, "scales", "cases/decide.html"
    title, word, done = _("Decide"), _("Decide it"), _("It is decided.")

    def more(self, case):
        given = granting.granted(case, self.request.user)
        earlier = self.ask.decisions.exclude(ended_at=None).select_related(*PEOPLE).order_by("-pk")[:3]
        return {
            "ask": self.ask,
            "worth": display.money(self.ask.amount) if self.ask.amount else "",
            "limit": display.money(granting.limit_of(case, self.request.user)),
            "given": display.money(given) if given else "",
            "may_approve": roles.may(self.request.user, "offer.approve"),
            "earlier": list(earlier),
        }

    def operate(self, case, said, *, by, now):
        row = asking.decide(ask=self.ask, by=by, now=now, **said)
        if row.state == Decision.State.WAITING:
            self.done = _("It waits for approval; whoever may approve it is told.")


class TakeBack(AboutAnAsk):
    form_class, icon = forms.ReasonForm, "undo"
    title, word, done = _("Take the decision back"), _("Take it back"), _("The ask is open again.")
    means = (
        _("The ask is open again, and the case is not resolved until it is decided anew."),
        _("What was decided stays in the history, with your reason."),
    )

    def operate(self, case, said, *, by, now):
        asking.take_back(ask=self.ask, by=by, now=now, **said)


class Review(Action):
    """Approve or send back: one sheet, two buttons."""

    asks = "offer.approve"
    form_class, icon, template = forms.ReviewForm, "scales", "cases/review.html"
    title, done = _("Approve a decision"), _("Approved; who decided it is told.")

    def look_up(self, case):
        related = ("ask__case", *PEOPLE)
        found = Decision.objects.filter(ask__case=case, pk=self.kwargs["decision"]).select_related(*related)
        self.decision = found.first()
        if self.decision is None:
            raise Http404

    def more(self, case):
        decision, reader = self.decision, self.request.user
        limit, given = granting.limit_of(case, reader), granting.granted(case, reader)
        return {
            "decision": decision,
            "offer": display.offer(decision),
            "worth": display.money(decision.ask.amount) if decision.ask.amount else "",
            "stake": display.money(decision.at_stake),
            "limit": display.money(limit),
            "given": display.money(given) if given else "",
            "is_beyond": decision.together(given) > limit,
            "is_own": decision.made_by_id == reader.pk,
            "waits": decision.state == Decision.State.WAITING,
        }

    def operate(self, case, said, *, by, now):
        if said.pop("verdict") == forms.ReviewForm.SEND_BACK:
            asking.send_back(decision=self.decision, by=by, now=now, **said)
            self.done = _("Sent back; who decided it is told why.")
        else:
            asking.approve(decision=self.decision, revision=said["revision"], by=by, now=now)

    def leads_to(self, case):
        """Back to the list, for who came from there."""
        if self.request.GET.get("from") == "list":
            return reverse("decisions")
        return super().leads_to(case)


class AwaitingDecisions(LoginRequiredMixin, View):
    """What waits for the reader's approval, the oldest first."""

    def get(self, request):
        if not roles.may(request.user, "offer.approve"):
            raise PermissionDenied
        related = ("ask__case__customer", "made_by")
        found = Decision.objects.awaiting(request.user).select_related(*related).order_by("made_at", "pk")
        found = list(found[: AT_MOST + 1])
        rows = [
            (row, display.offer(row), display.money(row.at_stake) if row.at_stake else "")
            for row in found[:AT_MOST]
        ]
        context = {
            "rows": rows,
            "more": len(found) > AT_MOST,
            "limit": display.money(request.user.money_limit),
            "now": timezone.now(),
        }
        return render(request, "cases/decisions.html", context)


class Answer(Action):
    form_class, icon, template = forms.AnswerForm, "send", "cases/answer.html"
    title, word = _("Answer the customer"), _("Send the answer")
    done = _("The answer is on its way; its date is promised.")
    means = (
        _("It goes out as a message in the customer’s language; the response clocks stop."),
        _("The date becomes a promise: an outcome, tracked like every other."),
        _("The case stays open: answered is not resolved."),
    )

    def starts_with(self, case, now):
        return forms.answer_begun(case, self.request.user, now)

    def operate(self, case, said, *, by, now):
        answering.answer(case=case, by=by, now=now, **said)
        stays = why_it_stays(case, said["channel"])
        if stays:
            self.done = _("%(stays)s Its date is promised.") % {"stays": stays}


class Profile(Action):
    """For whoever holds the complaint; to everybody else there is no such page."""

    form_class, icon = forms.ComplaintProfileForm, "eye"
    title, word, done = _("Complaint profile"), _("Keep it"), _("Kept, for you alone.")
    means = (
        _("You alone see it, as long as you hold the complaint; then whoever holds it after you."),
        _("It describes the complaint, not the person. Leave empty what you do not know."),
    )

    def look_up(self, case):
        if profiling.keeper_of(case, case.standing) != self.request.user.pk:
            raise Http404

    def starts_with(self, case, now):
        return ComplaintProfile.objects.filter(case=case).values(*profiling.WORDS).first() or {}

    def operate(self, case, said, *, by, now):
        profiling.describe(case=case, by=by, now=now, **said)
