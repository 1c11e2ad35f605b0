"""The link by which a customer answers a survey: signed, so that nobody guesses another's."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from .models import Survey

SALT = "cases.survey"


def link(survey_id):
    """The whole address of the page on which the survey with this id is answered."""
    token = signing.Signer(salt=SALT).sign(survey_id)
    return settings.SITE_URL.rstrip("/") + reverse("survey", args=[token])


def found(token):
    """The Survey that `token` leads to, or None."""
    try:
        pk = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature:
        return None
    return Survey.objects.select_related("case__customer", "contact").filter(pk=pk).first()
