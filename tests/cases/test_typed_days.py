"""Days and times typed in the console: read in one way or refused, with what is accepted."""

from datetime import date

import pytest
from django.utils import translation

from cases.console import DayField, MomentField
from cases.models import Absence
from tests import factories as make

pytestmark = pytest.mark.django_db
DAY = "This is no day that is read here; write year, month and day, such as 2026-04-30."
TIME = "This is no time that is read here; write hours and minutes of 24 hours, such as 14:30."


@pytest.mark.parametrize("typed", ["2026-04-03", "3 Apr 2026", "3 April 2026"])
def test_a_day_is_read_as_it_is_shown(typed):
    assert DayField().clean(typed) == date(2026, 4, 3)


@pytest.mark.parametrize("typed", ["03/04/2026", "3/4/26", "2026-02-30", "tomorrow"])
def test_a_day_that_two_countries_read_in_two_ways_is_read_in_none(typed):
    with pytest.raises(Exception) as refused:
        DayField().clean(typed)
    assert refused.value.messages == [DAY]


def test_a_day_is_the_first_number_where_nobody_reads_it_otherwise():
    for language, typed in (("es", "03/04/2026"), ("ru", "03.04.2026"), ("es", "2026-04-03")):
        with translation.override(language):
            assert DayField().clean(typed) == date(2026, 4, 3)


def test_each_half_of_a_moment_says_what_it_would_read():
    with pytest.raises(Exception) as refused:
        MomentField().clean(["soon", "half past two"])
    assert refused.value.messages == [DAY, TIME]


def test_a_form_of_the_console_says_it_and_keeps_what_was_typed(client):
    manager, ana = make.person("Marta", "manager"), make.person("Ana")
    client.force_login(manager)
    typed = {
        "starts_at_0": "04/05/2026",
        "starts_at_1": "9 in the morning",
        "ends_at_0": "2026-05-06",
        "ends_at_1": "18:00",
    }
    page = client.post("/admin/cases/absence/add/", {"person": ana.pk, **typed})
    said = page.content.decode()
    assert DAY in said and TIME in said
    assert 'value="04/05/2026"' in said and 'value="9 in the morning"' in said
    assert 'aria-label="From, Date"' in said and 'aria-label="Until, Time"' in said
    assert not Absence.objects.exists()
