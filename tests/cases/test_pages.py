"""The workspace's pages: who may open which, what they show and refuse, and what they cost."""

from copy import deepcopy
from datetime import datetime, timedelta
from html.parser import HTMLParser
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from cases.models import Case, Message, Notice, NoticeKind, Party, Standing
from cases.operations import ending, notify, pausing, promising, talk
from cases.states import CaseStatus, Metric
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 3, 11, 0, tzinfo=ZoneInfo("Europe/Madrid"))
HOUR = timedelta(hours=1)
TERMS = {(Metric.FIRST_RESPONSE, None): 4 * 3600, (Metric.RESOLUTION, None): 40 * 3600}


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    """Views read the clock; here it stands."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    """A department with a team below it, another team, and one person of each role."""
    people = {
        "agent": make.person("Lucia", time_zone="Europe/Madrid"),
        "supervisor": make.person("Ana", "supervisor"),
        "manager": make.person("Marta", "manager"),
        "auditor": make.person("Audre", "auditor"),
        "administrator": make.person("Nora", "administrator"),
        "stranger": make.person("Tomas"),
    }
    department = make.team("Service", lead=people["supervisor"])
    make.team("Care", parent=department, people=[people["agent"]])
    make.team("Network", people=[people["stranger"]])
    make.policy(targets=TERMS)
    return people


@pytest.fixture
def desk(made):
    return deepcopy(made)


def new_case(people, name="Northwind", at=NOW, **fields):
    team = people["agent"].teams.get()
    owner = fields.pop("owner", people["agent"])
    row = make.case(make.customer(name), now=at, team=team, owner=owner, by=people["agent"], **fields)
    return Case.objects.get(pk=row.pk)


@pytest.fixture
def case(desk):
    return new_case(desk, at=NOW - HOUR)


def page(client, person, name, /, *args, **query):
    client.force_login(person)
    return client.get(reverse(name, args=args), query)


def post(client, person, name, /, *args, **data):
    client.force_login(person)
    return client.post(reverse(name, args=args), data)


def body(answer):
    return answer.content.decode()


# --- Who may open what ---

ROLES = ["agent", "supervisor", "manager", "auditor", "administrator", "stranger"]
WHO_MAY = {
    #                  agent sup  man  aud  adm  stranger
    "case-list": (200, 200, 200, 200, 403, 200),
    "case-new": (200, 200, 200, 403, 403, 200),
    "notices": (200, 200, 200, 200, 200, 200),
    "menu": (200, 200, 200, 200, 200, 200),
    "case": (200, 200, 200, 200, 404, 200),
    "case-assign": (200, 200, 200, 403, 404, 403),
    "case-priority": (200, 200, 200, 403, 404, 403),
    "case-pause": (200, 200, 200, 403, 404, 403),
    "case-resolve": (200, 200, 200, 403, 404, 403),
    "case-close": (200, 200, 200, 403, 404, 403),
    "case-reopen": (200, 200, 200, 403, 404, 403),
}
ABOUT_A_CASE = [name for name in WHO_MAY if name.startswith("case") and name not in ("case-list", "case-new")]


@pytest.mark.parametrize("name", WHO_MAY)
def test_each_page_answers_each_role(client, desk, case, name):
    args = [case.number] if name in ABOUT_A_CASE else []
    found = tuple(page(client, desk[role], name, *args).status_code for role in ROLES)
    assert found == WHO_MAY[name]


@pytest.mark.parametrize("name", WHO_MAY)
def test_nobody_opens_a_page_without_signing_in(client, desk, case, name):
    args = [case.number] if name in ABOUT_A_CASE else []
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("login"))


WRITES = {
    "case-reply": {"reply-body": "x", "reply-channel": "mail", "reply-revision": 1},
    "case-note": {"note-body": "x", "note-revision": 1},
    "case-promise": {"promise-what": "x", "promise-revision": 1},
    "case-resolve": {"reason": "x", "revision": 1},
    "case-take-up": {"revision": 1},
}


@pytest.mark.parametrize("name", WRITES)
def test_an_auditor_changes_nothing(client, desk, case, name):
    answer = post(client, desk["auditor"], name, case.number, **WRITES[name])
    assert answer.status_code == 403
    assert Case.objects.get(pk=case.pk).revision == case.revision


@pytest.mark.parametrize("name", ["case-reply", "case-promise", "case-resolve", "case-take-up"])
def test_another_teams_agent_does_not_work_the_case(client, desk, case, name):
    assert post(client, desk["stranger"], name, case.number, **WRITES[name]).status_code == 403
    assert Case.objects.get(pk=case.pk).revision == case.revision


def test_another_teams_agent_finds_the_case_logs_a_note_and_reads_no_internal_ones(client, desk, case):
    talk.note(case=case, body="Only among us", by=desk["agent"], now=NOW)
    talk.reply(case=case, body="Told to the customer", by=desk["agent"], now=NOW)
    shown = body(page(client, desk["stranger"], "case", case.number))
    assert "Told to the customer" in shown
    assert "Only among us" not in shown
    assert "another team" in shown
    answer = post(
        client,
        desk["stranger"],
        "case-note",
        case.number,
        **{"note-body": "She called us", "note-revision": 1},
    )
    assert answer.status_code == 302
    assert Message.objects.filter(case=case, body="She called us", author=desk["stranger"]).exists()


def test_a_restricted_case_exists_only_for_those_named_on_it_and_for_auditors(client, desk):
    """The agent opened it, and is named on it by that."""
    hidden = new_case(desk, restricted_because="staff matter", owner=None)
    with make.signed():
        Party.objects.create(
            case=hidden, person=desk["stranger"], kind=Party.Kind.ACCESS, reason="asked to help"
        )
    found = {role: page(client, desk[role], "case", hidden.number).status_code for role in ROLES}
    assert found == {
        "agent": 200,
        "supervisor": 404,
        "manager": 404,
        "auditor": 200,
        "administrator": 404,
        "stranger": 200,
    }
    assert hidden.subject not in body(page(client, desk["manager"], "case-list", view="all"))


def test_a_restricted_case_is_opened_from_its_page_and_names_who_opens_and_who_owns_it(client, desk):
    customer = make.customer("Halden")
    client.force_login(desk["agent"])
    answer = client.post(
        reverse("case-new"),
        {
            "key": str(UUID(int=1)),
            "customer": customer.pk,
            "channel": "mail",
            "subject": "About a colleague",
            "body": "She read my mail.",
            "impact": 2,
            "urgency": 2,
            "received_at": "2026-03-02T08:00",
            "restricted_because": "staff matter",
        },
    )
    assert answer.status_code == 302
    case = Case.objects.get(subject="About a colleague")
    assert (case.is_restricted, case.restricted_because) == (True, "staff matter")
    assert list(case.parties.values_list("person", "kind")) == [(desk["agent"].pk, "access")]
    assert client.get(answer.url).status_code == 200
    owned = new_case(desk, restricted_because="staff matter", owner=desk["supervisor"])
    named = set(owned.parties.values_list("person", flat=True))
    assert named == {desk["agent"].pk, desk["supervisor"].pk}


def test_whom_a_complaint_names_never_sees_it(client, desk, case):
    with make.signed():
        Party.objects.create(
            case=case, person=desk["agent"], kind=Party.Kind.SUBJECT, reason="the complaint is about them"
        )
    assert page(client, desk["agent"], "case", case.number).status_code == 404
    assert page(client, desk["agent"], "case-assign", case.number).status_code == 404
    assert case.subject not in body(page(client, desk["agent"], "case-list"))
    assert case.subject not in body(page(client, desk["agent"], "case-list", q="Northwind", view="all"))


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("agent", "case-list"),
        ("supervisor", "case-list"),
        ("manager", "case-list"),
        ("administrator", "admin:index"),
    ],
)
def test_each_role_starts_at_its_own_home(client, desk, role, name):
    assert page(client, desk[role], "home").url == reverse(name)


def test_an_auditor_starts_with_every_open_case_and_is_offered_no_view_of_their_own(client, desk, case):
    home = page(client, desk["auditor"], "home").url
    assert home == reverse("case-list") + "?view=all"
    client.force_login(desk["auditor"])
    shown = client.get(home).content.decode()
    assert case.subject in shown
    assert "My next obligation" not in shown


@pytest.mark.parametrize("number", ["C-99999", "nonsense", "C-", "20001x"])
def test_a_number_that_is_none_is_not_found(client, desk, number):
    assert page(client, desk["agent"], "case", number).status_code == 404


def test_what_is_refused_is_told_in_our_own_words(client, desk, case):
    assert "Nothing here" in body(page(client, desk["agent"], "case", "C-99999"))
    assert "Not for your role" in body(page(client, desk["stranger"], "case-assign", case.number))


# --- The queue ---


def test_the_queue_groups_by_when_something_is_owed(client, desk):
    new_case(desk, "Overdue Ltd", at=NOW - 5 * HOUR, subject="Overdue one")
    new_case(desk, "Soon Ltd", at=NOW - 3.5 * HOUR, subject="Soon one")
    new_case(desk, "Today Ltd", at=NOW, subject="Today one")
    late = new_case(desk, "Later Ltd", at=NOW - HOUR, subject="Later one")
    talk.reply(case=late, body="Hello", by=desk["agent"], now=NOW)
    still = new_case(desk, "Paused Ltd", at=NOW - HOUR, subject="Paused one")
    talk.reply(case=still, body="Hello", by=desk["agent"], now=NOW)
    pausing.pause(
        case=still, reason=make.pause_reason(), expected_end_at=NOW + 9 * HOUR, by=desk["agent"], now=NOW
    )
    groups = page(client, desk["agent"], "case-list").context["groups"]
    assert [(key, [row.case.subject for row in rows]) for key, _title, rows in groups] == [
        ("overdue", ["Overdue one"]),
        ("hour", ["Soon one"]),
        ("today", ["Today one"]),
        ("later", ["Later one"]),
        ("still", ["Paused one"]),
    ]


@pytest.mark.parametrize(
    ("seconds", "group"), [(-1, "overdue"), (0, "hour"), (3600, "hour"), (3601, "today")]
)
def test_groups_part_at_now_and_at_an_hour_from_now(client, desk, seconds, group):
    new_case(desk, at=NOW - 4 * HOUR + timedelta(seconds=seconds))
    [(key, _title, _rows)] = page(client, desk["agent"], "case-list").context["groups"]
    assert key == group


def test_views_of_the_queue_choose_by_owner_team_and_risk(client, desk):
    new_case(desk, "Mine", subject="Mine alone")
    new_case(desk, "Ours", subject="Nobody’s yet", owner=None)
    new_case(desk, "Late", at=NOW - 5 * HOUR, subject="Overdue", owner=None)

    def subjects(view):
        return {
            s.case.subject for s in page(client, desk["agent"], "case-list", view=view).context["standings"]
        }

    assert subjects("mine") == {"Mine alone"}
    assert subjects("team") == {"Mine alone", "Nobody’s yet", "Overdue"}
    assert subjects("unassigned") == {"Nobody’s yet", "Overdue"}
    assert subjects("risk") == {"Overdue"}
    assert subjects("waiting") == set()


def test_promises_due_today_end_at_the_readers_own_midnight(client, desk, case):
    midnight = datetime(2026, 3, 4, 0, 0, tzinfo=ZoneInfo("Europe/Madrid"))
    promising.promise(case=case, what="Too late", due_at=midnight, by=desk["agent"], now=NOW)
    assert not page(client, desk["agent"], "case-list", view="promises").context["standings"]
    promising.promise(
        case=case, what="Today", due_at=midnight - timedelta(seconds=1), by=desk["agent"], now=NOW
    )
    assert len(page(client, desk["agent"], "case-list", view="promises").context["standings"]) == 1


def test_pages_of_the_queue_follow_each_other_without_gap_or_repeat(client, desk, monkeypatch):
    monkeypatch.setattr("cases.views.queue.PAGE", 3)
    for number in range(8):
        # Two of each instant: the key must tell rows of one instant apart.
        new_case(
            desk, f"Customer {number}", at=NOW - timedelta(minutes=number // 2), subject=f"Case {number}"
        )
    seen, query = [], {}
    while True:
        answer = page(client, desk["agent"], "case-list", **query)
        seen.append([s.case_id for s in answer.context["standings"]])
        if not answer.context["after"]:
            break
        query = {"after": answer.context["after"]}
    assert [len(ids) for ids in seen] == [3, 3, 2]
    assert sum(seen, []) == list(Standing.objects.in_order().values_list("case_id", flat=True))
    back = page(client, desk["agent"], "case-list", before=answer.context["before"])
    assert [s.case_id for s in back.context["standings"]] == seen[1]


@pytest.mark.parametrize(
    "key", ["", "x", "2026-03-03,1", "2026-99-99T00:00+00:00,1", "2026-03-03T10:00:00+00:00,x"]
)
def test_a_made_up_page_key_shows_the_first_page(client, desk, case, key):
    answer = page(client, desk["agent"], "case-list", after=key)
    assert [s.case_id for s in answer.context["standings"]] == [case.pk]


def test_search_jumps_to_a_number_and_finds_subjects_and_customers(client, desk, case):
    for words in (case.number, case.number.lower(), case.number[2:]):
        assert page(client, desk["agent"], "case-list", q=words).url == reverse("case", args=[case.number])
    for words in ("NORTHWIND", "charged tw"):
        assert case.number in body(page(client, desk["agent"], "case-list", q=words))
    assert "No case matches" in body(page(client, desk["agent"], "case-list", q="no such thing"))


def test_search_finds_cases_that_have_ended(client, desk, case):
    ending.resolve(case=case, reason="credited", by=desk["agent"], now=NOW)
    assert not page(client, desk["agent"], "case-list").context["standings"]
    assert case.number in body(page(client, desk["agent"], "case-list", q="Northwind"))


def test_filters_narrow_the_queue_and_stay_in_its_links(client, desk):
    new_case(desk, "Low", subject="Low one", priority=1)
    new_case(desk, "High", subject="High one", priority=3)
    answer = page(client, desk["agent"], "case-list", priority="3")
    assert "High one" in body(answer)
    assert "Low one" not in body(answer)


# --- What may be done ---


def test_a_reply_is_sent_once_and_opens_the_case(client, desk, case):
    answer = post(
        client,
        desk["agent"],
        "case-reply",
        case.number,
        **{"reply-body": "We are on it", "reply-channel": "mail", "reply-revision": case.revision},
    )
    assert answer.url == reverse("case", args=[case.number])
    assert Case.objects.get(pk=case.pk).status == CaseStatus.OPEN
    assert Message.objects.filter(case=case, direction="out", author=desk["agent"]).count() == 1


def test_a_reply_from_a_stale_page_is_refused_with_its_text_kept(client, desk, case):
    seen = case.revision
    talk.log_call(
        case=case, body="Meanwhile", by=desk["supervisor"], now=NOW, incoming=False, was_reached=True
    )
    said = {"reply-body": "My careful words", "reply-channel": "mail", "reply-revision": seen}
    answer = post(client, desk["agent"], "case-reply", case.number, **said)
    assert answer.status_code == 422
    assert "My careful words" in body(answer)
    assert "Somebody changed this case" in body(answer)
    assert "Meanwhile" in body(answer)
    assert not Message.objects.filter(case=case, direction="out", author=desk["agent"]).exists()
    # Its sender has seen the change now: the same form, sent again, speaks of the case as it is.
    fresh = answer.context["reply_form"]["revision"].value()
    assert (
        post(client, desk["agent"], "case-reply", case.number, **said | {"reply-revision": fresh}).status_code
        == 302
    )


@pytest.mark.parametrize("name", ["case-assign", "case-priority", "case-resolve", "case-close"])
def test_a_sheet_from_a_stale_page_is_refused_with_its_text_kept(client, desk, case, name):
    seen = case.revision
    talk.note(case=case, body="Meanwhile", by=desk["supervisor"], now=NOW)
    answer = post(client, desk["agent"], name, case.number, reason="My reasons", priority=4, revision=seen)
    assert answer.status_code == 422
    assert "My reasons" in body(answer)
    assert Case.objects.get(pk=case.pk).revision == seen + 1


def test_before_the_priority_is_set_its_form_names_the_clocks_and_their_new_due_times(
    client, desk, django_assert_max_num_queries
):
    """What it names is what then happens; whoever looks changes nothing."""
    terms = {(Metric.FIRST_RESPONSE, 4): 1800, (Metric.FIRST_RESPONSE, None): 4 * 3600}
    terms |= {
        (Metric.RESOLUTION, 3): 8 * 3600,
        (Metric.RESOLUTION, None): 40 * 3600,
        (Metric.NEXT_UPDATE, 1): 60,
    }
    make.policy("Quick", targets=terms)
    case = new_case(desk)
    before = list(case.clocks.values("pk", "due_at", "term_seconds"))
    with django_assert_max_num_queries(60):
        foreseen = page(client, desk["agent"], "case-priority", case.number).context["foreseen"]
    assert list(case.clocks.values("pk", "due_at", "term_seconds")) == before
    named = {one.priority: {clock.metric: clock.due_at for clock in one.clocks} for one in foreseen}
    assert set(named) == {1, 3, 4}  # not the one it has
    urgent = body(page(client, desk["agent"], "case-priority", case.number))
    assert "Under Urgent" in urgent and "breached at once" in urgent
    said = {"priority": 4, "reason": "They stand still", "revision": case.revision}
    assert post(client, desk["agent"], "case-priority", case.number, **said).status_code == 302
    assert dict(case.clocks.open().values_list("metric", "due_at")) == named[4]


@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_reply_is_refused(client, desk, case, empty):
    said = {"reply-body": empty, "reply-channel": "mail", "reply-revision": case.revision}
    assert post(client, desk["agent"], "case-reply", case.number, **said).status_code == 422
    assert not Message.objects.filter(case=case, direction="out").exists()


def test_a_call_in_which_nobody_was_reached_stops_nothing(client, desk, case):
    said = {
        "call-body": "No answer",
        "call-direction": "out",
        "call-occurred_at": "2026-03-03T10:59",
        "call-revision": 1,
        "call-was_reached": "no",
    }
    assert post(client, desk["agent"], "case-call", case.number, **said).status_code == 302
    assert case.clocks.get(metric=Metric.FIRST_RESPONSE).is_open
    assert (
        post(
            client, desk["agent"], "case-call", case.number, **{**said, "call-was_reached": "yes"}
        ).status_code
        == 302
    )
    assert not case.clocks.get(metric=Metric.FIRST_RESPONSE).is_open


def test_the_case_page_takes_down_of_a_call_what_the_call_form_does(client, desk, case):
    """Who, what was promised and what was tried; of whoever does not work the case, for its holder."""
    said = {
        "call-body": "They ask for news.",
        "call-direction": "in",
        "call-was_reached": "yes",
        "call-contact": case.contact_id,
        "call-promised": "Tell them the date",
        "call-promised_by": "2026-03-04T10:00",
        "call-tried": "Restarted the router",
        "call-asks_for": "asked_supervisor",
    }
    half = {**said, "call-revision": case.revision, "call-promised_by": ""}
    refused = post(client, desk["agent"], "case-call", case.number, **half)
    assert refused.status_code == 422 and "Restarted the router" in body(refused)
    assert not case.messages.filter(channel="phone").exists()
    answer = post(client, desk["agent"], "case-call", case.number, **said, **{"call-revision": case.revision})
    assert answer.status_code == 302
    promise = case.promises.get()
    assert (promise.what, promise.told_by_channel, promise.made_by) == (
        "Tell them the date", "phone", desk["agent"],
    )  # fmt: skip
    assert [attempt.what for attempt in case.attempts.all()] == ["Restarted the router"]
    assert case.messages.get(channel="phone").contact_id == case.contact_id
    now = Case.objects.get(pk=case.pk)
    other = {**said, "call-revision": now.revision}
    assert post(client, desk["stranger"], "case-call", case.number, **other).status_code == 302
    assert case.promises.count() == 1
    assert "Tell them the date" in case.messages.get(direction="internal").body


@pytest.mark.parametrize("typed", ["", "2026-03-03T10:30"])
def test_a_call_is_of_when_it_is_logged_unless_somebody_types_another_time(
    client, desk, case, monkeypatch, typed
):
    shown = page(client, desk["agent"], "case", case.number).context["call_form"]
    assert shown["occurred_at"].value() is None
    later = NOW + timedelta(minutes=7, seconds=31)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    said = {"call-body": "They ask for news.", "call-direction": "in", "call-occurred_at": typed}
    said |= {"call-was_reached": "yes", "call-revision": case.revision}
    assert post(client, desk["agent"], "case-call", case.number, **said).status_code == 302
    message = case.messages.get(channel="phone")
    assert message.occurred_at == (NOW - timedelta(minutes=30) if typed else later)


def test_a_promise_is_typed_in_the_readers_own_zone(client, desk, case):
    said = {
        "promise-what": "Credit note",
        "promise-due_at": "2026-03-04T12:00",
        "promise-kind": "outcome",
        "promise-channel": "mail",
        "promise-revision": case.revision,
    }
    assert post(client, desk["agent"], "case-promise", case.number, **said).status_code == 302
    assert case.promises.get().due_at == datetime(2026, 3, 4, 12, tzinfo=ZoneInfo("Europe/Madrid"))


def test_a_promise_for_the_past_is_refused_with_its_words_kept(client, desk, case):
    said = {
        "promise-what": "Credit note",
        "promise-due_at": "2026-03-03T11:00",
        "promise-kind": "outcome",
        "promise-channel": "mail",
        "promise-revision": case.revision,
    }
    answer = post(client, desk["agent"], "case-promise", case.number, **said)
    assert answer.status_code == 422
    assert 'value="Credit note"' in body(answer)
    assert not case.promises.exists()


def test_pausing_and_resuming(client, desk, case):
    talk.reply(case=case, body="Please send the trace", by=desk["agent"], now=NOW)
    reason = make.pause_reason()
    said = {"reason": reason.pk, "expected_end_at": "2026-03-04T09:00", "revision": case.revision}
    assert post(client, desk["agent"], "case-pause", case.number, **said).status_code == 302
    pause = case.pauses.open().get()
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "Paused" in shown and reverse("case-resume", args=[case.number, pause.pk]) in shown
    case.refresh_from_db()
    post(client, desk["agent"], "case-resume", case.number, pause.pk, revision=case.revision)
    assert not case.pauses.open().exists()


def test_a_button_pressed_on_a_stale_page_does_nothing(client, desk, case):
    promised = promising.promise(case=case, what="Call", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
    answer = post(
        client, desk["agent"], "case-promise-keep", case.number, promised.pk, revision=case.revision - 1
    )
    assert answer.status_code == 302
    promised.refresh_from_db()
    assert promised.state == "open"


def test_closing_names_what_is_in_the_way(client, desk, case):
    promising.promise(case=case, what="A credit note", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
    answer = post(client, desk["agent"], "case-close", case.number, reason="done", revision=case.revision)
    assert answer.status_code == 422
    assert "A credit note" in body(answer)
    assert Case.objects.get(pk=case.pk).status == CaseStatus.NEW


def test_a_new_case_is_taken_up_once(client, desk, case):
    assert reverse("case-take-up", args=[case.number]) in body(
        page(client, desk["agent"], "case", case.number)
    )
    for _press in range(2):
        post(client, desk["agent"], "case-take-up", case.number, revision=1)
    case.refresh_from_db()
    assert (case.status, case.revision) == (CaseStatus.OPEN, 2)
    assert reverse("case-take-up", args=[case.number]) not in body(
        page(client, desk["agent"], "case", case.number)
    )


def test_a_case_is_resolved_and_opened_again(client, desk, case):
    assert (
        post(client, desk["agent"], "case-resolve", case.number, reason="credited", revision=1).status_code
        == 302
    )
    case.refresh_from_db()
    assert case.status == CaseStatus.RESOLVED
    answer = post(
        client, desk["agent"], "case-reopen", case.number, reason="came back", revision=case.revision
    )
    assert answer.status_code == 302
    case.refresh_from_db()
    assert (case.status, case.reopened_count) == (CaseStatus.OPEN, 1)


def test_a_new_case_is_opened_for_a_chosen_customer(client, desk):
    customer = make.customer("Kessler")
    assert "Kessler" in body(page(client, desk["agent"], "case-new", who="kess"))
    said = {
        "key": str(UUID(int=1)),
        "customer": customer.pk,
        "contact": customer.contacts.get().pk,
        "channel": "mail",
        "subject": "Router",
        "body": "Nobody came.",
        "impact": 3,
        "urgency": 3,
        "received_at": "2026-03-03T10:30",
    }
    answer = post(client, desk["agent"], "case-new", **said)
    case = Case.objects.get()
    assert answer.url == reverse("case", args=[case.number])
    assert (case.get_priority_display(), case.received_at) == ("Urgent", NOW - timedelta(minutes=30))


def test_a_new_case_from_the_future_is_refused_with_its_text_kept(client, desk):
    customer = make.customer("Kessler")
    said = {
        "key": str(UUID(int=1)),
        "customer": customer.pk,
        "channel": "mail",
        "subject": "Router",
        "body": "Nobody came.",
        "impact": 2,
        "urgency": 2,
        "received_at": "2026-03-03T11:01",
    }
    answer = post(client, desk["agent"], "case-new", **said)
    assert answer.status_code == 422
    assert "Nobody came." in body(answer)
    assert not Case.objects.exists()


def test_notices_are_counted_on_the_bell_and_read(client, desk, case):
    with make.signed(NOW):
        notify.queue([notify.Wanted(NoticeKind.ASSIGNED, case, "x", person=desk["agent"])], now=NOW)
    unread = Notice.objects.in_app_for(desk["agent"]).unread()
    number = unread.count()
    assert f"{number} unread notice" in body(page(client, desk["agent"], "notices"))
    assert f"{case.number} is yours now" in body(page(client, desk["agent"], "notices"))
    post(client, desk["agent"], "notices-read")
    assert not unread.exists()


def test_one_persons_notices_are_not_anothers(client, desk, case):
    with make.signed(NOW):
        notify.queue([notify.Wanted(NoticeKind.ASSIGNED, case, "x", person=desk["supervisor"])], now=NOW)
    notice = Notice.objects.get(person=desk["supervisor"], key__contains=":x:")
    post(client, desk["agent"], "notices-read", notice=notice.pk)
    notice.refresh_from_db()
    assert notice.read_at is None


# --- What the case page tells ---


def test_the_case_page_says_what_is_owed_by_when_and_why(client, desk, case):
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "First response" in shown
    # Received at ten, four hours around the clock.
    assert "why 14:00?" in shown
    assert "4 h 00 of working time" in shown


def test_the_history_tells_who_did_what_and_why(client, desk, case):
    talk.reply(case=case, body="Hello", by=desk["agent"], now=NOW)
    pausing.pause(
        case=case,
        reason=make.pause_reason(),
        expected_end_at=NOW + HOUR,
        by=desk["agent"],
        now=NOW,
        note="asked for the trace",
    )
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "<b>Lucia</b> opened the case" in shown
    assert "paused the clocks until" in shown
    assert "asked for the trace" in shown


def test_words_of_customers_and_colleagues_are_never_markup(client, desk):
    case = new_case(
        desk,
        name="<i>Evil</i> & Sons",
        subject="<script>alert(1)</script>",
        body='"><img src=x onerror=alert(2)>',
    )
    talk.note(case=case, body="<script>alert(3)</script>", by=desk["agent"], now=NOW)
    promising.promise(case=case, what="<b onclick=alert(4)>", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
    shown = [
        body(page(client, desk["agent"], "case", case.number)),
        body(page(client, desk["agent"], "case-list")),
        body(page(client, desk["agent"], "case-assign", case.number)),
    ]
    for markup in ("<script>alert", "<img src=x", "<b onclick", "<i>Evil"):
        assert not [text for text in shown if markup in text]
    assert "&lt;script&gt;alert(1)" in shown[1]


class Inline(HTMLParser):
    """Collects what a strict content policy would block: handlers in attributes, scripts without a source."""

    def __init__(self):
        super().__init__()
        self.found, self.headings = [], 0

    def handle_starttag(self, tag, attrs):
        self.headings += tag == "h1"
        self.found += [name for name, _value in attrs if name.startswith("on")]
        if tag == "script" and "src" not in dict(attrs):
            self.found.append("script")


PAGES = [
    "login",
    "case-list",
    "case-new",
    "notices",
    "menu",
    "case",
    "case-assign",
    "case-close",
    "case-pause",
]


@pytest.mark.parametrize("name", PAGES)
def test_pages_need_no_script_of_their_own_and_have_one_heading(client, desk, case, name):
    args = [case.number] if name in ABOUT_A_CASE else []
    answer = page(client, desk["agent"], name, *args)
    reader = Inline()
    reader.feed(body(answer))
    assert reader.found == []
    assert reader.headings == 1
    policy = answer.headers["Content-Security-Policy"]
    scripts = next((d for d in policy.split(";") if d.strip().startswith("script-src")), "default-src 'self'")
    assert "unsafe" not in scripts


# --- What the pages cost ---

QUEUE_QUERIES = 30
CASE_QUERIES = 83


def queries(client, person, django_assert_max_num_queries, name, *args, **query):
    page(client, person, name, *args, **query)  # what is remembered by the process is remembered now
    with django_assert_max_num_queries(200) as counted:
        answer = client.get(reverse(name, args=args), query)
        assert answer.status_code == 200
    return len(counted)


def test_the_queue_costs_the_same_for_fifty_rows_as_for_two(client, desk, django_assert_max_num_queries):
    for number in range(2):
        new_case(desk, f"Customer {number}")
    few = queries(client, desk["agent"], django_assert_max_num_queries, "case-list")
    for number in range(2, 50):
        promised = new_case(desk, f"Customer {number}", at=NOW - HOUR)
        if number % 3 == 0:
            promising.promise(case=promised, what="Call", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
    many = queries(client, desk["agent"], django_assert_max_num_queries, "case-list")
    assert len(client.get(reverse("case-list")).context["standings"]) == 50
    assert many == few == QUEUE_QUERIES


def test_the_case_page_costs_the_same_for_a_long_story_as_for_a_short_one(
    client, desk, case, django_assert_max_num_queries
):
    talk.reply(case=case, body="Hello", by=desk["agent"], now=NOW)
    promising.promise(case=case, what="Call", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
    few = queries(client, desk["agent"], django_assert_max_num_queries, "case", case.number)
    for number in range(15):
        talk.reply(case=case, body=f"Reply {number}", by=desk["agent"], now=NOW)
        talk.note(case=case, body=f"Note {number}", by=desk["supervisor"], now=NOW)
        promising.promise(case=case, what=f"Call {number}", due_at=NOW + HOUR, by=desk["supervisor"], now=NOW)
    many = queries(client, desk["agent"], django_assert_max_num_queries, "case", case.number)
    assert many == few == CASE_QUERIES
