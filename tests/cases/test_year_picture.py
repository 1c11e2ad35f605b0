"""A calendar's year drawn and in words, and the page that shows it."""

from datetime import date, time

import pytest
from django.urls import reverse

from cases.hours import WorkingHours
from cases.year_picture import draw
from tests import factories as make

OFFICE = {weekday: [(time(9), time(17))] for weekday in range(5)}


def day(year, on):
    return next(day for day in year.days if day.on == on)


def test_every_day_is_what_its_calendar_says():
    hours = WorkingHours(
        tz="Europe/Madrid",
        weekly={**OFFICE, 6: [(time(0), time(4))]},
        exceptions={date(2026, 3, 3): [], date(2026, 3, 7): [(time(10), time(12))]},
        exception_names={date(2026, 3, 3): "Stocktaking"},
        holidays=[(date(2026, 12, 24), date(2026, 12, 25), "Christmas")],
    )
    year = draw(hours, 2026)
    looks = {d: day(year, date(2026, *d)).look for d in ((3, 2), (3, 3), (3, 7), (3, 14), (12, 24), (12, 25))}
    assert looks == {
        (3, 2): "open",
        (3, 3): "exception",
        (3, 7): "other",
        (3, 14): "closed",
        (12, 24): "holiday",
        (12, 25): "holiday",
    }
    assert day(year, date(2026, 12, 24)).words == "Thu 24 Dec 2026: holiday, Christmas"
    # Where the clocks go on an hour of the four is missing, where they go back there is one more.
    forward, back = day(year, date(2026, 3, 29)), day(year, date(2026, 10, 25))
    assert (forward.seconds, forward.shift, back.seconds, back.shift) == (3 * 3600, 60, 5 * 3600, -60)
    assert "clocks go forward 1 h" in forward.words
    assert len(year.days) == 365 and len(draw(hours, 2028).days) == 366
    assert [d.on for d in year.particular] == [
        date(2026, 3, 3),
        date(2026, 3, 7),
        date(2026, 3, 29),
        date(2026, 10, 25),
        date(2026, 12, 24),
        date(2026, 12, 25),
    ]
    assert year.months[1].open_days == 24 and year.months[11].holidays == 2
    inside = [d for d in year.days if 0 <= d.x < year.width and 0 <= d.y < year.height]
    assert len(inside) == 365 and len({(d.x, d.y) for d in inside}) == 365


def test_hours_over_midnight_count_for_each_date_and_nothing_is_open_never():
    round_the_clock = draw(WorkingHours.always("Europe/Madrid"), 2026)
    assert day(round_the_clock, date(2026, 5, 5)).seconds == 24 * 3600
    assert day(round_the_clock, date(2026, 3, 29)).seconds == 23 * 3600
    assert draw(WorkingHours(tz="UTC", weekly={}), 2026).open_days == 0


@pytest.mark.django_db
def test_whoever_reads_the_calendar_sees_its_year(client):
    version = make.calendar("Madrid").versions.get()
    page = reverse("admin:cases_calendarversion_year", args=[version.pk])
    assert client.get(page).status_code == 302
    for role, status in (("agent", 403), ("supervisor", 200), ("auditor", 200), ("manager", 200)):
        client.force_login(make.person(role, role=role))
        assert client.get(page, {"year": "2028"}).status_code == status, role
    said = client.get(page, {"year": "2028"}).content.decode()
    assert said.count("<rect") == 366 and "?year=2027" in said and "Sun 26 Mar 2028" in said
    for nonsense in ("0", "99999", "x", "1800", "²²²²"):
        assert client.get(page, {"year": nonsense}).status_code == 200
    whole = reverse("admin:cases_calendar_year", args=[version.calendar_id])
    assert client.get(whole).url == page
