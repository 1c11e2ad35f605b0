"""Undo of what was done to many cases: what is put back, what is left alone and why, how long, by whom."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from cases import engine
from cases.errors import NotTheirs, TooLate
from cases.models import Case, CaseTag, DoneTogether, Membership, Notice, Party, Pause, Tag, Trigger
from cases.models.together import UNDO_WITHIN
from cases.operations import ending, pausing, routing, sweeping, tagging, talk, undoing
from cases.states import CaseStatus, ClockState, Metric
from tests import factories as make

from .desks import HOUR, NOW, ROLES, body, new_case, page, people, post

pytestmark = pytest.mark.django_db

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
CARRIED_OUT = {"reason": "a slip"}


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def desk():
    return people()


@pytest.fixture
def three(desk):
    return [
        new_case(desk, f"Customer {n}", at=NOW - HOUR, subject=f"Case {n}", priority=n + 1) for n in range(3)
    ]


@pytest.fixture
def tags():
    with make.signed():
        return [Tag.objects.create(name=name) for name in ("press", "refund", "legal")]


def do(client, person, what, cases, token="t1", **said):
    """Do it through the page; what was kept of it."""
    boxes = [f"{case.number}:{Case.objects.get(pk=case.pk).revision}" for case in cases]
    answer = post(client, person, "cases-together", do=what, case=boxes, token=token, **said)
    assert answer.status_code == 302, body(answer)
    return DoneTogether.objects.latest("pk")


def undo(done, by, now=NOW + MINUTE):
    """{subject: why it was left alone, or an empty text}."""
    undoing.undo(done=done, by=by, now=now)
    done.refresh_from_db()
    names = dict(Case.objects.values_list("pk", "subject"))
    return {names[o["case"]]: o["why_kept"] for o in done.outcomes if "is_undone" in o}


def of_cases(*names):
    return list(Case.objects.order_by("pk").values_list(*names, flat=len(names) == 1))


# --- Put back ---


def test_each_case_goes_back_to_the_team_and_owner_it_had(client, desk, three):
    network, care = desk["stranger"].teams.get(), desk["agent"].teams.get()
    routing.assign(case=three[1], owner=None, reason="x", by=desk["agent"], now=NOW)
    done = do(
        client,
        desk["agent"],
        "assign",
        three,
        team=network.pk,
        owner=desk["stranger"].pk,
        reason="theirs",
    )
    assert of_cases("team", "owner") == [(network.pk, desk["stranger"].pk)] * 3
    assert undo(done, desk["agent"]) == {"Case 0": "", "Case 1": "", "Case 2": ""}
    agent = desk["agent"].pk
    assert of_cases("team", "owner") == [(care.pk, agent), (care.pk, None), (care.pk, agent)]
    newest = Case.history.filter(id=three[0].pk).latest("history_id")
    assert (newest.history_user_id, newest.history_change_reason) == (agent, "undone")


def test_an_undone_assigning_is_no_reassignment_and_the_rules_hear_of_one_alone(client, desk, three):
    done = do(client, desk["agent"], "assign", three, team=desk["stranger"].teams.get().pk, **CARRIED_OUT)
    assert of_cases("reassigned_count") == [1, 1, 1]
    undo(done, desk["agent"])
    assert of_cases("reassigned_count") == [0, 0, 0]
    assert Trigger.objects.filter(kind="reassigned").count() == 3


def test_who_gets_a_case_back_is_told_and_what_was_told_stays(client, desk, three):
    done = do(client, desk["agent"], "assign", three[:1], owner=desk["supervisor"].pk, **CARRIED_OUT)
    Notice.objects.filter(person=desk["agent"]).delete()
    undo(done, desk["agent"])
    assert Notice.objects.filter(person=desk["supervisor"], kind="assigned").count() == 1
    again = do(client, desk["supervisor"], "assign", three[:1], "t2", owner="none", **CARRIED_OUT)
    undo(again, desk["supervisor"])
    assert Notice.objects.filter(person=desk["agent"], kind="assigned").count() == 1


def test_a_team_that_gets_a_case_back_has_an_ownership_term_of_its_own(client, desk):
    make.policy("With ownership", targets={(Metric.OWNERSHIP, None): 7200}, position=1)
    case = new_case(desk, at=NOW - HOUR)
    done = do(client, desk["agent"], "assign", [case], team=desk["stranger"].teams.get().pk, **CARRIED_OUT)
    undo(done, desk["agent"])
    owned = case.clocks.filter(metric=Metric.OWNERSHIP).order_by("pk")
    assert [clock.ended_at for clock in owned] == [NOW, NOW + MINUTE, None]
    assert owned.last().started_at == NOW + MINUTE


def test_each_case_gets_back_its_priority_and_its_clocks_the_terms(client, desk):
    targets = {(Metric.RESOLUTION, None): 16 * 3600, (Metric.RESOLUTION, 4): 3600}
    make.policy("By priority", targets=targets, position=1)
    cases = [new_case(desk, f"C {n}", at=NOW - 2 * HOUR, subject=f"Case {n}", priority=n + 1) for n in (0, 1)]
    done = do(client, desk["agent"], "priority", cases, priority="4", **CARRIED_OUT)
    engine.run_until_idle(now=NOW + SECOND)
    breached_at = cases[0].clocks.get().breached_at
    assert breached_at is not None
    assert undo(done, desk["agent"]) == {"Case 0": "", "Case 1": ""}
    assert of_cases("priority") == [1, 2]
    clock = cases[0].clocks.get()
    assert clock.due_at == NOW + 14 * HOUR
    assert clock.breached_at == breached_at  # nothing takes that back
    assert Trigger.objects.filter(kind="priority_changed").count() == 2


def test_tags_that_were_put_on_come_off_and_those_taken_off_go_on_again(client, desk, three, tags):
    press, refund, legal = tags
    tagging.tag(case=three[0], add=[press, legal], by=desk["agent"], now=NOW)
    tagging.tag(case=three[1], add=[refund], by=desk["agent"], now=NOW)
    before = set(CaseTag.objects.on().values_list("case", "tag"))
    done = do(client, desk["agent"], "tag", three, add=[refund.pk], remove=[press.pk])
    assert set(CaseTag.objects.on().values_list("case", "tag")) == {
        (three[0].pk, legal.pk),
        *((case.pk, refund.pk) for case in three),
    }
    # The second had the one and not the other: nothing changed, so nothing is undone.
    assert undo(done, desk["agent"]) == {"Case 0": "", "Case 2": ""}
    assert set(CaseTag.objects.on().values_list("case", "tag")) == before


def test_a_closed_case_is_opened_again_as_the_rules_say(client, desk, three):
    reason = make.pause_reason()
    pausing.pause(case=three[0], reason=reason, expected_end_at=NOW + HOUR, by=desk["agent"], now=NOW)
    done = do(client, desk["agent"], "close", three, **CARRIED_OUT)
    assert undo(done, desk["agent"]) == {"Case 0": "", "Case 1": "", "Case 2": ""}
    assert of_cases("status") == [CaseStatus.OPEN] * 3
    # A new resolution clock with the time that was left; the minute in which it was closed does not count.
    old, new = three[1].clocks.filter(metric=Metric.RESOLUTION).order_by("pk")
    assert (old.ended_at, new.used_seconds, new.started_at) == (NOW, 3600, NOW + MINUTE)
    assert new.due_at == NOW + MINUTE + 39 * HOUR
    assert not Pause.objects.open().exists()


def test_an_undone_close_is_no_reopening(client, desk, three):
    undo(do(client, desk["agent"], "close", three, **CARRIED_OUT), desk["agent"])
    assert of_cases("reopened_count") == [0, 0, 0]
    assert not Trigger.objects.filter(kind="reopened").exists()
    ending.close(case=three[0], reason="x", by=desk["agent"], now=NOW + HOUR)
    ending.reopen(case=three[0], reason="x", by=desk["agent"], now=NOW + HOUR)
    assert of_cases("reopened_count") == [1, 0, 0]


# --- Left alone, and why ---


def test_a_case_that_was_resolved_before_stays_closed(client, desk, three):
    ending.resolve(case=three[0], reason="credited", by=desk["agent"], now=NOW)
    done = do(client, desk["agent"], "close", three, **CARRIED_OUT)
    why = undo(done, desk["agent"])
    assert "resolved before" in why["Case 0"] and why["Case 1"] == why["Case 2"] == ""
    assert of_cases("status") == ["closed", "open", "open"]


SINCE = {
    "assign": lambda case, by: routing.assign(case=case, owner=None, reason="x", by=by, now=NOW + SECOND),
    "priority": lambda case, by: routing.prioritise(case=case, priority=1, by=by, now=NOW + SECOND),
    "close": lambda case, by: ending.reopen(case=case, reason="x", by=by, now=NOW + SECOND),
}
SAID = {"assign": {"owner": "supervisor"}, "priority": {"priority": "4"}, "close": {}}


def done_to(client, desk, what, cases):
    said = {name: desk[value].pk if value in desk else value for name, value in SAID[what].items()}
    return do(client, desk["agent"], what, cases, **said, **CARRIED_OUT)


@pytest.mark.parametrize("what", SINCE)
def test_what_somebody_changed_since_is_left_alone_and_they_are_named(client, desk, three, what):
    done = done_to(client, desk, what, three)
    SINCE[what](Case.objects.get(pk=three[1].pk), desk["supervisor"])
    before = Case.objects.values("team", "owner", "priority", "status", "revision").get(pk=three[1].pk)
    why = undo(done, desk["agent"])
    assert why == {"Case 0": "", "Case 1": "Ana changed this since; it stays as it is.", "Case 2": ""}
    assert (
        Case.objects.values("team", "owner", "priority", "status", "revision").get(pk=three[1].pk) == before
    )


BACK_AGAIN = {
    "assign": lambda case, desk: routing.assign(
        case=case, owner=desk["supervisor"], reason="hers after all", by=desk["manager"], now=NOW + SECOND
    ),
    "priority": lambda case, desk: routing.prioritise(
        case=case, priority=4, by=desk["manager"], now=NOW + SECOND
    ),
    "close": lambda case, desk: ending.close(
        case=case, reason="done after all", by=desk["manager"], now=NOW + SECOND
    ),
}


@pytest.mark.parametrize("what", SINCE)
def test_what_was_changed_and_changed_back_was_decided_by_somebody(client, desk, three, what):
    done = done_to(client, desk, what, three[:1])
    case = Case.objects.get(pk=three[0].pk)
    SINCE[what](case, desk["supervisor"])
    BACK_AGAIN[what](case, desk)
    assert undo(done, desk["agent"]) == {"Case 0": "Ana changed this since; it stays as it is."}


@pytest.mark.parametrize("what", SINCE)
def test_another_change_since_is_no_hindrance(client, desk, three, what):
    done = done_to(client, desk, what, three[:1])
    talk.note(case=Case.objects.get(pk=three[0].pk), body="By the way", by=desk["supervisor"], now=NOW)
    assert undo(done, desk["agent"]) == {"Case 0": ""}


def test_tags_that_somebody_changed_since_stay_as_they_are(client, desk, three, tags):
    press, refund, legal = tags
    tagging.tag(case=three[0], add=[refund], by=desk["agent"], now=NOW)
    done = do(client, desk["agent"], "tag", three, add=[press.pk], remove=[refund.pk])
    tagging.tag(case=three[0], add=[refund], by=desk["supervisor"], now=NOW)  # what was taken off is on
    tagging.tag(case=three[1], remove=[press], by=desk["supervisor"], now=NOW)
    tagging.tag(case=three[1], add=[press], by=desk["supervisor"], now=NOW)  # off and on again: theirs
    tagging.tag(case=three[2], add=[legal], by=desk["supervisor"], now=NOW)  # another one
    before = set(CaseTag.objects.on().values_list("pk", flat=True))
    why = undo(done, desk["agent"])
    changed = "Somebody changed these tags since; they stay as they are."
    assert why == {"Case 0": changed, "Case 1": changed, "Case 2": ""}
    off = before - set(CaseTag.objects.on().values_list("pk", flat=True))
    assert list(CaseTag.objects.filter(pk__in=off).values_list("case", "tag")) == [(three[2].pk, press.pk)]


def test_a_tag_that_was_switched_off_since_is_not_put_on_again(client, desk, three, tags):
    tagging.tag(case=three[0], add=[tags[0]], by=desk["agent"], now=NOW)
    done = do(client, desk["agent"], "tag", three[:1], remove=[tags[0].pk])
    with make.signed():
        Tag.objects.filter(pk=tags[0].pk).update(is_active=False)
    assert "press" in undo(done, desk["agent"])["Case 0"]


def test_what_was_given_to_another_team_by_a_slip_comes_back_though_it_is_theirs_now(client, desk, three):
    network = desk["stranger"].teams.get()
    done = do(client, desk["agent"], "assign", three, team=network.pk, owner="none", **CARRIED_OUT)
    assert not Case.objects.reachable(desk["agent"], "case.work").exists()
    assert set(undo(done, desk["agent"]).values()) == {""}


def test_any_other_change_of_a_case_that_is_another_teams_now_stays(client, desk, three):
    done = do(client, desk["agent"], "priority", three, priority="4", **CARRIED_OUT)
    with make.signed():
        Membership.objects.filter(person=desk["agent"]).delete()
        Case.objects.filter(pk=three[1].pk).update(owner=desk["supervisor"])
    why = undo(done, desk["agent"])
    assert why["Case 1"] == "This case is no longer yours to change."
    assert why["Case 0"] == ""  # they own it still


def test_a_case_that_was_closed_to_them_since_is_left_alone_and_not_spoken_of(client, desk, three):
    done = do(client, desk["agent"], "priority", three, priority="4", **CARRIED_OUT)
    with make.signed():
        Party.objects.create(case=three[1], person=desk["agent"], kind="subject", reason="about her")
    answer = post(client, desk["agent"], "cases-together-undo", done.pk)
    shown = body(client.get(answer.url))
    assert "Case 1" not in shown and "1 case could not be put back" in shown
    assert "no longer yours to change" in shown
    assert of_cases("priority") == [1, 4, 3]


def test_nobody_named_in_the_complaint_since_gets_it_back(client, desk, three):
    done = do(client, desk["supervisor"], "assign", three[:1], owner="none", **CARRIED_OUT)
    with make.signed():
        Party.objects.create(case=three[0], person=desk["agent"], kind="subject", reason="about her")
    assert "named in this complaint" in undo(done, desk["supervisor"])["Case 0"]
    assert Case.objects.get(pk=three[0].pk).owner is None


# --- Once, in time, by who did it ---


@pytest.mark.parametrize("late", [-SECOND, timedelta(0), SECOND])
def test_it_can_be_undone_for_a_quarter_of_an_hour(client, desk, three, late):
    done = do(client, desk["agent"], "priority", three, priority="4", **CARRIED_OUT)
    at = NOW + UNDO_WITHIN + late
    if late > timedelta(0):
        with pytest.raises(TooLate):
            undo(done, desk["agent"], now=at)
        assert of_cases("priority") == [4, 4, 4]
    else:
        undo(done, desk["agent"], now=at)
        assert of_cases("priority") == [1, 2, 3]


def test_pressed_twice_it_is_undone_once(client, desk, three):
    done = do(client, desk["agent"], "priority", three, priority="4", **CARRIED_OUT)
    first = post(client, desk["agent"], "cases-together-undo", done.pk)
    revisions = of_cases("revision")
    second = post(client, desk["agent"], "cases-together-undo", done.pk)
    assert first.url == second.url
    assert of_cases("revision") == revisions
    assert "3 cases were put back" in body(client.get(second.url))


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_the_same_moment_it_is_undone_once(desk, three):
    clients = [Client(), Client()]
    done = do(clients[0], desk["agent"], "priority", three, priority="4", **CARRIED_OUT)
    for client in clients:
        client.force_login(desk["agent"])
    gate, answers = threading.Barrier(2), []

    def press(client):
        gate.wait()
        answers.append(client.post(reverse("cases-together-undo", args=[done.pk])).status_code)
        connection.close()

    threads = [threading.Thread(target=press, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302, 302]
    assert of_cases("priority", "revision") == [(1, 3), (2, 3), (3, 3)]


def test_an_undo_is_not_undone(client, desk, three):
    done = do(client, desk["agent"], "priority", three, priority="4", **CARRIED_OUT)
    undo(done, desk["agent"])
    assert not done.may_be_undone(NOW)
    assert not DoneTogether.objects.latest_to_undo(desk["agent"], NOW)


def test_nobody_elses_is_undone_or_looked_at(client, desk, three):
    done = do(client, desk["agent"], "priority", three, priority="4", **CARRIED_OUT)
    with pytest.raises(NotTheirs):
        undoing.undo(done=done, by=desk["manager"], now=NOW)
    found = {
        role: (
            page(client, desk[role], "cases-together-done", done.pk).status_code,
            post(client, desk[role], "cases-together-undo", done.pk).status_code,
        )
        for role in ROLES
        if role != "agent"
    }
    others = dict.fromkeys(("supervisor", "manager", "stranger"), (404, 404))
    assert found == others | dict.fromkeys(("auditor", "administrator"), (403, 403))
    assert of_cases("priority") == [4, 4, 4]
    assert page(client, desk["agent"], "cases-together-undo", done.pk).status_code == 405
    client.logout()
    assert client.post(reverse("cases-together-undo", args=[done.pk])).url.startswith(reverse("login"))


def test_who_works_cases_no_more_undoes_nothing(client, desk, three):
    done = do(client, desk["agent"], "priority", three, priority="4", **CARRIED_OUT)
    desk["agent"].role = "auditor"
    with pytest.raises(NotTheirs):
        undoing.undo(done=done, by=desk["agent"], now=NOW)


# --- What the pages say ---


MEANS = {
    "assign": "whole ownership term again",
    "tag": "put on is taken off",
    "priority": "stays breached",
    "close": "opened again as the rules say",
}


@pytest.mark.parametrize("what", MEANS)
def test_the_page_of_what_came_of_it_offers_undo_and_says_what_that_means(client, desk, three, tags, what):
    said = {
        "assign": {"owner": desk["supervisor"].pk},
        "tag": {"add": [tags[0].pk]},
        "priority": {"priority": "4"},
        "close": {},
    }
    done = do(client, desk["agent"], what, three, **said[what], **CARRIED_OUT)
    shown = body(page(client, desk["agent"], "cases-together-done", done.pk))
    assert reverse("cases-together-undo", args=[done.pk]) in shown
    assert "Undo it on 3 cases" in shown and "Undo, until 11:15" in shown
    assert MEANS[what] in shown and "are not taken back" in shown
    post(client, desk["agent"], "cases-together-undo", done.pk)
    shown = body(page(client, desk["agent"], "cases-together-done", done.pk))
    assert reverse("cases-together-undo", args=[done.pk]) not in shown
    assert ("3 cases are open again" if what == "close" else "3 cases were put back") in shown


def test_closing_says_beforehand_what_undoing_does_not_bring_back(client, desk, three):
    box = f"{three[0].number}:{three[0].revision}"
    shown = body(page(client, desk["agent"], "cases-together", do="close", case=box))
    assert "pauses and escalations stay ended" in shown


def test_where_nothing_had_to_change_there_is_nothing_to_undo(client, desk, three):
    done = do(client, desk["agent"], "assign", three, owner=desk["agent"].pk, **CARRIED_OUT)
    shown = body(page(client, desk["agent"], "cases-together-done", done.pk))
    assert shown.count("nothing had to change") == 3
    assert reverse("cases-together-undo", args=[done.pk]) not in shown
    with pytest.raises(TooLate):
        undo(done, desk["agent"])


def test_the_queue_offers_to_undo_what_was_done_last_while_it_can_be(client, desk, three, monkeypatch):
    done = do(client, desk["agent"], "priority", three[:2], priority="4", **CARRIED_OUT)
    undoes = reverse("cases-together-undo", args=[done.pk])
    shown = body(page(client, desk["agent"], "case-list"))
    assert "You set the priority of 2 cases at 11:00." in shown and undoes in shown
    assert undoes not in body(page(client, desk["supervisor"], "case-list"))
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + UNDO_WITHIN + SECOND)
    assert undoes not in body(page(client, desk["agent"], "case-list"))
    late = post(client, desk["agent"], "cases-together-undo", done.pk)
    assert "time to undo this is over" in body(client.get(late.url))
    assert of_cases("priority") == [4, 4, 3]


def test_to_undo_a_close_one_reads_first_what_that_means(client, desk, three):
    done = do(client, desk["agent"], "close", three[:2], **CARRIED_OUT)
    shown = body(page(client, desk["agent"], "case-list"))
    assert "You closed 2 cases at 11:00." in shown
    assert reverse("cases-together-done", args=[done.pk]) in shown
    assert reverse("cases-together-undo", args=[done.pk]) not in shown


def test_gone_back_to_and_changed_the_form_is_another_one(client, desk, three):
    first = do(client, desk["agent"], "priority", three[:1], priority="4", **CARRIED_OUT)
    again = do(client, desk["agent"], "priority", three[:1], priority="3", **CARRIED_OUT)
    assert first.pk != again.pk
    assert of_cases("priority")[0] == 3


def test_the_page_and_the_undo_cost_queries_by_the_case_and_the_page_none(
    client, desk, django_assert_max_num_queries
):
    counts = []
    for size in (2, 12):
        cases = [new_case(desk, f"Customer {size}-{n}", subject=f"Case {size}-{n}") for n in range(size)]
        done = do(client, desk["agent"], "priority", cases, f"t{size}", priority="4", **CARRIED_OUT)
        with django_assert_max_num_queries(40) as counted:
            page(client, desk["agent"], "cases-together-done", done.pk)
        before = len(counted)
        undo(done, desk["agent"])
        with django_assert_max_num_queries(40) as counted:
            page(client, desk["agent"], "cases-together-done", done.pk)
        counts.append((before, len(counted)))
    assert counts[0] == counts[1]


def test_what_came_of_it_is_thrown_away_when_nobody_asks_any_more(client, desk, three, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    do(client, desk["agent"], "priority", three, priority="4", **CARRIED_OUT)
    sweeping.sweep(now=NOW + sweeping.ANSWERED_FOR)
    assert DoneTogether.objects.exists()
    sweeping.sweep(now=NOW + sweeping.ANSWERED_FOR + SECOND)
    assert not DoneTogether.objects.exists()


def test_a_case_that_is_put_back_counts_its_open_clocks_as_running(client, desk, three):
    undo(do(client, desk["agent"], "close", three[:1], **CARRIED_OUT), desk["agent"])
    open_clocks = three[0].clocks.filter(ended_at=None)
    assert {clock.state for clock in open_clocks} == {ClockState.RUNNING}
