"""Cases in the API: what the verbs do and refuse, what is read, and what a list costs."""

from base64 import b64encode
from copy import deepcopy
from datetime import timedelta

import pytest
from django.utils import timezone, translation
from rest_framework.test import APIClient

from cases.models import Case, Message
from cases.operations import pausing, promising, talk
from cases.states import CaseStatus, ClockState, Metric
from tests import factories as make
from tests import worlds
from tests.worlds import asks, refusal

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


# --- What the verbs do --------------------------------------------------------------------------------------


def test_a_case_is_opened_and_signed_as_come_by_the_api(desk, now):
    customer = make.customer()
    body = {
        "customer": customer.pk,
        "contact": customer.contacts.get().pk,
        "subject": "Charged twice",
        "body": "Again!",
        "channel": "mail",
        "impact": 3,
        "urgency": 3,
        "received_at": "2026-03-02T08:30:00+01:00",
        "reference": "INC-7",
    }
    response = asks(desk.ana).post("/api/v1/cases/", body)
    assert response.status_code == 201
    case = Case.objects.get()
    assert response.data["number"] == case.number
    assert (response.data["priority"], response.data["status"], response.data["reference"]) == (
        4,
        "new",
        "INC-7",
    )
    assert response.data["received_at"] == "2026-03-02T07:30:00Z"
    assert response.data["owed_next"]["metric"] == "first_response"
    assert response.data["owed_next"]["due_at"] == "2026-03-02T08:30:00Z"
    row = case.history.get()
    assert (row.history_user_id, row.history_via, row.history_date) == (desk.ana.pk, "api", now)


def test_a_reply_meets_the_clock(desk, case, now):
    response = asks(desk.ana).post(url(case, "reply"), {"body": "We are on it."})
    assert (response.data["direction"], response.data["author"]["name"]) == ("out", "Ana")
    assert case.clocks.get(metric=Metric.FIRST_RESPONSE).state == ClockState.MET
    assert {row.history_via for row in Message.history.filter(id=response.data["id"])} == {"api"}


def test_a_pause_stops_the_clocks_until_it_is_resumed(desk, case):
    client = asks(desk.ana)
    client.post(url(case, "reply"), {"body": "Which invoice?"})
    response = client.post(
        url(case, "pause"), {"reason": "waiting-customer", "expected_end_at": "2026-03-04T08:00:00Z"}
    )
    assert response.data["stops"] == ["next_update", "resolution"]
    paused = client.get(url(case)).data
    assert [pause["reason"] for pause in paused["open_pauses"]] == ["waiting-customer"]
    assert (paused["owed_next"]["kind"], paused["owed_next"]["resumes_at"]) == (
        "paused",
        "2026-03-04T08:00:00Z",
    )
    again = client.post(url(case, "resume"), {"reason": "waiting-customer"})
    assert (again.status_code, again.data["open_pauses"]) == (200, [])
    refused = client.post(url(case, "resume"), {"reason": "waiting-customer"})
    assert (refused.status_code, refused.data["code"]) == (400, "wrong_move")


def test_a_promise_is_made_replaced_kept_and_withdrawn(desk, case):
    client = asks(desk.ana)
    first = client.post(url(case, "promise"), {"what": "A call", "due_at": "2026-03-02T12:00:00Z"}).data
    body = {
        "what": "The credit",
        "due_at": "2026-03-03T12:00:00Z",
        "kind": "outcome",
        "replaces": first["id"],
    }
    second = client.post(url(case, "promise"), body).data
    shown = client.get(f"/api/v1/promises/{first['id']}/").data
    assert (shown["state"], shown["replaced_by"]) == ("replaced", second["id"])
    kept = client.post(f"/api/v1/promises/{second['id']}/keep/")
    assert (kept.status_code, kept.data["state"]) == (200, "kept")
    third = client.post(url(case, "promise"), {"what": "A letter", "due_at": "2026-03-03T12:00:00Z"}).data
    gone = client.post(f"/api/v1/promises/{third['id']}/withdraw/", {"reason": "They want mail"})
    assert (gone.status_code, gone.data["state"]) == (200, "withdrawn")
    assert asks(desk.bruno).post(f"/api/v1/promises/{third['id']}/keep/").status_code == 404


def test_a_case_changes_hands_and_priority(desk, case):
    client = asks(desk.ana)
    moved = client.post(url(case, "assign"), {"team": desk.billing.pk, "owner": None, "reason": "An invoice"})
    assert (moved.data["team"]["name"], moved.data["owner"], moved.data["reassigned_count"]) == (
        "Billing",
        None,
        1,
    )
    # It is Billing's now.
    assert client.post(url(case, "prioritise"), {"priority": 4}).status_code == 403
    urgent = asks(desk.bruno).post(url(case, "prioritise"), {"impact": 3, "urgency": 3, "reason": "Payroll"})
    assert urgent.data["priority"] == 4
    assert case.history.latest("history_id").history_change_reason == "Payroll"


def test_resolving_closing_and_reopening(desk, case):
    client = asks(desk.ana)
    resolved = client.post(url(case, "resolve"), {"reason": "Credited"})
    assert (resolved.data["status"], resolved.data["resolved_at"]) == ("resolved", "2026-03-02T08:00:00Z")
    assert client.post(url(case, "close"), {"reason": "Nothing left"}).data["status"] == "closed"
    reopened = client.post(url(case, "reopen"), {"reason": "It came back"})
    assert (reopened.data["status"], reopened.data["reopened_count"]) == ("open", 1)


# --- What the verbs refuse ----------------------------------------------------------------------------------


def test_a_refusal_has_a_code_and_sentences(desk, case, now):
    client = asks(desk.ana)
    assert refusal(client.post(url(case, "reply"), {"body": "  "})) == (400, "incomplete")
    assert refusal(client.post(url(case, "reopen"), {"reason": "?"})) == (400, "wrong_move")
    body = {"what": "A call", "due_at": now.isoformat()}
    assert refusal(client.post(url(case, "promise"), body)) == (400, "in_the_past")
    promising.promise(case=case, what="A call", due_at=now + MINUTE, by=desk.ana, now=now)
    blocked = client.post(url(case, "close"), {"reason": "Done"})
    assert refusal(blocked) == (400, "blocked")
    assert len(blocked.data["messages"]) == 1 and "A call" in blocked.data["messages"][0]
    assert blocked.data["fields"] == {}
    assert Case.objects.get(pk=case.pk).status == CaseStatus.NEW


def test_a_stale_revision_is_refused_and_nothing_written(desk, case):
    client = asks(desk.ana)
    seen = client.get(url(case)).data["revision"]
    assert client.post(url(case, "reply"), {"body": "First", "revision": seen}).status_code == 201
    assert refusal(client.post(url(case, "reply"), {"body": "Second", "revision": seen})) == (
        409,
        "stale_case",
    )
    assert case.messages.filter(direction="out").count() == 1


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("reply", {}, "body"),
        ("reply", {"body": "x", "channel": "phone"}, "channel"),
        ("reply", {"body": "x", "revision": 0}, "revision"),
        ("call", {"body": "x", "incoming": True}, "was_reached"),
        ("call", {"body": "x", "incoming": True, "was_reached": True, "asks_for": "opened"}, "asks_for"),
        ("promise", {"what": "x", "due_at": "2026-03-03T12:00:00"}, "due_at"),  # in which zone?
        ("promise", {"what": "x" * 201, "due_at": "2026-03-03T12:00:00Z"}, "what"),
        ("pause", {"reason": "unheard-of", "expected_end_at": "2026-03-03T12:00:00Z"}, "reason"),
        ("assign", {"owner": 10**30, "reason": "x"}, "owner"),
        ("prioritise", {"priority": 5}, "priority"),
    ],
)
def test_what_cannot_be_read_is_said_by_field(desk, case, name, body, field):
    response = asks(desk.ana).post(url(case, name), body)
    assert refusal(response) == (400, "invalid")
    assert list(response.data["fields"]) == [field] and response.data["messages"]


def test_what_belongs_to_another_customer_or_case_is_refused(desk, case, now):
    other = make.customer("Fabrikam")
    elsewhere = make.case(other, now=now, team=desk.care)
    stranger = promising.promise(case=elsewhere, what="A call", due_at=now + MINUTE, by=desk.ana, now=now)
    contact, client = other.contacts.get().pk, asks(desk.ana)
    later = (now + MINUTE).isoformat()
    refused = [
        client.post(url(case, "reply"), {"body": "x", "contact": contact}),
        client.post(url(case, "promise"), {"what": "x", "due_at": later, "replaces": stranger.pk}),
        client.post(
            "/api/v1/cases/",
            {
                "customer": case.customer_id,
                "contact": contact,
                "subject": "x",
                "body": "x",
                "channel": "mail",
            },
        ),
    ]
    assert [refusal(response) for response in refused] == [(400, "invalid")] * 3
    assert [list(response.data["fields"]) for response in refused] == [["contact"], ["replaces"], ["contact"]]


@pytest.mark.parametrize("number", ["C-99999", "C-1", "nonsense", "C-999999999999"])
def test_what_does_not_exist_is_said_in_the_same_shape(desk, number):
    response = asks(desk.ana).get(f"/api/v1/cases/{number}/")
    assert refusal(response) == (404, "not_found")
    assert response.data["messages"]


def test_whoever_comes_in_by_name_and_password_or_by_session(client, desk, case):
    with make.signed():
        desk.ana.set_password("long enough to be one")
        desk.ana.save()
    stranger = client.get(url(case))
    assert refusal(stranger) == (401, "not_authenticated")
    assert stranger["WWW-Authenticate"].startswith("Basic")
    known = asks()
    known.credentials(HTTP_AUTHORIZATION="Basic YW5hOmxvbmcgZW5vdWdoIHRvIGJlIG9uZQ==")
    assert known.get(url(case)).status_code == 200
    client.force_login(desk.ana)
    assert client.get(url(case)).status_code == 200


def test_a_page_elsewhere_cannot_act_for_a_session(desk, case):
    browser = type(asks())(enforce_csrf_checks=True)
    browser.force_login(desk.ana)
    assert browser.post(url(case, "note"), {"body": "x"}).status_code == 403
    assert case.messages.count() == 1


# --- What is read -------------------------------------------------------------------------------------------


def test_a_receipt_adds_up(desk, now):
    office = make.calendar()
    make.policy("Office", {(Metric.RESOLUTION, None): 4 * worlds.HOUR}, office, tier="gold", position=1)
    case = make.case(make.customer("Golden", tier="gold"), now=now - timedelta(days=2), team=desk.care)
    clock = case.clocks.get()
    client = asks(desk.ana)
    shown = client.get(f"/api/v1/clocks/{clock.pk}/receipt/").data
    assert (
        shown["due_at"] == client.get(f"/api/v1/clocks/{clock.pk}/").data["due_at"] == "2026-03-02T12:00:00Z"
    )
    assert (
        sum(line["counted_seconds"] for line in shown["lines"]) == shown["total_seconds"] == 4 * worlds.HOUR
    )
    assert [line["kind"] for line in shown["lines"]] == ["closed", "segment"]
    assert shown["zone"] == "Europe/Madrid"


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ({"status": "new"}, True),
        ({"status": ["open", "new"]}, True),
        ({"status": "closed"}, False),
        ({"priority": 2}, True),
        ({"priority": 4}, False),
        ({"q": "CHARGED"}, True),
        ({"q": "northw"}, True),
        ({"q": "nobody"}, False),
        ({"tier": "bronze"}, True),
        ({"tier": "gold"}, False),
        ({"is_unrouted": True}, False),
        ({"is_breached": False}, True),
        ({"due_before": "2026-03-02T08:50:00Z"}, False),
        ({"due_before": "2026-03-02T08:50:01Z"}, True),
        ({"received_since": "2026-03-02T07:50:00Z"}, True),
        ({"received_before": "2026-03-02T07:50:00Z"}, False),
        ({"reference": "INC-1"}, False),
    ],
)
def test_cases_are_narrowed(desk, case, query, hits):
    found = asks(desk.ana).get("/api/v1/cases/", query).data["results"]
    assert [row["number"] for row in found] == ([case.number] if hits else [])


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ({"metric": "resolution", "state": "running"}, 1),
        ({"metric": "ownership"}, 0),
        ({"is_open": True}, 2),
        ({"is_open": False}, 0),
        ({"is_breached": True}, 0),
        ({"is_breached": False}, 2),
        ({"due_before": "2026-03-02T08:50:01Z"}, 1),
    ],
)
def test_clocks_are_narrowed(desk, case, query, hits):
    assert len(asks(desk.ana).get("/api/v1/clocks/", {"case": case.number, **query}).data["results"]) == hits
    assert asks(desk.ana).get("/api/v1/clocks/", {"case": "C-1", **query}).data["results"] == []


def test_an_unknown_choice_or_instant_is_refused(desk):
    client = asks(desk.ana)
    for query in (
        {"status": "lost"},
        {"customer": "x"},
        {"due_before": "tomorrow"},
        {"cursor": "cD1hYmM="},
        {"cursor": "é"},
    ):
        response = client.get("/api/v1/cases/", query)
        assert response.status_code in (400, 404) and response.data["code"] in ("invalid", "not_found")


def test_pages_follow_each_other_without_a_count(desk, now):
    customer = make.customer()
    made = [make.case(customer, now=now, team=desk.care).number for _n in range(5)]
    client, seen = asks(desk.ana), []
    page = client.get("/api/v1/cases/", {"page_size": 2}).data
    assert set(page) == {"next", "previous", "results"}
    seen += [row["number"] for row in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).data
        seen += [row["number"] for row in page["results"]]
    assert seen == made[::-1]
    assert [row["number"] for row in client.get(page["previous"]).data["results"]] == seen[2:4]


# --- What it costs ------------------------------------------------------------------------------------------

LISTS = {"cases": 4, "customers": 2, "clocks": 2, "promises": 2, "notices": 1, "people": 1, "teams": 1}


@pytest.mark.parametrize("rows", [1, 20])
def test_lists_cost_the_same_for_one_row_and_for_twenty(desk, now, rows, django_assert_num_queries):
    for number in range(rows):
        customer = make.customer(f"Customer {number}")
        case = make.case(customer, now=now, team=desk.care, owner=desk.ana)
        promising.promise(case=case, what="A call", due_at=now + MINUTE, by=desk.ana, now=now)
        pausing.pause(case=case, reason=desk.waiting, expected_end_at=now + MINUTE, by=desk.ana, now=now)
    client = asks(desk.ana)
    for name, number in LISTS.items():
        with django_assert_num_queries(number, info=name) as queries:
            found = client.get(f"/api/v1/{name}/").data["results"]
        assert len(found) >= min(rows, 2)
        assert "COUNT(" not in " ".join(query["sql"].upper() for query in queries)


@pytest.mark.parametrize("rows", [1, 20])
def test_a_conversation_costs_the_same_for_one_message_and_for_twenty(
    desk, case, now, rows, django_assert_num_queries
):
    for number in range(rows):
        talk.note(case=case, body=f"Note {number}", by=desk.ana, now=now)
    with django_assert_num_queries(6):  # the last: which mails carried them
        assert len(asks(desk.ana).get(url(case, "messages")).data["results"]) == rows + 1


def test_whoever_brings_a_password_is_answered_in_their_language_and_zone(desk, now):
    """A program has no session by which a page would know them."""
    with make.signed():
        desk.ana.language, desk.ana.time_zone = "es", "Asia/Tokyo"
        desk.ana.set_password("long-enough-for-a-test")
        desk.ana.save()
    key = b64encode(b"ana:long-enough-for-a-test").decode()
    client = APIClient(headers={"Authorization": f"Basic {key}"})
    answer = client.get("/api/v1/clocks/", {"state": "nonsense"})
    assert answer.data["fields"]["state"][0].startswith("Escoja una opción válida.")
    # Nobody after them is.
    answer = asks(desk.jonas).get("/api/v1/clocks/", {"state": "nonsense"})
    assert answer.data["fields"]["state"][0].startswith("Select a valid choice.")
    assert (translation.get_language(), timezone.get_current_timezone_name()) == ("en", "UTC")
