"""Who may ask what of the API: each endpoint and role; restricted cases; complaints about somebody."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.utils import timezone

from cases.models import Case, Message, Notice, Party
from cases.operations import promising, talk
from cases.states import Metric
from tests import factories as make
from tests import worlds
from tests.worlds import EVERYBODY, asks, expected, statuses

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    return worlds.desk()


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture(autouse=True)
def clock(monkeypatch, now):
    """It is `now` for whoever looks at the clock."""
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def case(desk, now):
    return make.case(now=now - 10 * MINUTE, team=desk.care, owner=desk.ana)


def url(case, *words):
    return "/".join(["/api/v1/cases", case.number, *words, ""])


# --- Who may ------------------------------------------------------------------------------------------------


def test_a_case_is_found_by_its_number_by_all_who_may_find_cases(desk, case):
    assert statuses(desk, lambda client: client.get(url(case))) == expected(200)


def test_lists_hold_what_one_may_read(desk, case):
    def listed(client):
        response = client.get("/api/v1/cases/")
        return [row["number"] for row in response.data["results"]] if response.status_code == 200 else None

    found = {who: listed(asks(getattr(desk, who) if who else None)) for who in EVERYBODY}
    theirs = [case.number]
    assert found == {
        "ana": theirs,
        "bruno": [],
        "marta": theirs,
        "sven": [],
        "priya": theirs,
        "audre": theirs,
        "adam": None,
        None: None,
    }


def test_all_cases_of_an_identified_customer_are_found(desk, case):
    other = make.case(make.customer("Fabrikam"), now=case.received_at)
    found = asks(desk.bruno).get("/api/v1/cases/", {"customer": case.customer_id}).data["results"]
    assert [row["number"] for row in found] == [case.number]
    assert other.number != case.number


@pytest.mark.parametrize("what", ["clocks", "promises"])
def test_what_is_owed_is_read_by_those_who_may_read_the_case(desk, case, now, what):
    promising.promise(case=case, what="A call", due_at=now + MINUTE, by=desk.ana, now=now)
    row = getattr(case, what).first()
    assert statuses(desk, lambda client: client.get(f"/api/v1/{what}/{row.pk}/")) == expected(
        200, bruno=404, sven=404
    )
    assert asks(desk.bruno).get(f"/api/v1/{what}/").data["results"] == []
    assert [r["case"] for r in asks(desk.ana).get(f"/api/v1/{what}/").data["results"]][:1] == [case.number]


def test_a_receipt_is_read_with_its_clock(desk, case):
    row = case.clocks.get(metric=Metric.FIRST_RESPONSE)
    answers = statuses(desk, lambda client: client.get(f"/api/v1/clocks/{row.pk}/receipt/"))
    assert answers == expected(200, bruno=404, sven=404)


def test_who_only_finds_a_case_sees_what_was_told_and_not_what_was_said_among_us(desk, case, now):
    talk.note(case=case, body="They are right.", by=desk.ana, now=now)
    talk.reply(case=case, body="We look into it.", by=desk.ana, now=now)

    def bodies(who):
        return [row["body"] for row in asks(who).get(url(case, "messages")).data["results"]]

    first = "The October invoice charges 38 lines twice."
    assert bodies(desk.ana) == ["We look into it.", "They are right.", first]
    assert bodies(desk.bruno) == ["We look into it.", first]
    assert statuses(desk, lambda client: client.get(url(case, "messages"))) == expected(200)


# The least that each verb has to be told, and what it answers where it is done.
WORK = {
    "reply": ({"body": "We are on it."}, 201),
    "receive": ({"body": "And?", "channel": "mail"}, 201),
    "promise": ({"what": "A call", "due_at": "2026-03-02T12:00:00Z"}, 201),
    "pause": ({"reason": "waiting-customer", "expected_end_at": "2026-03-04T08:00:00Z"}, 201),
    "assign": ({"owner": None, "reason": "Holiday"}, 200),
    "prioritise": ({"priority": 4}, 200),
    "take-up": ({}, 200),
    "take": ({}, 400),  # somebody owns it
    "resolve": ({"reason": "Credited"}, 200),
    "close": ({"reason": "Duplicate"}, 200),
}
LOG = {
    "note": ({"body": "Their invoice is right."}, 201),
    "call": ({"body": "They called.", "incoming": True, "was_reached": True}, 201),
}


@pytest.mark.parametrize("name", WORK)
def test_cases_are_worked_by_their_own_people(desk, now, name):
    body, done = WORK[name]

    def work(client):
        case = make.case(
            make.customer(f"Customer {Case.objects.count()}"), now=now, team=desk.care, owner=desk.ana
        )
        return client.post(url(case, name), body)

    assert statuses(desk, work) == expected(done, bruno=403, sven=403, audre=403)


@pytest.mark.parametrize("name", LOG)
def test_a_call_or_a_note_is_logged_on_any_case_one_can_find(desk, case, name):
    body, done = LOG[name]
    assert statuses(desk, lambda client: client.post(url(case, name), body)) == expected(done, audre=403)


@pytest.mark.parametrize("name", [*WORK, *LOG])
def test_nothing_is_written_by_whoever_may_not(desk, case, name):
    before = case.history.count(), Message.objects.count()
    for who in (desk.audre, desk.adam, None):
        asks(who).post(url(case, name), {**WORK, **LOG}[name][0])
    assert (case.history.count(), Message.objects.count()) == before


def test_cases_are_opened_by_those_who_work(desk):
    body = {"customer": make.customer().pk, "subject": "Late", "body": "Where is it?", "channel": "web"}
    answers = statuses(desk, lambda client: client.post("/api/v1/cases/", body))
    assert answers == expected(201, audre=403)


def test_customers_are_read_with_their_contacts_by_all_but_administrators(desk, case):
    assert statuses(desk, lambda client: client.get("/api/v1/customers/")) == expected(200)
    [customer] = asks(desk.bruno).get("/api/v1/customers/", {"q": "northw"}).data["results"]
    for text in ("orthwind", "northwind fabrikam", "?"):
        assert asks(desk.bruno).get("/api/v1/customers/", {"q": text}).data["results"] == []
    assert (customer["name"], customer["contacts"][0]["email"]) == ("Northwind", "aoife@example.com")
    assert asks(desk.bruno).get("/api/v1/customers/", {"tier": "gold"}).data["results"] == []


def test_notices_are_the_askers_own(desk, now):
    case = make.case(now=now, team=desk.care, owner=desk.ana)
    [notice] = asks(desk.ana).get("/api/v1/notices/", {"is_unread": True}).data["results"]
    assert (notice["kind"], notice["case"]) == ("assigned", case.number)
    assert asks(desk.jonas).get("/api/v1/notices/").data["results"] == []
    row = Notice.objects.get(person=desk.ana)
    assert asks(desk.priya).get(f"/api/v1/notices/{row.pk}/").status_code == 404


@pytest.mark.parametrize("name", ["people", "teams", "categories", "services", "skills", "pause-reasons"])
def test_what_verbs_name_by_id_can_be_looked_up(desk, name):
    assert statuses(desk, lambda client: client.get(f"/api/v1/{name}/")) == expected(200, adam=200)


# --- Restricted cases and complaints about somebody ---------------------------------------------------------


@pytest.fixture
def restricted(desk, now):
    case = make.case(now=now, team=desk.care, restricted_because="A colleague's own case")
    with make.signed():
        Party.objects.create(case=case, person=desk.bruno, kind=Party.Kind.ACCESS, reason="Knows the matter")
    return case


def test_a_restricted_case_exists_only_for_those_named_and_for_auditors(desk, restricted):
    clock = restricted.clocks.first()
    hidden = expected(404, bruno=200, audre=200)
    for address in (url(restricted), url(restricted, "messages"), f"/api/v1/clocks/{clock.pk}/"):
        assert statuses(desk, lambda client, address=address: client.get(address)) == hidden
    body = {"body": "Hello"}
    assert statuses(desk, lambda client: client.post(url(restricted, "note"), body)) == expected(
        404, bruno=201, audre=403
    )


def test_a_restricted_case_is_in_nobody_elses_lists(desk, restricted):
    for who in (desk.ana, desk.marta, desk.sven, desk.priya):
        for address in ("cases/", f"cases/?customer={restricted.customer_id}", "clocks/", "notices/"):
            assert asks(who).get(f"/api/v1/{address}").data["results"] == []
    assert [row["number"] for row in asks(desk.bruno).get("/api/v1/cases/").data["results"]] == [
        restricted.number
    ]


def test_who_is_named_in_a_complaint_does_not_see_it(desk, now):
    case = make.case(now=now, team=desk.care, owner=desk.ana)
    with make.signed():
        for person in (desk.ana, desk.audre, desk.priya):
            Party.objects.create(case=case, person=person, kind=Party.Kind.SUBJECT, reason="Shouted")
    for who in (desk.ana, desk.audre, desk.priya):
        assert asks(who).get(url(case)).status_code == 404
        for address in ("cases/", f"cases/?customer={case.customer_id}", "clocks/", "notices/"):
            assert asks(who).get(f"/api/v1/{address}").data["results"] == []
    assert asks(desk.ana).post(url(case, "reply"), {"body": "Sorry"}).status_code == 404
    assert asks(desk.jonas).get(url(case)).status_code == 200


def test_who_is_named_in_a_complaint_cannot_be_given_it(desk, case):
    with make.signed():
        Party.objects.create(case=case, person=desk.jonas, kind=Party.Kind.SUBJECT, reason="Shouted")
    response = asks(desk.ana).post(url(case, "assign"), {"owner": desk.jonas.pk, "reason": "Holiday"})
    assert (response.status_code, response.data["code"]) == (403, "conflict_of_interest")
    case.refresh_from_db()
    assert case.owner == desk.ana


def test_a_case_held_by_a_team_of_many_is_listed_once(desk, now):
    case = make.case(now=now, team=desk.billing)
    case.standing.holder_team = desk.care
    with make.signed():
        case.standing.save()
    for who in (desk.ana, desk.bruno, desk.priya, desk.audre):
        assert [row["number"] for row in asks(who).get("/api/v1/cases/").data["results"]] == [case.number]
