"""The rest of another team's case, opened for a reason and a day; an auditor's reading; a case on paper."""

from copy import deepcopy
from datetime import timedelta
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cases.api.reading import OfCases, OfOneCase
from cases.errors import AlreadyOpen, Incomplete, NotTheirs
from cases.models import Case, CaseReading, ListReading, Message, Party
from cases.operations import answering, asking, attempts, merging, promising, reading, talk
from escalation_site.api import router
from reports.timeline import events
from tests import factories as make
from tests import workspace
from tests.workspace import HOUR, NOW, ROLES, body, page, post
from tests.worlds import asks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Views read the clock; here it stands until a test turns it."""
    at = {"now": NOW}
    monkeypatch.setattr("django.utils.timezone.now", lambda: at["now"])
    return at


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    return workspace.people()


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def case(desk):
    found = workspace.new_case(desk)
    talk.note(case=found, body="Only among us", by=desk["agent"], now=NOW - HOUR)
    return Case.objects.get(pk=found.pk)


def restrict(case, *, to=()):
    with make.signed():
        Case.objects.filter(pk=case.pk).update(is_restricted=True, restricted_because="staff matter")
        for person in to:
            Party.objects.create(case=case, person=person, kind=Party.Kind.ACCESS, reason="named")


# --- Opening it ---


WHO_MAY = {
    # Whoever may read it already is led to it.
    "case-open": (302, 302, 302, 302, 404, 200),
    "case-print": (200, 200, 200, 200, 404, 403),
}


@pytest.mark.parametrize("name", WHO_MAY)
def test_each_role(client, desk, case, name):
    found = tuple(page(client, desk[role], name, case.number).status_code for role in ROLES)
    assert found == WHO_MAY[name]


@pytest.mark.parametrize("name", ["case-open", "case-print", "case-here"])
def test_nobody_without_signing_in(client, case, name):
    answer = client.get(reverse(name, args=[case.number]))
    assert answer.status_code == 302 and answer.url.startswith(reverse("login"))


def test_a_reason_opens_the_whole_of_it_to_read_and_not_to_work(client, desk, case):
    before = body(page(client, desk["stranger"], "case", case.number))
    assert "Only among us" not in before and reverse("case-open", args=[case.number]) in before
    answer = post(client, desk["stranger"], "case-open", case.number, reason="Covers for Lucia")
    assert answer.url == reverse("case", args=[case.number])
    shown = body(client.get(answer.url))
    assert "Only among us" in shown and "First response" in shown and "Covers for Lucia" in shown
    assert 'id="form-reply"' not in shown and "case-assign" not in shown
    said = {"reply-body": "x", "reply-channel": "mail", "reply-revision": case.revision}
    assert post(client, desk["stranger"], "case-reply", case.number, **said).status_code == 403
    assert page(client, desk["stranger"], "case-assign", case.number).status_code == 403
    assert page(client, desk["stranger"], "case-print", case.number).status_code == 200


def test_it_is_recorded_with_who_why_and_how_long(client, desk, case):
    post(client, desk["stranger"], "case-open", case.number, reason="Covers for Lucia")
    row = CaseReading.objects.get()
    assert (row.person, row.kind, row.reason, row.at) == (desk["stranger"], "asked", "Covers for Lucia", NOW)
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "opened the rest of this case until" in shown and "Covers for Lucia" in shown


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_it_stays_closed(client, desk, case, reason):
    assert post(client, desk["stranger"], "case-open", case.number, reason=reason).status_code == 422
    assert not CaseReading.objects.exists()
    with pytest.raises(Incomplete):
        reading.open_rest(case=case, reason=reason, by=desk["stranger"], now=NOW)


def test_it_closes_at_the_end_of_the_readers_day(client, desk, case, clock):
    post(client, desk["stranger"], "case-open", case.number, reason="x")
    midnight = (NOW + timedelta(days=1)).replace(hour=0)
    assert CaseReading.objects.get().until == midnight
    clock["now"] = midnight - timedelta(seconds=1)
    assert "Only among us" in body(page(client, desk["stranger"], "case", case.number))
    clock["now"] = midnight
    assert "Only among us" not in body(page(client, desk["stranger"], "case", case.number))


def test_who_opens_it_before_midnight_has_an_hour(client, desk, case, clock):
    clock["now"] = NOW.replace(hour=23, minute=50)
    post(client, desk["stranger"], "case-open", case.number, reason="x")
    assert CaseReading.objects.get().until == clock["now"] + HOUR


def test_asked_twice_it_is_one_reading(client, desk, case):
    for reason in ("first", "second"):
        reading.open_rest(case=case, reason=reason, by=desk["stranger"], now=NOW)
    assert CaseReading.objects.get().reason == "first"


def test_one_persons_reason_opens_it_to_nobody_else(client, desk, case):
    other = make.person("Yet another")
    reading.open_rest(case=case, reason="x", by=desk["stranger"], now=NOW)
    assert "Only among us" not in body(page(client, other, "case", case.number))


def test_a_supervisor_opens_another_departments_case_for_a_reason_too(client, desk, case):
    elsewhere = make.person("Boss", "supervisor")
    make.team("Elsewhere", lead=elsewhere)
    assert post(client, elsewhere, "case-open", case.number, reason="x").status_code == 302
    assert "Only among us" in body(page(client, elsewhere, "case", case.number))


def test_no_reason_opens_what_is_a_secret(client, desk, case):
    reading.open_rest(case=case, reason="x", by=desk["stranger"], now=NOW)
    restrict(case, to=[desk["agent"]])
    # What was open closes with it.
    for name in ("case", "case-open", "case-print"):
        assert page(client, desk["stranger"], name, case.number).status_code == 404
    with pytest.raises(NotTheirs):
        reading.open_rest(case=case, reason="x", by=desk["stranger"], now=NOW)
    assert post(client, desk["manager"], "case-open", case.number, reason="x").status_code == 404


def test_nor_a_complaint_about_oneself(client, desk, case):
    reading.open_rest(case=case, reason="x", by=desk["stranger"], now=NOW)
    with make.signed():
        Party.objects.create(case=case, person=desk["stranger"], kind=Party.Kind.SUBJECT, reason="named")
    for name in ("case", "case-open", "case-print"):
        assert page(client, desk["stranger"], name, case.number).status_code == 404


def test_the_api_opens_as_much(desk, case):
    def found(address):
        answer = asks(desk["stranger"]).get(f"/api/v1/{address}")
        return answer.data if answer.status_code == 200 else answer.status_code

    clock = case.clocks.first()
    assert found(f"clocks/{clock.pk}/") == 404
    reading.open_rest(case=case, reason="x", by=desk["stranger"], now=NOW)
    assert found(f"clocks/{clock.pk}/")["id"] == clock.pk
    assert "Only among us" in [row["body"] for row in found(f"cases/{case.number}/messages/")["results"]]
    # To read, not to work; the queue's list holds what is one's own.
    body = {"body": "x"}
    assert asks(desk["stranger"]).post(f"/api/v1/cases/{case.number}/reply/", body).status_code == 403
    assert found("cases/")["results"] == []
    restrict(case)
    assert found(f"clocks/{clock.pk}/") == 404


# --- Opening it by the API ---


def opens(who, case, reason="Covers for Lucia"):
    return asks(who).post(f"/api/v1/cases/{case.number}/open-rest/", {"reason": reason})


def test_who_opens_what_by_the_api(desk, case):
    found = {role: opens(desk[role], case) for role in ROLES}
    assert {role: answer.status_code for role, answer in found.items()} == {
        # Whoever may read it already needs no reason.
        "agent": 409,
        "supervisor": 409,
        "manager": 403,
        "auditor": 403,
        "administrator": 403,
        "stranger": 200,
    }
    assert opens(None, case).status_code == 401
    assert found["agent"].data["code"] == "already_open"
    assert found["agent"].data["messages"] == [
        "You may read the whole of this case as it is; no reason is needed."
    ]
    assert CaseReading.objects.get().person == desk["stranger"]


def test_by_the_api_a_reason_opens_it_until_the_end_of_the_readers_day(desk, case, clock):
    desk["stranger"].time_zone = "Asia/Tokyo"  # where it is seven in the evening
    with make.signed():
        desk["stranger"].save()
    answer = opens(desk["stranger"], case)
    assert answer.data["case"] == case.number and answer.data["reason"] == "Covers for Lucia"
    row = CaseReading.objects.get()
    assert (row.on, row.until - NOW) == (NOW.date(), 5 * HOUR)
    assert row.history.get().history_via == "api"
    history = asks(desk["stranger"]).get(f"/api/v1/cases/{case.number}/messages/").data["results"]
    assert "Only among us" in [message["body"] for message in history]
    # Asked again, the first reason stands.
    assert opens(desk["stranger"], case, "Another one").data == answer.data


@pytest.mark.parametrize(
    ("reason", "code"), [("", "incomplete"), ("  ", "incomplete"), ("x" * 301, "invalid")]
)
def test_by_the_api_it_stays_closed_without_a_reason_or_with_one_too_long(desk, case, reason, code):
    answer = opens(desk["stranger"], case, reason)
    assert (answer.status_code, answer.data["code"]) == (400, code)
    assert not CaseReading.objects.exists()


def test_by_the_api_no_reason_opens_what_is_a_secret(desk, case):
    restrict(case, to=[desk["agent"]])
    assert opens(desk["stranger"], case).status_code == 404
    with pytest.raises(NotTheirs):
        reading.open_rest(case=case, reason="x", by=desk["stranger"], now=NOW)


def test_nobody_opens_what_they_may_read_anyhow(desk, case):
    with pytest.raises(AlreadyOpen):
        reading.open_rest(case=case, reason="x", by=desk["supervisor"], now=NOW)


# --- Auditors ---


def readings():
    return list(CaseReading.objects.order_by("pk").values_list("kind", "on"))


def test_an_auditors_reading_is_recorded_once_a_day(client, desk, case, clock):
    for name in ("case", "case", "case-print"):
        assert page(client, desk["auditor"], name, case.number).status_code == 200
    assert readings() == [("audit", NOW.date())]
    row = CaseReading.history.get()
    assert (row.history_user_id, row.history_via) == (desk["auditor"].pk, "page")
    clock["now"] = NOW + timedelta(days=1)
    page(client, desk["auditor"], "case", case.number)
    assert len(readings()) == 2
    assert ("Audre", "read this case") in [(event.who, event.text) for event in events(case)]
    assert "read this case" in body(page(client, desk["agent"], "case", case.number))


def test_of_a_restricted_case_too(client, desk, case):
    restrict(case)
    assert page(client, desk["auditor"], "case", case.number).status_code == 200
    assert len(readings()) == 1


def test_by_the_api_too(desk, case):
    for what in ("", "messages/", "history/", "plan/"):
        assert asks(desk["auditor"]).get(f"/api/v1/cases/{case.number}/{what}").status_code == 200
    assert readings() == [("audit", NOW.date())]
    assert CaseReading.history.get().history_via == "api"


@pytest.fixture
def full(desk, case):
    """With an ask and a promise, beside what it came with."""
    asking.ask(case=case, text="A refund", by=desk["agent"], now=NOW - HOUR)
    promising.promise(case=case, what="A call", due_at=NOW + HOUR, by=desk["agent"], now=NOW - HOUR)
    return Case.objects.get(pk=case.pk)


@pytest.mark.parametrize("what", ["clocks", "asks", "promises", "receipt"])
def test_a_row_of_a_case_is_read_with_its_case(desk, full, what):
    row = getattr(full, "clocks" if what == "receipt" else what).first()
    address = f"clocks/{row.pk}/receipt" if what == "receipt" else f"{what}/{row.pk}"
    for _twice in range(2):
        assert asks(desk["auditor"]).get(f"/api/v1/{address}/").status_code == 200
    assert readings() == [("audit", NOW.date())]
    assert CaseReading.history.get().history_via == "api"
    assert not ListReading.objects.exists()


LISTS = ["cases", "clocks", "asks", "promises"]


@pytest.mark.parametrize("what", LISTS)
def test_a_list_is_one_record_a_request_however_much_it_shows(desk, full, what):
    others = [workspace.new_case(desk, name) for name in ("Fabrikam", "Contoso")]
    for other in others:
        asking.ask(case=other, text="A word", by=desk["agent"], now=NOW)
        promising.promise(case=other, what="A call", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
    for _twice in range(2):
        assert asks(desk["auditor"]).get(f"/api/v1/{what}/", {"page_size": 200}).status_code == 200
    rows = list(ListReading.objects.order_by("pk"))
    assert len(rows) == 2 and not CaseReading.objects.exists()
    for row in rows:
        assert (row.person, row.address, row.asked) == (
            desk["auditor"],
            f"/api/v1/{what}/",
            "page_size=200",
        )
        assert row.cases == [full.pk, *(other.pk for other in others)]
        assert row.history.get().history_via == "api"


def test_each_page_of_a_list_is_a_request_of_its_own(desk, case):
    workspace.new_case(desk, "Fabrikam")
    first = asks(desk["auditor"]).get("/api/v1/cases/", {"page_size": 1}).data
    asks(desk["auditor"]).get(first["next"])
    assert [len(row.cases) for row in ListReading.objects.all()] == [1, 1]
    assert len({row.cases[0] for row in ListReading.objects.all()}) == 2


def test_a_list_that_shows_nothing_was_asked_for_all_the_same(desk, case):
    asks(desk["auditor"]).get("/api/v1/clocks/", {"state": "met"})
    row = ListReading.objects.get()
    assert (row.cases, row.asked) == ([], "state=met")


def test_a_list_of_one_case_is_a_reading_of_that_case(desk, full):
    workspace.new_case(desk, "Fabrikam")
    for what in ("clocks", "asks", "promises"):
        asks(desk["auditor"]).get(f"/api/v1/{what}/", {"case": full.number})
    assert readings() == [("audit", NOW.date())]
    assert not ListReading.objects.exists()


def test_what_is_too_long_to_keep_is_kept_as_far_as_there_is_room(desk, case):
    asks(desk["auditor"]).get("/api/v1/cases/", {"q": "x" * 3000})
    assert ListReading.objects.get().asked == "q=" + "x" * 1998


@pytest.mark.parametrize("role", ["agent", "supervisor", "manager", "stranger"])
def test_nobody_elses_list_writes_anything(desk, full, role):
    for what in LISTS:
        asks(desk[role]).get(f"/api/v1/{what}/")
    asks(desk[role]).get(f"/api/v1/clocks/{full.clocks.first().pk}/")
    assert not ListReading.objects.exists() and not CaseReading.objects.exists()


def test_what_an_auditor_is_refused_is_not_read(desk, full):
    with make.signed():
        Party.objects.create(case=full, person=desk["auditor"], kind=Party.Kind.SUBJECT, reason="named")
    assert asks(desk["auditor"]).get(f"/api/v1/clocks/{full.clocks.first().pk}/").status_code == 404
    assert asks(desk["auditor"]).get("/api/v1/clocks/").data["results"] == []
    assert not CaseReading.objects.exists() and ListReading.objects.get().cases == []


def test_an_audited_list_costs_the_same_however_long_it_is(desk, case, django_assert_max_num_queries):
    counts = []
    for more in (1, 1, 12):
        for number in range(more):
            workspace.new_case(desk, f"Customer {len(counts)}-{number}")
        with django_assert_max_num_queries(40) as counted:
            for what in ("cases", "clocks"):
                asks(desk["auditor"]).get(f"/api/v1/{what}/")
        counts.append(len(counted))
    assert counts[1] == counts[2]


# What of the API is not about cases, or is one's own.
OF_NO_CASE = {
    "absences",
    "categories",
    "causes",
    "customers",
    "duty-patterns",
    "dashboard",  # how many, and of each queue the number of the case that will be late first
    "escalation-reasons",
    "me",
    "memberships",
    "notices",
    "options",
    "paths",
    "pause-reasons",
    "people",
    "person-skills",
    "questions",
    "reply-templates",
    "roles",
    "roster",
    "saved-views",
    "services",
    "skills",
    "staff",  # of cases only how many each has
    "staff-teams",
    "tags",
    "teams",
    "turns",
    "together",  # what one did oneself, by number
}


def test_whatever_the_api_shows_of_cases_records_who_audits():
    recorded = {prefix for prefix, view, _name in router.registry if issubclass(view, (OfCases, OfOneCase))}
    assert recorded | OF_NO_CASE == {prefix for prefix, _view, _name in router.registry}
    assert not recorded & OF_NO_CASE


@pytest.mark.parametrize(
    ("role", "status"),
    [("manager", 200), ("auditor", 200), ("supervisor", 403), ("administrator", 403)],
)
def test_readings_of_lists_stand_in_the_console(client, desk, case, role, status):
    asks(desk["auditor"]).get("/api/v1/cases/", {"page_size": 7})
    row = ListReading.objects.get()
    for name, args in (("changelist", ()), ("change", (row.pk,)), ("history", (row.pk,))):
        answer = page(client, desk[role], f"admin:cases_listreading_{name}", *args)
        assert answer.status_code == status
        if status == 200 and name == "change":
            assert "page_size=7" in body(answer)
            assert (case.number in body(answer)) is (role == "auditor")


def test_in_the_console_too(client, desk, case):
    message = case.messages.first()
    for page_of in ("change", "history"):
        assert page(client, desk["auditor"], f"admin:cases_message_{page_of}", message.pk).status_code == 200
    assert readings() == [("audit", NOW.date())]
    assert CaseReading.history.get().history_via == "console"
    page(client, desk["manager"], "admin:cases_message_change", message.pk)
    assert len(readings()) == 1


@pytest.mark.parametrize("role", ["agent", "supervisor", "manager", "stranger"])
def test_nobody_elses_look_writes_anything(client, desk, case, role):
    page(client, desk[role], "case", case.number)
    assert not CaseReading.objects.exists()


def test_a_case_that_an_auditor_may_not_know_of_is_not_read(client, desk, case):
    with make.signed():
        Party.objects.create(case=case, person=desk["auditor"], kind=Party.Kind.SUBJECT, reason="named")
    assert page(client, desk["auditor"], "case", case.number).status_code == 404
    assert not CaseReading.objects.exists()


# --- On paper ---


def test_on_paper_stands_what_the_customer_may_see(client, desk, case):
    talk.reply(case=case, body="Told to the customer", by=desk["agent"], now=NOW - HOUR)
    shown = body(page(client, desk["agent"], "case-print", case.number))
    assert "Told to the customer" in shown and case.number in shown
    assert "printed by Lucia" in shown and "3 Mar 2026, 11:00" in shown
    for inside in ("Only among us", "First response", "History", "Internal: not for the customer"):
        assert inside not in shown


def test_for_us_with_notes_clocks_ladder_and_history_it_says_so(client, desk, case):
    shown = body(page(client, desk["agent"], "case-print", case.number, internal=1))
    assert (
        "Only among us" in shown and "First response" in shown and "Internal: not for the customer" in shown
    )
    assert "opened the case" not in shown
    shown = body(page(client, desk["agent"], "case-print", case.number, internal=1, history=1))
    assert "opened the case" in shown


def test_on_paper_stand_asks_with_decisions_the_answer_files_calls_and_what_was_merged(client, desk, case):
    agent = desk["agent"]
    agent.money_limit, desk["manager"].money_limit = 50, 1000
    with make.signed():
        agent.save()
        desk["manager"].save()
    granted, waiting = asking.ask_all(
        case=case, texts=["A credit note", "Two months free"], by=agent, now=NOW
    )
    decide = partial(asking.decide, outcome="granted", by=agent, now=NOW)
    decide(ask=granted)
    decide(ask=waiting, offer_kind="money", offer_amount=400)
    attempts.note_attempt(case=case, tried="Restarted the router", by=agent, now=NOW - HOUR)
    call = {"incoming": False, "by": agent, "now": NOW - HOUR}
    talk.log_call(case=case, body="Rang out", was_reached=False, **call)
    upload = SimpleUploadedFile("photo of the meter.txt", b"12345")
    talk.reply(case=case, body="Here it is", by=agent, now=NOW - HOUR, files=[upload])
    answering.answer(
        case=case, cause="A double booking", remedy="It is booked back", turn_to="Lucia", due_at=NOW + HOUR,
        by=agent, now=NOW,
    )  # fmt: skip
    merged = make.case(case.customer, now=NOW - HOUR, team=case.team, owner=agent, by=agent)
    talk.receive(case=merged, body="Said on the other one", channel="mail", by=agent, now=NOW)
    merging.merge(case=merged, into=Case.objects.get(pk=case.pk), reason="the same", by=agent, now=NOW)

    told = body(page(client, agent, "case-print", case.number))
    for seen in (
        "A credit note", "Granted", "A double booking", "It is booked back", "photo of the meter.txt",
        "Said on the other one", merged.number, "Nobody reached",
    ):  # fmt: skip
        assert seen in told
    for inside in ("Waiting for approval", "€400", "Restarted the router"):
        assert inside not in told
    inside = body(page(client, agent, "case-print", case.number, internal=1))
    for seen in ("Waiting for approval", "€400", "Restarted the router", "Said on the other one"):
        assert seen in inside


def test_paper_costs_the_same_for_a_long_story(client, desk, case, django_assert_max_num_queries):
    counts = []
    for more in (1, 1, 15):
        for number in range(more):
            talk.reply(case=case, body=f"Reply {number}", by=desk["agent"], now=NOW - HOUR)
            talk.note(case=case, body=f"Note {number}", by=desk["supervisor"], now=NOW - HOUR)
        client.force_login(desk["agent"])
        with django_assert_max_num_queries(200) as counted:
            answer = client.get(reverse("case-print", args=[case.number]), {"internal": 1, "history": 1})
            assert answer.status_code == 200
        counts.append(len(counted))
    assert counts[1] == counts[2]
    assert Message.objects.filter(case=case).count() > 30
