"""Who reads, in which language and zone; and who acts, for pages and console alike."""

import zoneinfo
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone, translation

from . import history

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
SERVER_ERROR = 500


@contextmanager
def speaking_to(person):
    """Words in the language of `person`, and times in their zone, until it ends."""
    with translation.override(person.language), timezone.override(zoneinfo.ZoneInfo(person.time_zone)):
        yield


class ReaderMiddleware:
    """Shows times in the reader's zone and words in the reader's language."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.user.is_authenticated:
            return self.get_response(request)
        translation.activate(request.user.language)
        request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(zoneinfo.ZoneInfo(request.user.time_zone)):
            return self.get_response(request)


class ActingMiddleware:
    """Signs what an unsafe request of a page or the console writes; a GET opens no transaction for it.

    The API signs for itself in its operations, after it knows who asks; so does the one look that is a fact,
    an auditor's (cases/views/finding.py).
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method in SAFE or not request.user.is_authenticated or request.path.startswith("/api/"):
            return self.get_response(request)
        via = "console" if request.path.startswith("/admin/") else "page"
        reason = request.POST.get("change_reason", "") if via == "console" else ""
        with history.acting(by=request.user, reason=reason, now=timezone.now(), via=via):
            response = self.get_response(request)
            if response.status_code >= SERVER_ERROR:
                # Django has made a page of the exception: what the request wrote up to it must not stay.
                transaction.set_rollback(True)
            return response
