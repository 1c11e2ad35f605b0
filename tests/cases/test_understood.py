"""A typed time says what is understood by it: here, at the customer's, and whether anybody works then."""

import pytest

from cases.models import Customer, Team
from tests import factories as make
from tests.workspace import HOUR, NOW, ROLES, body, new_case, page, people, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def desk():
    found = people()
    with make.signed():
        Team.objects.filter(name="Care").update(calendar=make.calendar())
    return found


@pytest.fixture
def case(desk):
    row = new_case(desk, at=NOW - HOUR)
    with make.signed():
        Customer.objects.filter(pk=row.customer_id).update(time_zone="Europe/Dublin")
    return row


@pytest.mark.parametrize(
    ("typed", "said", "odd"),
    [
        ("2026-03-03T16:59", "today 16:59 for you, 15:59 in Dublin", ""),
        ("2026-03-03T17:00", "today 17:00 for you", "Care opens Wed 4 Mar, 09:00."),
        ("2026-03-03T23:30", "today 23:30 for you, 22:30 in Dublin", "This is in a closed hour"),
        ("2026-03-04T00:30", "Wed 4 Mar, 00:30 for you, Tue 23:30 in Dublin", "Care opens Wed 4 Mar, 09:00."),
        ("2026-03-03T11:00", "today 11:00 for you", "This is in the past; give a later time."),
        ("2026-03-03T10:59", "today 10:59 for you", "This is in the past; give a later time."),
        ("no time", "", ""),
        ("2299-06-01T03:00", "1 Jun 2299, 03:00 for you", "Care opens 1 Jun 2299, 09:00."),
        ("2500-06-01T03:00", "", ""),
        ("9999-12-31T23:59", "", ""),
    ],
)
def test_a_time_is_said_in_both_zones_with_what_is_odd_about_it(client, desk, case, typed, said, odd):
    shown = body(page(client, desk["agent"], "case-understood", case.number, due_at=typed))
    assert 'data-preview="understood-due_at"' in shown
    assert said in shown
    assert odd in shown
    assert ("field__odd" in shown) is bool(odd)


def test_when_something_was_said_is_odd_in_the_future_alone(client, desk, case):
    asked = {"call-occurred_at": "2026-03-03T11:01", "told_at": "2026-03-03T11:00"}
    shown = body(page(client, desk["agent"], "case-understood", case.number, **asked))
    assert shown.count("field__odd") == shown.count("This is in the future; give a time up to now.") == 1


@pytest.mark.parametrize("typed", ["2500-06-01T03:00", "9999-12-31T23:59", "0001-01-01T00:00"])
def test_a_time_beyond_all_calendars_is_refused_with_what_would_be_taken(client, desk, case, typed):
    said = {"promise-what": "Call", "promise-due_at": typed, "promise-revision": case.revision}
    answer = post(client, desk["agent"], "case-promise", case.number, **said)
    assert answer.status_code == 422
    assert "Give a year from 1901 to 2299." in body(answer) and "Call" in body(answer)


def test_every_form_for_a_time_of_a_case_says_what_is_understood(client, desk, case):
    for name, field in (
        ("case", "promise-due_at"),
        ("case", "call-occurred_at"),
        ("case-pause", "expected_end_at"),
        ("case-answer", "due_at"),
    ):
        shown = body(page(client, desk["agent"], name, case.number))
        assert f'data-preview="understood-{field}"' in shown, name
        assert f'data-preview-from="/cases/{case.number}/understood/"' in shown, name
    asked = {"mode": "call_back", "call_back_at": "2026-03-03T18:00", "call_back_zone": "Europe/Madrid"}
    shown = body(page(client, desk["agent"], "case-escalate", case.number, **asked))
    assert "Call back: today 18:00 for you, 17:00 in Dublin. This is in a closed hour" in shown


WHO_MAY = {
    "case-understood": (200, 200, 200, 200, 404, 200),
    "understood": (200, 200, 200, 200, 403, 200),
}


def test_whoever_may_find_the_case_is_answered(client, desk, case):
    found = tuple(page(client, desk[role], "case-understood", case.number).status_code for role in ROLES)
    assert found == WHO_MAY["case-understood"]


def test_before_there_is_a_case_it_is_said_for_the_customer_that_is_chosen(client, desk, case):
    typed = {"promised_by": "2026-03-03T16:59", "received_at": "2026-03-03T11:01"}
    shown = body(page(client, desk["agent"], "understood", **typed))
    assert "today 16:59" in shown and "for you" not in shown
    shown = body(page(client, desk["agent"], "understood", customer=case.customer_id, **typed))
    assert "today 16:59 for you, 15:59 in Dublin" in shown
    assert shown.count("This is in the future; give a time up to now.") == 1
    answers = [page(client, desk[role], "understood", customer=case.customer_id) for role in ROLES]
    assert tuple(answer.status_code for answer in answers) == WHO_MAY["understood"]
    assert page(client, desk["agent"], "understood", customer="x").status_code == 404
    client.logout()
    assert client.get("/understood/").status_code == 302
    for name, asked in (("case-new", {}), ("call-new", {})):
        shown = body(page(client, desk["agent"], name, customer=case.customer_id, **asked))
        assert 'data-preview="understood-promised_by"' in shown, name
        assert 'data-preview-from="/understood/"' in shown, name
    sent = {"customer": case.customer_id, "promised": "a call", "promised_by": "2026-03-03T16:59"}
    shown = body(post(client, desk["agent"], "case-new", **sent))
    assert "today 16:59 for you, 15:59 in Dublin" in shown
