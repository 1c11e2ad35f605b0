"""How often one person's programs may ask: so that one that runs wild slows nobody else down."""

import logging

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rest_framework.exceptions import Throttled
from rest_framework.throttling import UserRateThrottle

log = logging.getLogger(__name__)
UNITS = {"s": 1, "min": 60, "hour": 3600, "day": 86400}


def parsed(rate):
    """(number, seconds) of "600/min"; (None, None) of what is empty: no limit. Raises ValueError."""
    if not rate:
        return None, None
    number, _slash, period = rate.partition("/")
    if not number.isdecimal() or int(number) < 1 or period not in UNITS:
        raise ValueError(rate)
    return int(number), UNITS[period]


class PerPerson(UserRateThrottle):
    """At most API_RATE of each person, however they signed in. Counted in Django's cache: by each process on
    its own, or by all together where CACHE_URL names a Redis."""

    def get_rate(self):
        return settings.API_RATE or None  # without a rate Django REST framework counts nothing

    def parse_rate(self, rate):
        return parsed(rate)

    def allow_request(self, request, view):
        try:
            return super().allow_request(request, view)
        except Exception:
            # Whatever the cache is: without its counters work goes on, without a limit.
            log.exception("requests are not counted: the cache does not answer")
            return True


def sentence(refusal: Throttled):
    """What is said to who asked too often."""
    seconds = int(refusal.wait or 1)
    words = {"n": seconds, "rate": settings.API_RATE}
    again = ngettext("Ask again in %(n)d second.", "Ask again in %(n)d seconds.", seconds) % words
    return _("You asked too often: at most %(rate)s per person.") % words + " " + again
