"""Choices that change too seldom to be stored: time zones, countries and their regions."""

import zoneinfo
from functools import cache

import holidays
from babel import Locale
from django.utils.translation import get_language

# Names that exist for old programs only.
_OLD = ("Etc/", "SystemV/", "US/", "posix/", "right/")


@cache
def time_zone_choices():
    """The zones that people know, read once: the files they are in do not change under a running process."""
    names = sorted(
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(_OLD)
    )
    return [(name, name.replace("_", " ")) for name in ("UTC", *names)]


def countries():
    """[(code, name in the reader's language)] of the countries whose holidays are known."""
    names = Locale.parse(get_language() or "en", sep="-").territories
    known = (
        (code, names[code])
        for code in holidays.list_supported_countries(include_aliases=False)
        if code in names
    )
    return sorted(known, key=lambda choice: choice[1])


def regions(country):
    """The codes of a country's regions that have holidays of their own."""
    return holidays.list_supported_countries(include_aliases=False).get(country, [])
