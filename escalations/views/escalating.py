"""Escalate: what one may do oneself comes first, then a whole handoff with the word to the customer."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from cases import display
from cases.errors import Refused
from cases.views.delivery import why_it_stays
from cases.views.finding import find
from cases.views.talking import REFUSED
from cases.views.understood import understood
from escalations import escalate_form as sheet
from escalations import forms, supervisor
from escalations.operations.escalate import escalate
from escalations.operations.telling import Telling

# What the right side and the drafted word follow, by name.
FOLLOWED = ("kind", "to", "skill", "mode", "reached", "call_back_at", "call_back_zone")


class Escalate(LoginRequiredMixin, View):
    """The handoff by hand: what is handed over, who gets it by when, and what happens if nobody acts."""

    def get(self, request, number):
        case = find(request.user, number, "case.work")
        now = timezone.now()
        said = {name: request.GET[name] for name in FOLLOWED if request.GET.get(name)}
        form = self.form(case, now, initial=sheet.prefilled(case, now) | said)
        return self.show(request, case, form, now)

    def post(self, request, number):
        case = find(request.user, number, "case.work")
        now = timezone.now()
        form = self.form(case, now, request.POST)
        if form.is_valid():
            try:
                handoff = self.operate(case, form, by=request.user, now=now)
            except Refused as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, _done(case, handoff, form.word_said, now))
                return HttpResponseRedirect(reverse("case", args=[case.number]))
        fresh = find(request.user, number)
        form.show_again(fresh)
        return self.show(request, fresh, form, now, status=REFUSED)

    def form(self, case, now, data=None, **kwargs):
        asked = supervisor.asked(case, now)
        choices = sheet.destinations(case, now, asked)
        return forms.EscalateForm(data, case=case, choices=choices, asked=asked, now=now, **kwargs)

    def operate(self, case, form, *, by, now):
        said = form.cleaned_data
        path, level = forms.path_and_level(said["to"])
        functional = said["kind"] == "functional"
        return escalate(
            case=case,
            path=path,
            level=None if functional else level,
            kind=said["kind"],
            skill=said["skill"] if functional else None,
            catalogue_reason=said.get("catalogue_reason"),
            reason=said["reason"],
            background=said["background"],
            tried=said["tried"],
            next_steps=said["next_steps"],
            told_customer=said["told_customer"],
            mode=said["mode"],
            was_reached=said["was_reached"],
            call_back_at=said["call_back_at"],
            word=form.word_said,
            revision=said["revision"],
            by=by,
            now=now,
        )

    def show(self, request, case, form, now, status=200):
        going = sheet.way(case, form, now)
        wish = sheet.propose(case, form, going, now)
        preview = sheet.preview(case, form, going, now)
        if not form.is_bound:
            form.initial["word"] = sheet.draft(case, form, preview, by=request.user, now=now)
        context = {
            "rail": True,
            "case": case,
            "form": form,
            "now": now,
            "kinds": forms.BY_HAND,
            "preview": preview,
            "own": sheet.own_power(case, request.user),
            # Whoever came this far by sending it, or by a link that says where to, has seen what they may do.
            "begins_with_form": form.is_bound or "to" in request.GET,
            "wish": wish,
            "call_back": _call_back_words(case, form, now),
            "word_language": sheet.wording.language_of(case),
        }
        return render(request, "escalations/escalate.html", context, status=status)


def _done(case, handoff, word, now):
    who = handoff.to_person or handoff.to_team
    said = [_("%(who)s has it, and is told.") % {"who": who}]
    if handoff.call_back_at:
        said.append(
            _("The call-back is promised for %(time)s.")
            % {"time": display.moment(handoff.call_back_at, now, "day")}
        )
    if word.telling == Telling.NOW:
        stays = why_it_stays(case, word.channel)
        said.append(stays or _("Your word to the customer is on its way."))
    elif word.telling == Telling.LATER:
        said.append(
            _("The word to the customer is owed by %(time)s.")
            % {"time": display.moment(word.owed_by, now, "day")}
        )
    return " ".join(said)


def _call_back_words(case, form, now):
    """The call-back that is typed at present, in both zones, so that nobody is an hour wrong, and what is odd
    about it; or nothing."""
    if not sheet.shows_call_back(form):
        return ""
    at = sheet.call_back_typed(form)
    if at is None:
        return ""
    said = understood(at, "call_back_at", case, now)
    return " ".join([_("Call back: %(when)s.") % {"when": said.words}, *said.warnings])
