"""The watchdog's page: who may open it, what it says first, and what its buttons do."""

import re
from copy import deepcopy
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from cases import notices, writers
from cases.models import Case, EnginePass, Notice, NoticeKind, Party, Timer
from cases.operations import notify, timers, watching
from cases.states import Metric, TimerKind
from cases.views import watchdog_words as words
from tests import factories as make
from tests.cases.test_pages import Inline

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 3, 11, 0, tzinfo=ZoneInfo("Europe/Madrid"))
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
ROLES = ["agent", "supervisor", "manager", "auditor", "administrator"]
READERS = {"supervisor", "manager", "auditor", "administrator"}
MENDERS = {"manager", "administrator"}
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    """Views read the clock; here it stands."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    make.policy(targets={(Metric.RESOLUTION, None): 10**8})
    return {role: make.person(role.title(), role) for role in ROLES}


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def case(desk):
    made = make.case(now=NOW - 2 * HOUR)
    Timer.objects.all().delete()  # of the opening: these tests arm their own
    Notice.objects.update(state="sent", sent_at=NOW)
    return Case.objects.get(pk=made.pk)


@pytest.fixture
def theirs(desk, case):
    """A case of the supervisor's department, of a team below their own."""
    above = make.team("Service", lead=desk["supervisor"])
    team = make.team("Care", parent=above, people=[desk["agent"]])
    made = make.case(make.customer("Fabrikam"), now=NOW - HOUR, team=team)
    Timer.objects.all().delete()
    Notice.objects.all().update(state="sent", sent_at=NOW)
    return Case.objects.get(pk=made.pk)


@pytest.fixture
def well(case):
    return EnginePass.objects.create(worker="engine@here/Main/0", started_at=NOW - SECOND, finished_at=NOW)


def given_up(case, subject=1, error="ValueError: no such rung", **fields):
    return Timer.objects.create(
        case=case,
        kind=TimerKind.HOLDER_REMINDER,
        subject_id=subject,
        due_at=NOW - HOUR,
        armed_at=NOW - HOUR,
        wake_at=NOW,
        state="set_aside",
        attempts=8,
        last_error=error,
        **fields,
    )


def undelivered(case, key="n"):
    return Notice.objects.create(
        case=case,
        kind="reply",
        contact=case.contact,
        channel="mail",
        key=key,
        state="failed",
        attempts=12,
        created_at=NOW - HOUR,
        last_error="SMTPRecipientsRefused: {'aoife@example.com': 550}",
    )


def opened(client, person, **headers):
    client.force_login(person)
    return client.get(reverse("watchdog"), headers=headers)


def text(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


class TestWhoMay:
    def test_managers_and_administrators_open_it_auditors_and_supervisors_read_it_nobody_else(
        self, client, desk, well
    ):
        found = {role: opened(client, desk[role]).status_code for role in ROLES}
        assert found == {role: 200 if role in READERS else 403 for role in ROLES}

    @pytest.mark.parametrize("name", ["watchdog", "watchdog-timers", "watchdog-notices"])
    def test_a_stranger_is_asked_to_sign_in(self, client, desk, well, name):
        for answer in (client.get(reverse(name)), client.post(reverse(name))):
            assert (answer.status_code, answer.url.partition("?")[0]) == (302, reverse("login"))

    def test_a_page_that_refreshes_itself_after_the_session_ended_loads_as_a_whole(self, client, desk):
        answer = client.get(reverse("watchdog"), headers=HTMX)
        assert answer["HX-Refresh"] == "true"
        assert answer.content == b""

    def test_only_who_may_open_it_is_offered_it(self, client, desk, well):
        for role in ROLES:
            client.force_login(desk[role])
            offered = reverse("watchdog") in client.get(reverse("notices")).content.decode()
            assert offered is (role in READERS)

    @pytest.mark.parametrize("role", ROLES)
    def test_only_who_may_mend_tries_again(self, client, desk, well, case, role):
        stuck, lost = given_up(case), undelivered(case)
        client.force_login(desk[role])
        for name, row in (("watchdog-timers", stuck), ("watchdog-notices", lost)):
            answer = client.post(reverse(name), {"one": row.pk})
            assert answer.status_code == (302 if role in MENDERS else 403)
        stuck.refresh_from_db(), lost.refresh_from_db()
        mended = ("pending", "queued") if role in MENDERS else ("set_aside", "failed")
        assert (stuck.state, lost.state) == mended

    @pytest.mark.parametrize("role", ["auditor", "supervisor"])
    def test_who_only_reads_is_offered_no_button_and_told_who_mends(self, client, desk, well, theirs, role):
        given_up(theirs, 9), undelivered(theirs)
        mends = "An escalation manager or an administrator lets the engine try again"
        shown = text(opened(client, desk["manager"]))
        assert "Try again" in shown and mends not in shown
        shown = text(opened(client, desk[role]))
        assert theirs.number in shown and mends in shown
        assert "Try again" not in shown
        assert "Send again" not in shown

    def test_a_restricted_case_is_not_named_to_whom_it_is_kept_from(self, client, desk, well, case):
        given_up(case, error="ValueError: about a colleague"), undelivered(case)
        with make.signed():
            Case.objects.update(is_restricted=True, restricted_because="staff matter")
        for role in ("manager", "administrator"):
            shown = opened(client, desk[role]).content.decode()
            for secret in (case.number, case.subject, case.customer.name, "Aoife", "colleague", "aoife@"):
                assert secret not in shown, (role, secret)
            assert "on a case that is not for you" in shown
        assert case.number in opened(client, desk["auditor"]).content.decode()
        with make.signed():
            Party.objects.create(
                case=case, person=desk["manager"], kind=Party.Kind.ACCESS, reason="asked to help"
            )
        assert case.number in opened(client, desk["manager"]).content.decode()


class TestDepartment:
    """A supervisor reads what cannot run of their own department, and of nobody else's."""

    def test_its_timers_and_notices_and_no_others(self, client, desk, well, case, theirs):
        given_up(case), undelivered(case), given_up(theirs, 9), undelivered(theirs, "theirs")
        answer = opened(client, desk["supervisor"])
        assert theirs.number in text(answer) and case.number not in text(answer)
        assert [item.case for item in answer.context["stuck"]] == [theirs]
        assert [item.case for item in answer.context["lost"]] == [theirs]
        assert "on a case that is not for you" not in text(answer)

    def test_what_is_counted_is_what_is_listed(self, client, desk, well, case, theirs):
        given_up(case), given_up(case, 2), undelivered(case)
        assert "keeps its word" in text(opened(client, desk["supervisor"]))
        given_up(theirs, 9)
        shown = text(opened(client, desk["supervisor"]))
        assert "1 timer cannot run" in shown and "of your department: 1" in shown
        assert "could not be delivered" not in shown
        assert "3 timers cannot run" in text(opened(client, desk["manager"]))

    def test_whether_the_engine_looks_is_told_of_the_whole_desk(self, client, desk, case):
        assert "No engine has ever looked" in text(opened(client, desk["supervisor"]))

    def test_a_restricted_case_of_it_is_not_there(self, client, desk, well, theirs):
        given_up(theirs, 9), undelivered(theirs)
        with make.signed():
            Case.objects.filter(pk=theirs.pk).update(is_restricted=True, restricted_because="staff matter")
        answer = opened(client, desk["supervisor"])
        assert (list(answer.context["stuck"]), list(answer.context["lost"])) == ([], [])
        assert "keeps its word" in text(answer)

    def test_without_a_team_there_is_nothing_of_it(self, client, desk, well, case):
        given_up(case)
        assert list(opened(client, make.person("Newly", "supervisor")).context["stuck"]) == []

    @pytest.mark.parametrize("headers", [{}, HTMX], ids=["whole", "refreshed"])
    def test_a_refreshed_page_is_as_narrow(self, client, desk, well, case, theirs, headers):
        given_up(case), given_up(theirs, 9)
        shown = text(opened(client, desk["supervisor"], **headers))
        assert theirs.number in shown and case.number not in shown

    def test_it_costs_the_same_however_much_there_is(
        self, client, desk, well, theirs, django_assert_max_num_queries
    ):
        counts = []
        for more in (1, 1, 15):
            for _number in range(more):
                number = Timer.objects.count() + 1
                given_up(theirs, number), undelivered(theirs, f"n{number}")
            client.force_login(desk["supervisor"])
            with django_assert_max_num_queries(40) as counted:
                client.get(reverse("watchdog"), headers=HTMX)
            counts.append(len(counted))
        assert counts[1] == counts[2]


class TestNotice:
    """Who is told that a timer was set aside is led to where it stands, with its reason."""

    def told(self, case, person):
        words = {"timer": "Reminder", "error": "x"}
        wanted = notify.Wanted(NoticeKind.TIMER_SET_ASIDE, case, "timer:1", person=person, facts=words)
        with make.signed(NOW):
            notify.queue([wanted], now=NOW)
        return Notice.objects.get(person=person, channel="app", kind=NoticeKind.TIMER_SET_ASIDE)

    @pytest.mark.parametrize("role", ["supervisor", "manager"])
    def test_it_opens_the_watchdog(self, client, desk, well, theirs, role):
        given_up(theirs, 9)
        notice = self.told(theirs, desk[role])
        client.force_login(desk[role])
        answer = client.post(reverse("notice-open", args=[notice.pk]))
        assert answer.url == f"{reverse('watchdog')}#set-aside"
        assert theirs.number in text(client.get(reverse("watchdog")))

    def test_for_whom_the_watchdog_is_not_it_opens_the_case(self, client, desk, well, theirs):
        notice = self.told(theirs, desk["agent"])
        client.force_login(desk["agent"])
        answer = client.post(reverse("notice-open", args=[notice.pk]))
        assert answer.url == reverse("case", args=[theirs.number])

    @pytest.mark.parametrize(("role", "page"), [("supervisor", "/watchdog/#set-aside"), ("agent", "/cases/")])
    def test_its_mail_names_the_same_page(self, desk, theirs, role, page):
        self.told(theirs, desk[role])
        mail = Notice.objects.get(person=desk[role], channel="mail", kind=NoticeKind.TIMER_SET_ASIDE)
        assert page in notices.mail(mail)[1]


class TestVerdict:
    def test_a_desk_that_is_well_says_so_first(self, client, desk, well):
        shown = text(opened(client, desk["manager"]))
        assert "The engine keeps its word: last pass 1.0 s ago, nothing is overdue." in shown
        for empty in ("Nothing fired in the last 24 hours.", "No timer is set aside."):
            assert empty in shown

    def test_what_is_due_this_moment_is_no_fault(self, client, desk, well, case):
        for subject, seconds in ((1, 2), (2, 1)):
            timers.save(
                [
                    timers.arm(
                        case_id=case.pk,
                        kind=TimerKind.HOLDER_REMINDER,
                        subject_id=subject,
                        due_at=NOW - seconds * SECOND,
                        now=NOW,
                    )
                ]
            )
        shown = text(opened(client, desk["manager"]))
        assert "keeps its word: last pass 1.0 s ago; 2 timers are due now, the oldest since 2.0 s." in shown

    def test_the_worst_comes_first_and_each_says_what_to_do(self, client, desk, case):
        given_up(case), undelivered(case)
        shown = text(opened(client, desk["manager"]))
        said = [
            "No engine has ever looked: no timer fires.",
            "Start a worker for the queue “engine”",
            "1 timer cannot run: what it was to do does not happen.",
            "1 notice of the last 7 days could not be delivered.",
        ]
        places = [shown.index(sentence) for sentence in said]
        assert places == sorted(places)

    def test_a_missing_history_writer_is_named_with_what_puts_it_back(self, client, desk, well):
        writers.remove()
        shown = text(opened(client, desk["manager"]))
        assert "writers of the history are missing" in shown
        assert "manage.py migrate" in shown

    def test_lateness_is_drawn_and_told_in_words_and_in_a_table(self, client, desk, well):
        for minutes, late in ((1, 0.004), (400, 0.004), (401, 20.0), (800, 900.0)):
            watching.tally(worker="a", lateness=[late], now=NOW - timedelta(minutes=minutes))
        shown = opened(client, desk["manager"]).content.decode()
        bars = re.findall(r'<rect class="chart__bar chart__bar--(\w+)" x="(\d+)"', shown)
        assert bars == [("plain", "950"), ("warn", "690"), ("danger", "420")]
        assert "4 timers fired in the last 24 hours" in shown
        assert "the latest 15 min 00 s late" in shown


class TestTryingAgain:
    def post(self, client, person, name, **data):
        client.force_login(person)
        return client.post(reverse(name), data)

    def test_one_timer_with_its_reason(self, client, desk, well, case):
        stuck, other = given_up(case), given_up(case, 2)
        answer = self.post(
            client,
            desk["manager"],
            "watchdog-timers",
            one=stuck.pk,
            all=[stuck.pk, other.pk],
            reason=" calendar \n mended ",
        )
        assert (answer.status_code, answer.url) == (302, reverse("watchdog"))
        assert list(Timer.objects.order_by("pk").values_list("state", flat=True)) == ["pending", "set_aside"]
        row = Case.history.filter(id=case.pk).latest("history_id")
        assert row.history_change_reason.endswith(" calendar mended")
        assert (row.history_user_id, row.history_via) == (desk["manager"].pk, "page")
        assert "The engine tries 1 timer again." in text(client.get(answer.url))

    def test_all_that_were_shown_each_with_its_result(self, client, desk, well, case):
        stuck, ran = given_up(case), given_up(case, 2)
        Timer.objects.filter(pk=ran.pk).update(state="fired", fired_at=NOW)
        answer = self.post(client, desk["manager"], "watchdog-timers", all=[stuck.pk, ran.pk])
        shown = text(answer)
        assert answer.status_code == 200
        assert "Tried again: 1 of 2." in shown
        assert "It is tried again." in shown
        assert "Not set aside any more" in shown

    @pytest.mark.parametrize("one", ["", "x", "-1", "9" * 30, "999999"])
    @pytest.mark.parametrize("name", ["watchdog-timers", "watchdog-notices"])
    def test_what_is_not_there_is_refused(self, client, desk, well, case, name, one):
        given_up(case), undelivered(case)
        assert self.post(client, desk["manager"], name, one=one).status_code == 422
        assert Timer.objects.get().state == "set_aside"

    def test_one_notice_and_all_of_them(self, client, desk, well, case):
        lost, other = undelivered(case, "a"), undelivered(case, "b")
        assert self.post(client, desk["manager"], "watchdog-notices", one=lost.pk).status_code == 302
        answer = self.post(client, desk["manager"], "watchdog-notices", all=[lost.pk, other.pk])
        assert "It has not failed, or no longer" in text(answer)
        assert set(Notice.objects.filter(pk__in=[lost.pk, other.pk]).values_list("state")) == {("queued",)}

    def test_somebody_who_reloads_the_result_is_led_to_the_page(self, client, desk, well):
        client.force_login(desk["manager"])
        assert client.get(reverse("watchdog-timers")).url == reverse("watchdog")


class TestRefreshing:
    def test_only_what_may_change_is_fetched_anew(self, client, desk, well, case):
        given_up(case)
        whole, part = opened(client, desk["manager"]), opened(client, desk["manager"], **HTMX)
        assert b"<html" in whole.content
        assert b"<html" not in part.content
        assert b"keeps its word" not in part.content
        assert b"1 timer cannot run" in part.content
        assert "HX-Request" in whole["Vary"]

    def test_it_costs_the_same_however_much_there_is(
        self, client, desk, well, case, django_assert_max_num_queries
    ):
        def cost():
            opened(client, desk["manager"], **HTMX)
            with django_assert_max_num_queries(40) as counted:
                client.get(reverse("watchdog"), headers=HTMX)
            return len(counted)

        given_up(case), undelivered(case)
        before = cost()
        for number in range(2, 20):
            given_up(case, number), undelivered(case, str(number))
        assert cost() == before

    def test_it_needs_nothing_that_a_strict_policy_forbids(self, client, desk, well, case):
        given_up(case), undelivered(case)
        answer = opened(client, desk["manager"])
        reader = Inline()
        reader.feed(answer.content.decode())
        assert (reader.found, reader.headings) == ([], 1)
        assert "unsafe-eval" not in answer["Content-Security-Policy"]
        assert "&quot;allowEval&quot;: false" in answer.content.decode().replace('"', "&quot;")

    def test_it_is_never_kept(self, client, desk, well):
        assert "no-store" in opened(client, desk["manager"])["Cache-Control"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("", "It failed without saying why."),
        ("TimeoutError: timed out", "The other side did not answer in time."),
        ("builtins.TimeoutError: timed out", "The other side did not answer in time."),
        ("SMTPServerDisconnected: gone", "The mail server refused it."),
        ("KeyError: 'x'", "The program failed over it; whoever maintains it needs the words below."),
        ("The calendar Rijeka has no open hours.", "The calendar Rijeka has no open hours."),
    ],
)
def test_an_error_is_told_in_words_a_manager_understands(error, said):
    assert words.explain(error) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "–"), (0, "0 ms"), (0.0994, "99 ms"), (0.1, "0.1 s"), (9.96, "10.0 s"), (10, "10 s"),
     (59.9, "59 s"), (60, "1 min 00 s"), (4320, "1 h 12"), (90_000, "1 d 1 h")],
)  # fmt: skip
def test_a_length_of_time_is_as_exact_as_it_matters(seconds, said):
    assert words.lag(seconds) == said
