"""The dashboard: who sees what, that every figure is the length of its list, and what it costs."""

import csv
import io
import re
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from django.template.backends.django import Template
from django.urls import reverse

from cases import engine, queues
from cases.models import Absence, Calendar, Case, Clock, Party, Standing, Timer
from cases.operations import ending, promising
from cases.states import TimerKind
from escalations.models import Handoff
from escalations.operations import respond
from reports import counting, pressing
from reports.models import Happened
from reports.views.sheet import harmless
from tests import factories as make
from tests import worlds
from tests.worlds import asks

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86400))
READERS = {"marta", "sven", "priya", "audre"}
EVERYBODY = ("ana", "bruno", "marta", "sven", "priya", "audre", "adam")
HTMX = {"HX-Request": "true"}
ADDRESSES = (
    [("dashboard", ()), ("dashboard-csv", ())]
    + [("dashboard-now", (kind,)) for kind in pressing.TITLES]
    + [("dashboard-happened", (kind,)) for kind in Happened.values]
)
WHO_MAY = {name: tuple(200 if who in READERS else 403 for who in EVERYBODY) for name, _args in ADDRESSES}


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    """Views read the clock; here it stands."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    return worlds.desk()


@pytest.fixture
def desk(made, db):
    return deepcopy(made)


def new_case(desk, name="Northwind", at=NOW - MINUTE, **fields):
    fields.setdefault("team", desk.care)
    row = make.case(make.customer(name), now=at, by=desk.ana, **fields)
    return Case.objects.get(pk=row.pk)


def due(case, at):
    """As if the case's next obligation were due at `at`."""
    Standing.objects.filter(pk=case.pk).update(kind="clock", due_at=at, sort_at=at, is_breached=at < NOW)


def stuck(case, subject=1):
    return Timer.objects.create(
        case=case,
        kind=TimerKind.HOLDER_REMINDER,
        subject_id=subject,
        due_at=NOW - HOUR,
        armed_at=NOW - HOUR,
        wake_at=NOW,
        state="set_aside",
        attempts=8,
        last_error="ValueError: no such rung",
    )


def worked(desk, team, owner, minutes=60, number=10):
    """So many clocks of a team that each took so long, ended before the last hour."""
    case = new_case(desk, f"Worked {owner}", at=NOW - 20 * DAY, team=team, owner=owner)
    due(case, NOW + 20 * DAY)
    began = NOW - HOUR - number * minutes * MINUTE
    with make.signed(NOW):
        Clock.objects.bulk_create(
            Clock(
                case=case,
                metric="first_response",
                calendar=Calendar.objects.get(is_default=True),
                term_seconds=10**6,
                state="met",
                started_at=began,
                ended_at=began + (n + 1) * minutes * MINUTE,
                elapsed_seconds=1,
            )
            for n in range(number)
        )
    return case


def look(client, person, name="dashboard", *args, headers=None, **query):
    client.force_login(person)
    return client.get(reverse(name, args=args), query, headers=headers or {})


def figures(answer):
    """{title: value} of the tiles."""
    return {str(tile.name): tile.value for tile in answer.context["tiles"]}


def body(answer):
    return answer.content.decode()


def listed(answer):
    return body(answer).count("data-item")


def numbers(answer):
    """The numbers of the cases listed."""
    return sorted(set(re.findall(r"C-\d+", body(answer))))


class TestWhoMay:
    def test_who_manages_or_audits_reads_nobody_else(self, client, desk, monkeypatch):
        # It is decided before a page is written, which takes the most time; the other tests write each.
        monkeypatch.setattr(Template, "render", lambda *_args, **_kwargs: "")
        for name, args in ADDRESSES:
            found = [look(client, getattr(desk, who), name, *args).status_code for who in EVERYBODY]
            assert tuple(found) == WHO_MAY[name], (name, args)

    def test_a_stranger_is_asked_to_sign_in(self, client):
        for name, args in ADDRESSES:
            for answer in (client.get(reverse(name, args=args)), client.post(reverse(name, args=args))):
                assert (answer.status_code, answer.url.partition("?")[0]) == (302, reverse("login")), name

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    @pytest.mark.parametrize(("name", "args"), ADDRESSES[:3])
    def test_nothing_is_changed_here(self, client, desk, name, args, method):
        client.force_login(desk.priya)
        assert getattr(client, method)(reverse(name, args=args)).status_code == 405

    def test_a_page_that_refreshes_itself_after_the_session_ended_loads_as_a_whole(self, client, desk):
        answer = client.get(reverse("dashboard"), headers=HTMX)
        assert answer["HX-Refresh"] == "true" and answer.content == b""

    def test_only_who_may_open_it_is_offered_it(self, client, desk):
        for who in EVERYBODY:
            client.force_login(getattr(desk, who))
            offered = f'href="{reverse("dashboard")}"' in body(client.get(reverse("notices")))
            assert offered is (who in READERS)

    def test_what_is_not_counted_does_not_exist(self, client, desk):
        assert look(client, desk.priya, "dashboard-now", "nonsense").status_code == 404
        assert look(client, desk.priya, "dashboard-happened", "nonsense").status_code == 404


class TestNow:
    @pytest.mark.parametrize(
        ("at", "late", "soon"),
        [
            (-SECOND, 1, 0),
            (0 * SECOND, 0, 1),
            (2 * HOUR, 0, 1),
            (2 * HOUR + timedelta(microseconds=1), 0, 0),
        ],
    )
    def test_soon_is_from_now_to_exactly_two_hours(self, client, desk, at, late, soon):
        due(new_case(desk), NOW + at)
        shown = figures(look(client, desk.priya))
        assert (shown["Late now"], shown["At risk in two hours"]) == (str(late), str(soon))
        assert listed(look(client, desk.priya, "dashboard-now", "late")) == late
        assert listed(look(client, desk.priya, "dashboard-now", "soon")) == soon

    def test_what_stands_still_owes_nothing_or_is_resolved_is_neither(self, client, desk):
        paused, resolved = new_case(desk, "Paused"), new_case(desk, "Resolved")
        Standing.objects.filter(pk=paused.pk).update(kind="paused", sort_at=NOW + MINUTE)
        ending.resolve(case=resolved, reason="Credited", by=desk.priya, now=NOW)
        shown = figures(look(client, desk.priya))
        assert (shown["Late now"], shown["At risk in two hours"]) == ("0", "0")

    @pytest.mark.parametrize(
        ("number", "said", "rows"), [(99, "99", 99), (100, "99+", 100), (103, "99+", 100)]
    )
    def test_counting_stops_at_ninety_nine(self, client, desk, number, said, rows):
        case = new_case(desk)
        for subject in range(number):
            stuck(case, subject)
        assert figures(look(client, desk.priya))["Timers set aside"] == said
        answer = look(client, desk.priya, "dashboard-now", "timers")
        assert listed(answer) == rows
        assert ("more follow" in body(answer)) is (rows == 100)
        assert queues.ENOUGH == 99

    def test_restricted_cases_exist_for_auditors_and_the_named_alone(self, client, desk):
        case = new_case(desk, restricted_because="A colleague's own case")
        due(case, NOW - MINUTE)
        stuck(case)
        for who in READERS:
            shown = figures(look(client, getattr(desk, who)))
            expected = "1" if who == "audre" else "0"
            assert (shown["Late now"], shown["Timers set aside"]) == (expected, expected), who
            assert numbers(look(client, getattr(desk, who), "dashboard-now", "timers")) == (
                [case.number] if who == "audre" else []
            )

    def test_nobody_sees_a_complaint_about_themselves(self, client, desk):
        case = new_case(desk)
        due(case, NOW - MINUTE)
        with make.signed(NOW):
            Party.objects.create(case=case, person=desk.priya, kind=Party.Kind.SUBJECT, reason="named")
        assert figures(look(client, desk.priya))["Late now"] == "0"
        assert figures(look(client, desk.marta))["Late now"] == "1"

    def test_a_promise_past_due_is_broken_though_the_engine_slept(self, client, desk):
        case = new_case(desk, at=NOW - HOUR)
        promising.promise(case=case, what="Call", due_at=NOW - SECOND, by=desk.ana, now=NOW - MINUTE)
        assert listed(look(client, desk.priya, "dashboard-now", "promises")) == 1

    def test_a_quiet_desk_says_so(self, client, desk):
        answer = look(client, desk.priya)
        assert set(figures(answer).values()) == {"0"}
        assert "Nothing waits for a decision." in body(answer) and "Nobody owes anything." in body(answer)


class TestNowOfABusyDesk:
    @pytest.fixture(scope="class")
    @classmethod
    def once(cls, made, for_all_of_the_class):
        """In each department: late, due soon, a handoff, a broken promise, a timer set aside; one each."""
        found = {}
        for team, owner in ((made.care, made.ana), (made.billing, made.bruno)):
            late = new_case(made, f"Late {team}", at=NOW - 70 * MINUTE, team=team, owner=owner)
            soon = new_case(made, f"Soon {team}", at=NOW - 30 * MINUTE, team=team, owner=owner)
            promised = new_case(made, f"Promised {team}", at=NOW - 30 * MINUTE, team=team, owner=owner)
            due(promised, NOW + 5 * HOUR)
            promising.promise(
                case=promised, what="Call", due_at=NOW - 5 * MINUTE, by=owner, now=NOW - 20 * MINUTE
            )
            found[team.name] = {"late": late, "soon": soon, "promises": promised}
        engine.run_until_idle(now=NOW)
        for cases in found.values():
            due(cases["promises"], NOW + 5 * HOUR)
            due(cases["late"], NOW - 10 * MINUTE)
            due(cases["soon"], NOW + 30 * MINUTE)
            stuck(cases["soon"], subject=cases["soon"].pk)
            cases["timers"], cases["handoffs"] = cases["soon"], cases["late"]
        return found

    @pytest.fixture
    def busy(self, once, desk):
        return deepcopy(once)

    @pytest.mark.parametrize("who", sorted(READERS))
    def test_every_figure_is_the_length_of_its_list(self, client, desk, busy, who):
        person = getattr(desk, who)
        shown = figures(look(client, person))
        for kind, title in pressing.TITLES.items():
            assert str(listed(look(client, person, "dashboard-now", kind))) == shown[str(title)], kind

    def test_managers_and_auditors_see_all_supervisors_their_departments(self, client, desk, busy):
        for kind in ("late", "soon", "handoffs", "promises", "timers"):
            care, billing = (busy[name][kind].number for name in ("Care", "Billing"))
            seen = {who: numbers(look(client, getattr(desk, who), "dashboard-now", kind)) for who in READERS}
            assert seen["priya"] == seen["audre"] == sorted([care, billing]), kind
            # What was escalated has gone to Care, whosever it is.
            handed = kind in ("late", "handoffs")
            assert seen["marta"] == (sorted([care, billing]) if handed else [care]), kind
            assert seen["sven"] == [billing], kind

    @pytest.mark.parametrize("kind", ["late", "soon", "handoffs", "promises", "timers"])
    def test_a_team_narrows_figures_and_lists_alike(self, client, desk, busy, kind):
        page = look(client, desk.priya, team=desk.billing.pk)
        assert figures(page)[str(pressing.TITLES[kind])] == "1"
        answer = look(client, desk.priya, "dashboard-now", kind, team=desk.billing.pk)
        assert numbers(answer) == [busy["Billing"][kind].number]
        [tile] = [t for t in page.context["tiles"] if str(t.name) == str(pressing.TITLES[kind])]
        assert tile.href.endswith(f"?team={desk.billing.pk}")

    def test_what_happens_if_nobody_acts_is_said(self, client, desk, busy):
        answer = look(client, desk.priya)
        handed = next(item for item in answer.context["items"] if item.case == busy["Care"]["late"])
        assert handed.then.text == "Level 2 → Marta"
        assert "Level 2 → Marta" in body(answer)

    def test_a_case_is_shown_once_among_what_comes_first(self, client, desk, busy):
        items = look(client, desk.priya).context["items"]
        assert len({item.case.pk for item in items}) == len(items) == 6

    def test_an_answered_handoff_waits_no_longer(self, client, desk, busy):
        handoff = Handoff.objects.filter(escalation__case=busy["Care"]["late"]).get()
        respond.acknowledge(handoff=handoff, by=desk.jonas, now=NOW)
        assert figures(look(client, desk.priya))["Not acknowledged"] == "1"

    def test_a_promise_kept_late_or_told_anew_is_no_longer_broken(self, client, desk, busy):
        case = busy["Care"]["promises"]
        broken = case.promises.get()
        promising.promise(case=case, what="Call", due_at=NOW + DAY, by=desk.ana, now=NOW, replaces=broken)
        assert figures(look(client, desk.priya))["Promises broken"] == "1"
        promising.keep(promise=busy["Billing"]["promises"].promises.get(), by=desk.bruno, now=NOW)
        assert figures(look(client, desk.priya))["Promises broken"] == "0"


class TestForecast:
    @pytest.fixture
    def loaded(self, desk):
        """An hour each in Care; Ana has three due in two and a half hours, Jonas one."""
        worked(desk, desk.care, desk.ana)
        cases = [new_case(desk, f"Ana {n}", owner=desk.ana) for n in range(3)]
        for n, case in enumerate(cases):
            due(case, NOW + 150 * MINUTE + n * SECOND)
        due(new_case(desk, "Jonas", owner=desk.jonas), NOW + 150 * MINUTE)
        return cases

    def holders(self, answer):
        return {row.name: row for row in answer.context["holders"]}

    def test_who_will_be_late_is_first_with_the_first_case_and_when(self, client, desk, loaded):
        answer = look(client, desk.priya)
        rows = answer.context["holders"]
        assert [row.name for row in rows] == ["Ana", "Jonas"]
        assert rows[0].pill.words == "1 will be late, 14:30"
        assert rows[0].holder.first_case == loaded[2]
        assert f"first {loaded[2].number}" in body(answer)
        assert rows[1].pill.words == "On time"

    def test_the_figure_of_loads_is_the_length_of_its_list(self, client, desk, loaded):
        assert figures(look(client, desk.priya))["Over their load"] == "1"
        answer = look(client, desk.priya, "dashboard-now", "load")
        assert listed(answer) == 1 and "Ana" in body(answer)

    def test_the_basis_is_stated(self, client, desk, loaded):
        basis = look(client, desk.priya).context["basis"]
        assert basis.teams == [("Care", "1 h 00", 10)]

    def test_too_few_ended_clocks_say_nothing(self, client, desk):
        worked(desk, desk.care, desk.ana, number=9)
        due(new_case(desk, owner=desk.ana), NOW + SECOND)
        answer = look(client, desk.priya)
        assert self.holders(answer)["Ana"].pill.words == "Too few to say"
        assert answer.context["basis"].teams == [("Care", "too few to say", 9)]
        assert figures(answer)["Over their load"] == "0"

    def test_what_is_late_already_comes_first(self, client, desk, loaded):
        for n in range(2):
            due(new_case(desk, f"Old {n}", owner=desk.jonas), NOW - HOUR)
        row = self.holders(look(client, desk.priya))["Jonas"]
        assert row.pill.words == "1 will be late, 14:30" and row.note == "2 are late already"

    def test_an_absence_leaves_less_time(self, client, desk, loaded):
        with make.signed(NOW):
            Absence.objects.create(person=desk.jonas, starts_at=NOW - HOUR, ends_at=NOW + 91 * MINUTE)
        assert self.holders(look(client, desk.priya))["Jonas"].pill.icon == "triangle"

    def test_the_holders_own_calendar_counts(self, client, desk, loaded):
        with make.signed(NOW):
            desk.jonas.calendar = make.calendar("Mornings", opens="09:00", closes="13:30")
            desk.jonas.save()
        row = self.holders(look(client, desk.priya))["Jonas"]  # half an hour is left of Madrid's morning
        assert (row.left, row.pill.words) == ("0 h 30", "1 will be late, 14:30") or row.left == "30 min"
        assert row.pill.icon == "triangle"

    def test_unowned_work_is_told_by_team(self, client, desk):
        due(new_case(desk), NOW + HOUR)
        answer = look(client, desk.priya)
        assert [row.name for row in answer.context["unowned"]] == ["Care"]
        assert answer.context["holders"] == []

    def test_a_team_narrows_to_those_with_its_work_whose_whole_queue_counts(self, client, desk, loaded):
        due(new_case(desk, "Bruno", team=desk.billing, owner=desk.bruno), NOW + HOUR)
        due(new_case(desk, "Ana too", team=desk.billing, owner=desk.ana), NOW + 9 * HOUR)
        found = self.holders(look(client, desk.priya, team=desk.billing.pk))
        assert set(found) == {"Ana", "Bruno"}
        assert found["Ana"].holder.forecast.cases == 5  # with what she worked on, due in weeks

    def test_a_supervisor_sees_the_queues_of_the_department(self, client, desk, loaded):
        due(new_case(desk, "Bruno", team=desk.billing, owner=desk.bruno), NOW + HOUR)
        assert set(self.holders(look(client, desk.sven))) == {"Bruno"}
        assert set(self.holders(look(client, desk.marta))) == {"Ana", "Jonas"}


class Trends:
    def trends(self, client, person, **query):
        return look(client, person, **query).context["trends"]

    def listed_of(self, client, person, kind, **query):
        return listed(look(client, person, "dashboard-happened", kind, **query))


class TestTrends(Trends):
    def test_a_period_begins_with_its_first_day(self, client, desk):
        first = counting.begins(counting.today(NOW) - timedelta(days=6))
        for at in (first - SECOND, first):
            new_case(desk, str(at), at=at)
        counting.refresh(now=NOW)
        assert self.trends(client, desk.priya, days=7).received.numbers == [1, 0, 0, 0, 0, 0, 0]
        assert self.listed_of(client, desk.priya, "received", days=7) == 1

    def test_restricted_cases_are_counted_for_auditors_alone(self, client, desk):
        new_case(desk, restricted_because="A colleague's own case")
        counting.refresh(now=NOW)
        for who in READERS:
            expected = 1 if who == "audre" else 0
            assert self.trends(client, getattr(desk, who)).received.total == expected, who
            assert self.listed_of(client, getattr(desk, who), "received") == expected, who

    def test_before_the_first_counting_it_says_so(self, client, desk):
        assert "The days have not been counted yet." in body(look(client, desk.priya))

    def test_days_in_which_nothing_happened_say_so(self, client, desk):
        counting.refresh(now=NOW)
        assert "Choose a longer period" in body(look(client, desk.priya))

    def test_a_long_list_comes_in_pages_each_row_once(self, client, desk, monkeypatch):
        monkeypatch.setattr("reports.views.lists.PAGE", 2)
        cases = [new_case(desk, f"Case {n}") for n in range(5)]
        seen, query = [], {}
        while True:
            answer = look(client, desk.priya, "dashboard-happened", "received", **query)
            seen += [row.case.number for row in answer.context["rows"]]
            if answer.context["next"] is None:
                break
            query = {"before": answer.context["next"]}
        assert seen == [case.number for case in reversed(cases)]

    @pytest.mark.parametrize(("kind", "state"), [("breached", "missed"), ("met", "met")])
    def test_clocks_are_listed_as_they_came_late_or_ended(self, client, desk, monkeypatch, kind, state):
        monkeypatch.setattr("reports.views.lists.PAGE", 2)
        ends = [NOW - hours * HOUR for hours in (5, 2, 9, 2, 1)]
        case = new_case(desk, at=NOW - DAY)
        with make.signed(NOW):
            Clock.objects.bulk_create(
                Clock(
                    case=case,
                    metric="ownership",
                    calendar=Calendar.objects.get(is_default=True),
                    term_seconds=1,
                    state=state,
                    started_at=NOW - DAY,
                    ended_at=at,
                    elapsed_seconds=1,
                )
                for at in ends
            )
        seen, query = [], {}
        for _page in range(3):
            context = look(client, desk.priya, "dashboard-happened", kind, **query).context
            seen.append([row.at for row in context["rows"]])
            query = {"before": context["next"]}
        assert context["next"] is None
        first, *_others = seen
        assert sum(seen, []) == sorted(ends, reverse=True) and [len(rows) for rows in seen] == [2, 2, 1]
        for made_up in ("7", "x_7", "2026-03-02_7", f"{NOW.isoformat()}_", f"{NOW.isoformat()}_x"):
            context = look(client, desk.priya, "dashboard-happened", kind, before=made_up).context
            assert [row.at for row in context["rows"]] == first
        for far in ("0001-01-01T00:00:00+14:00_7", "9999-12-31T23:00:00-14:00_7"):
            assert look(client, desk.priya, "dashboard-happened", kind, before=far).status_code == 200


class TestTrendsOfWhatHappened(Trends):
    @pytest.fixture(scope="class")
    @classmethod
    def once(cls, made, for_all_of_the_class):
        """Of Care: received twice, one breached, escalated and acknowledged; of Billing: one resolved."""
        at = NOW - 2 * DAY
        late = new_case(made, "Late", at=at, owner=made.ana)
        engine.run_until_idle(now=at + HOUR + SECOND)
        handoff = Handoff.objects.get()
        respond.acknowledge(handoff=handoff, by=made.jonas, now=handoff.made_at + 5 * MINUTE)
        new_case(made, "Early", at=NOW - 40 * DAY)
        quick = new_case(made, "Quick", at=at, team=made.billing)
        ending.resolve(case=quick, reason="Credited", by=made.priya, now=at + MINUTE)
        ending.resolve(case=late, reason="Credited", by=made.priya, now=NOW - DAY)
        ending.reopen(case=late, reason="Again", by=made.priya, now=NOW - HOUR)
        counting.refresh(now=NOW)
        return late

    @pytest.fixture
    def told(self, once, desk):
        return deepcopy(once)

    @pytest.mark.parametrize("days", [7, 30, 90])
    @pytest.mark.parametrize("who", sorted(READERS))
    def test_every_figure_is_the_length_of_its_list(self, client, desk, told, who, days):
        person = getattr(desk, who)
        found = self.trends(client, person, days=days)
        lines = {"received": found.received, "resolved": found.resolved, "reopened": found.reopened}
        for kind, line in {**lines, "acknowledged": found.acknowledged}.items():
            assert self.listed_of(client, person, kind, days=days) == line.total, kind
            for day, number in zip(found.days, line.numbers, strict=True):
                if number:
                    assert self.listed_of(client, person, kind, day=day.isoformat(), days=days) == number
        for one in found.in_time:
            assert self.listed_of(client, person, "met", detail=one.metric, days=days) == one.met
            assert self.listed_of(client, person, "missed", detail=one.metric, days=days) == one.missed
        for team, _name, number, _before in found.breaches:
            assert self.listed_of(client, person, "breached", of=team, days=days) == number
        for level, number, _before in found.levels:
            assert self.listed_of(client, person, "level", detail=level, days=days) == number

    def test_the_figures_of_a_month_and_of_the_one_before(self, client, desk, told):
        found = self.trends(client, desk.priya)
        assert (found.received.total, found.received.before) == (2, 1)
        assert (found.resolved.total, found.reopened.total) == (1, 1)
        # A first response, and with no word for a day an update and the resolution.
        assert [(name, number) for _team, name, number, _before in found.breaches] == [("Care", 3)]
        assert [(level, number) for level, number, _before in found.levels] == [(1, 1)]
        assert 300 <= found.p50 <= 330 and 300 <= found.p95 <= 330
        first = next(one for one in found.in_time if one.metric == "first_response")
        assert (first.met + first.missed, first.share) == (2, 0.0) or first.share is not None

    def test_supervisors_have_the_counts_of_their_departments(self, client, desk, told):
        assert self.trends(client, desk.marta).received.total == 1
        assert self.trends(client, desk.sven).received.total == 1
        assert self.trends(client, desk.sven).levels == []

    def test_a_team_narrows(self, client, desk, told):
        found = self.trends(client, desk.priya, team=desk.billing.pk)
        assert (found.received.total, found.resolved.total, found.reopened.total) == (1, 1, 0)

    def test_a_complaint_about_the_reader_is_not_even_counted(self, client, desk, told):
        with make.signed(NOW):
            Party.objects.create(case=told, person=desk.priya, kind=Party.Kind.SUBJECT, reason="named")
        found = self.trends(client, desk.priya)
        assert (found.received.total, found.reopened.total, found.levels) == (1, 0, [])
        assert [row for row in found.breaches if row[1] == "Care" and row[2]] == []
        assert self.listed_of(client, desk.priya, "received") == 1
        assert self.trends(client, desk.audre).received.total == 2

    def test_charts_say_the_same_to_those_who_hear(self, client, desk, told):
        page = body(look(client, desk.priya))
        assert "The same as a table, by the day" in page
        plots = re.findall(r"<svg[^>]*>", page)
        hidden = re.findall(r'<dd class="trend__plot" aria-hidden="true">|<svg[^>]*aria-hidden="true"', page)
        assert hidden and plots

    def test_no_style_and_no_script_stands_in_the_page(self, client, desk, told):
        page = body(look(client, desk.priya))
        main = page[page.index("<main") : page.index("</main>")]
        assert " style=" not in main and "<script" not in main


class TestAsking:
    @pytest.mark.parametrize("name", ["dashboard", "dashboard-csv"])
    @pytest.mark.parametrize("team", ["nonsense", "0", "999999", "-1", "9" * 30])
    def test_a_team_that_is_none_is_left_out(self, client, desk, name, team):
        assert look(client, desk.priya, name, team=team).status_code == 200

    def test_a_team_that_is_none_gets_a_sentence(self, client, desk):
        assert "There is no such team among yours" in body(look(client, desk.priya, team="nonsense"))

    def test_another_departments_team_is_none_to_a_supervisor(self, client, desk):
        due(new_case(desk, "Bruno", team=desk.billing), NOW - HOUR)
        answer = look(client, desk.marta, team=desk.billing.pk)
        assert "There is no such team among yours" in body(answer)
        assert figures(answer)["Late now"] == "0"
        assert f">{desk.billing.name}<" not in body(answer)

    @pytest.mark.parametrize("days", ["0", "8", "nonsense", "-7"])
    def test_a_period_that_is_none_gets_a_sentence(self, client, desk, days):
        answer = look(client, desk.priya, days=days)
        assert "Trends cover 7, 30 or 90 days" in body(answer)
        assert answer.context["scope"].days == 30

    @pytest.mark.parametrize(
        "query", [{"day": "x"}, {"of": "x"}, {"before": "x"}, {"detail": "x"}, {"before": "9" * 30}]
    )
    def test_what_cannot_be_read_in_a_list_breaks_nothing(self, client, desk, query):
        assert look(client, desk.priya, "dashboard-happened", "met", **query).status_code == 200

    def test_a_refresh_fetches_what_changes_alone(self, client, desk):
        answer = look(client, desk.priya, headers=HTMX, days=7)
        assert "<html" not in body(answer) and "Decide now" in body(answer)
        assert "HX-Request" in answer["Vary"]
        whole = body(look(client, desk.priya, days=7, team=desk.care.pk))
        assert f'hx-get="/reports/?team={desk.care.pk}&amp;days=7"' in whole


class TestFile:
    def rows(self, answer):
        text = answer.content.decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))

    def test_it_holds_what_is_seen(self, client, desk):
        due(new_case(desk, owner=desk.ana), NOW - MINUTE)
        counting.refresh(now=NOW)
        answer = look(client, desk.priya, "dashboard-csv", days=7)
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Content-Disposition"] == 'attachment; filename="dashboard-2026-03-02-1200.csv"'
        rows = self.rows(answer)
        assert ["Now", "Late now", "", "1", ""] in rows
        assert ["Forecast", "Late already", "Ana", "1", ""] in rows
        assert ["Trend", "Received", "all days", "1", ""] in rows
        assert ["Trend", "Received", "2026-03-02", "1", ""] in rows
        assert {len(row) for row in rows} == {5}

    @pytest.mark.parametrize(
        ("cell", "expected"),
        [("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("Ana", "Ana"), (-1, -1), ("", "")],
    )
    def test_no_name_becomes_a_formula(self, cell, expected):
        assert harmless(cell) == expected


class TestApi:
    ADDRESS = "/api/v1/dashboard/"

    def test_the_same_people_may_ask(self, desk):
        found = worlds.statuses(desk, lambda client: client.get(self.ADDRESS))
        assert found == worlds.expected(200, ana=403, bruno=403)

    @pytest.mark.parametrize("who", sorted(READERS))
    def test_the_same_figures_as_on_the_page(self, client, desk, who):
        worked(desk, desk.care, desk.ana)
        due(new_case(desk, "Soon", owner=desk.ana), NOW + 30 * MINUTE)
        due(new_case(desk, "Late", team=desk.billing), NOW - MINUTE)
        counting.refresh(now=NOW)
        page = look(client, getattr(desk, who)).context
        told = asks(getattr(desk, who)).get(self.ADDRESS).data
        assert [str(told["now"][kind]["number"]) for kind in pressing.TITLES] == [
            t.value for t in page["tiles"]
        ]
        assert [row["name"] for row in told["holders"]] == [row.name for row in page["holders"]]
        assert [row["will_be_late"] for row in told["holders"]] == [
            len(row.holder.forecast.late) for row in page["holders"]
        ]
        assert told["trends"]["received"]["total"] == page["trends"].received.total
        assert told["trends"]["days"] == [day.isoformat() for day in page["trends"].days]

    def test_a_forecast_names_the_first_case_and_when(self, desk):
        worked(desk, desk.care, desk.ana)
        case = new_case(desk, owner=desk.ana)
        due(case, NOW + 30 * MINUTE)
        [row] = asks(desk.priya).get(self.ADDRESS).data["holders"]
        assert (row["verdict"], row["will_be_late"]) == ("over", 1)
        assert (row["first_late_case"], row["first_late_at"]) == (case.number, "2026-03-02T12:30:00Z")

    @pytest.mark.parametrize("query", [{"team": "x"}, {"team": 99999}, {"days": 8}, {"days": "x"}])
    def test_what_cannot_be_asked_is_refused_by_field(self, desk, query):
        answer = asks(desk.priya).get(self.ADDRESS, query)
        assert (answer.status_code, answer.data["code"]) == (400, "invalid")
        assert list(answer.data["fields"]) == list(query)

    def test_a_supervisor_may_not_ask_about_another_department(self, desk):
        answer = asks(desk.marta).get(self.ADDRESS, {"team": desk.billing.pk})
        assert (answer.status_code, list(answer.data["fields"])) == (400, ["team"])

    def test_nothing_is_changed_here(self, desk):
        assert asks(desk.priya).post(self.ADDRESS).status_code == 405


class TestCost:
    """A page costs the same however much there is to count."""

    @pytest.fixture(scope="class", params=[0, 12])
    @classmethod
    def once(cls, made, for_all_of_the_class, request):
        worked(made, made.care, made.ana)
        for n in range(2 + request.param):
            late = new_case(made, f"Late {n}", at=NOW - 70 * MINUTE, owner=made.ana)
            new_case(made, f"Soon {n}", at=NOW - HOUR, owner=made.jonas)
            promising.promise(case=late, what="Call", due_at=NOW - SECOND, by=made.ana, now=NOW - MINUTE)
            stuck(late, late.pk)
        engine.run_until_idle(now=NOW)
        counting.refresh(now=NOW)

    @pytest.fixture
    def sized(self, once, desk):
        return desk

    @pytest.mark.parametrize(("who", "queries"), [("priya", 55), ("marta", 59), ("audre", 52)])
    def test_the_dashboard(self, client, sized, who, queries, django_assert_num_queries):
        client.force_login(getattr(sized, who))
        with django_assert_num_queries(queries):
            client.get(reverse("dashboard"))

    @pytest.mark.parametrize(
        ("name", "kind", "queries"),
        [
            ("dashboard-now", "late", 30),
            ("dashboard-now", "handoffs", 29),
            ("dashboard-now", "load", 28),
            ("dashboard-happened", "received", 15),
            ("dashboard-happened", "breached", 15),
        ],
    )
    def test_a_list(self, client, sized, name, kind, queries, django_assert_num_queries):
        client.force_login(sized.priya)
        with django_assert_num_queries(queries):
            client.get(reverse(name, args=[kind]))

    def test_the_api(self, sized, django_assert_num_queries):
        client = asks(sized.priya)
        with django_assert_num_queries(26):
            client.get("/api/v1/dashboard/")
