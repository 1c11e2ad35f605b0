"""Where a customer answers the one question about their case. For whoever has the link: nobody signs in."""

from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from cases import surveys
from cases.errors import Refused
from cases.forms import SurveyForm
from cases.operations import surveying
from cases.views.talking import REFUSED

GONE = 410


# Who may answer is in the address, not in a cookie: nothing could be forged on anybody's behalf, and whoever
# refuses cookies may answer too.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class SurveyPage(View):
    """In the language and zone of who was asked, whoever is signed in here."""

    def dispatch(self, request, *args, **kwargs):
        survey = surveys.found(kwargs["token"])
        if survey is None:
            raise Http404
        with (
            translation.override(survey.contact.language),
            timezone.override(ZoneInfo(survey.case.customer.time_zone)),
        ):
            return super().dispatch(request, survey=survey, **kwargs)

    def get(self, request, survey, token):
        now = timezone.now()
        if now >= survey.expires_at or survey.called_back_at or survey.case.is_restricted:
            return self.show(request, survey, None, status=GONE)
        given = {"score": survey.score, "comment": survey.comment}
        return self.show(request, survey, SurveyForm(initial=given), thanks="thanks" in request.GET)

    def post(self, request, survey, token):
        form = SurveyForm(request.POST)
        if not form.is_valid():
            return self.show(request, survey, form, status=REFUSED)
        try:
            surveying.answer(survey=survey, now=timezone.now(), **form.cleaned_data)
        except Refused:
            return self.show(request, survey, None, status=GONE)
        return HttpResponseRedirect(f"{reverse('survey', args=[token])}?thanks")

    def show(self, request, survey, form, *, thanks=False, status=200):
        context = {"survey": survey, "case": survey.case, "form": form, "thanks": thanks and survey.score}
        context["token"] = request.resolver_match.kwargs["token"]
        response = render(request, "survey.html", context, status=status)
        # The address is what lets its holder answer: it is told to no other site.
        response["Referrer-Policy"] = "no-referrer"
        return response
