"""One's own notices: the bell, the list, what reaches whom by mail, and when."""

from copy import deepcopy
from datetime import time, timedelta

import pytest
from django.urls import reverse

from cases.models import Duty, Notice, NoticeKind, Party, PersonPreference, Skill
from cases.operations import delivering, notify, profile
from tests import factories as make
from tests import workspace
from tests.workspace import DAY, HOUR, NOW, ROLES, body, page, post

pytestmark = pytest.mark.django_db

NIGHT = NOW.replace(hour=23)
QUIET = {"quiet_from": time(22), "quiet_until": time(7), "quiet_weekend": False, "quiet_deputy": None}


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    return workspace.people()


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def case(desk):
    found = workspace.new_case(desk)
    Notice.objects.filter(person__isnull=False).update(read_at=NOW)
    return found


def tell(case, person, kind=NoticeKind.ASSIGNED, about="x", now=NOW):
    with make.signed(now):
        notify.queue([notify.Wanted(kind, case, about, person=person)], now=now)
    return Notice.objects.filter(person=person, key__contains=f":{about}:")


def groups(answer):
    return [group for _day, groups in answer.context["days"] for group in groups]


# --- The bell and the list ---


WHO_MAY = dict.fromkeys(("notices", "notices-bell", "me", "away"), (200,) * 6) | {"me-notices": (302,) * 6}


@pytest.mark.parametrize("name", WHO_MAY)
def test_each_role_has_its_own(client, desk, name):
    assert tuple(page(client, desk[role], name).status_code for role in ROLES) == WHO_MAY[name]
    client.logout()
    answer = client.get(reverse(name))
    assert answer.status_code == 302 and answer.url.startswith(reverse("login"))


def test_the_bell_says_how_many_and_what_is_newest(client, desk, case):
    assert page(client, desk["agent"], "notices-bell").json()["unread"] == 0
    tell(case, desk["agent"], about="a")
    newest = tell(case, desk["agent"], about="b").get()
    told = page(client, desk["agent"], "notices-bell").json()
    assert (told["unread"], told["count"], told["words"]) == (2, "2", "2 unread notices")
    assert (told["newest"], told["said"]) == (newest.pk, f"{case.number} is yours now")


def test_the_bell_counts_no_further_than_a_glance(client, desk, case, django_assert_num_queries):
    tell(case, desk["agent"])
    page(client, desk["agent"], "notices-bell")
    with django_assert_num_queries(3):  # who asks (session, person), and what is unread
        client.get(reverse("notices-bell"))
    for number in range(101):
        tell(case, desk["agent"], about=f"n{number}")
    with django_assert_num_queries(3):
        told = client.get(reverse("notices-bell")).json()
    assert (told["unread"], told["count"]) == (100, "99+")


def test_the_list_is_grouped_by_the_readers_days(client, desk, case):
    tell(case, desk["agent"], about="before", now=NOW - 3 * DAY)
    tell(case, desk["agent"], about="yesterday", now=NOW - DAY)
    tell(case, desk["agent"], about="today")
    shown = body(page(client, desk["agent"], "notices"))
    assert [shown.index(day) for day in ("Today", "Yesterday", "Saturday 28 February")] == sorted(
        shown.index(day) for day in ("Today", "Yesterday", "Saturday 28 February")
    )


def test_opening_one_reads_it_and_leads_to_its_case(client, desk, case):
    other = tell(case, desk["agent"], about="other").get()
    notice = tell(case, desk["agent"]).get()
    answer = post(client, desk["agent"], "notice-open", notice.pk)
    assert answer.url == reverse("case", args=[case.number])
    notice.refresh_from_db()
    other.refresh_from_db()
    assert notice.read_at == NOW and other.read_at is None
    assert client.get(reverse("notice-open", args=[notice.pk])).status_code == 405


def test_another_persons_notice_is_nobodys(client, desk, case):
    notice = tell(case, desk["supervisor"]).get()
    assert post(client, desk["agent"], "notice-open", notice.pk).status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None


def test_all_read_leaves_what_came_after_the_page(client, desk, case):
    seen = tell(case, desk["agent"], about="seen").get()
    later = tell(case, desk["agent"], about="later").get()
    post(client, desk["agent"], "notices-read", newest=seen.pk)
    assert list(Notice.objects.in_app_for(desk["agent"]).unread()) == [later]


@pytest.mark.parametrize("name", ["notice", "newest"])
@pytest.mark.parametrize("value", ["x", "-1", "9" * 30])
def test_what_is_no_notice_reads_nothing(client, desk, case, name, value):
    tell(case, desk["agent"])
    assert post(client, desk["agent"], "notices-read", **{name: value}).status_code == 404
    assert Notice.objects.in_app_for(desk["agent"]).unread().count() == 1


def test_the_notices_of_a_case_closed_to_somebody_since_are_gone(client, desk, case):
    notice = tell(case, desk["agent"]).get()
    with make.signed():
        Party.objects.create(case=case, person=desk["agent"], kind=Party.Kind.SUBJECT, reason="named")
    assert case.subject not in body(page(client, desk["agent"], "notices"))
    assert page(client, desk["agent"], "notices-bell").json()["unread"] == 0
    assert post(client, desk["agent"], "notice-open", notice.pk).status_code == 404


def test_pages_of_the_list_follow_each_other(client, desk, case):
    for number in range(60):
        tell(case, desk["agent"], about=f"n{number}")
    first = page(client, desk["agent"], "notices")
    second = page(client, desk["agent"], "notices", before=first.context["more"])
    found = [row[0].pk for answer in (first, second) for group in groups(answer) for row in group.rows]
    assert found == sorted(
        Notice.objects.in_app_for(desk["agent"]).values_list("pk", flat=True), reverse=True
    )


def test_the_list_costs_the_same_for_fifty_as_for_two(client, desk, case, django_assert_max_num_queries):
    counts = []
    for more in (2, 2, 46):
        for number in range(more):
            tell(case, desk["agent"], about=f"{len(counts)}-{number}")
        client.force_login(desk["agent"])
        with django_assert_max_num_queries(100) as counted:
            client.get(reverse("notices"))
        counts.append(len(counted))
    assert counts[1] == counts[2]


# --- By case ---


@pytest.fixture
def two(desk, case):
    """A case, another one, and the first again: the newest last."""
    other = workspace.new_case(desk, "Fabrikam", subject="Another matter")
    Notice.objects.filter(person__isnull=False).update(read_at=NOW)
    for about, row in enumerate([case, other, other, other, case]):
        tell(row, desk["agent"], about=f"n{about}")
    return case, other


def test_what_came_about_one_case_stands_together_under_it_with_how_much(client, desk, two):
    case, other = two
    answer = page(client, desk["agent"], "notices")
    unread = [group for group in groups(answer) if group.unread]
    assert [(group.case, len(group.rows)) for group in unread] == [(case, 1), (other, 3), (case, 1)]
    pks = [row[0].pk for group in groups(answer) for row in group.rows]
    assert pks == sorted(pks, reverse=True)
    shown = body(answer)
    assert "3 notices, 3 unread" in shown
    assert shown.count("All of this case read") == 1  # of a single one its own button says it
    assert shown.count("Another matter") == 1


def test_what_is_read_of_a_group_is_not_counted_as_unread(client, desk, two):
    _case, other = two
    newest = Notice.objects.filter(case=other, read_at=None).latest("pk")
    post(client, desk["agent"], "notices-read", notice=newest.pk)
    assert "3 notices, 2 unread" in body(page(client, desk["agent"], "notices"))


def test_all_of_a_case_is_read_and_nothing_of_another_or_later(client, desk, two):
    case, other = two
    newest = page(client, desk["agent"], "notices").context["newest"]
    later = tell(other, desk["agent"], about="later").get()
    anothers = tell(other, desk["supervisor"], about="hers").get()
    post(client, desk["agent"], "notices-read", case=other.pk, newest=newest)
    unread = list(Notice.objects.in_app_for(desk["agent"]).unread())
    assert [row.case for row in unread] == [other, case, case] and unread[0] == later
    anothers.refresh_from_db()
    assert anothers.read_at is None


def test_a_group_does_not_reach_over_midnight(client, desk, case):
    for about, at in (("yesterday", NOW - DAY), ("today", NOW)):
        tell(case, desk["agent"], about=about, now=at)
    assert [len(group.rows) for group in groups(page(client, desk["agent"], "notices"))][1:] == [1]


@pytest.mark.parametrize("name", ["notice", "newest", "case"])
@pytest.mark.parametrize("value", ["x", "-1", "9" * 30])
def test_what_somebody_made_up_reads_nothing(client, desk, case, name, value):
    tell(case, desk["agent"], about="unread")
    assert post(client, desk["agent"], "notices-read", **{name: value}).status_code == 404
    assert Notice.objects.in_app_for(desk["agent"]).unread().count() == 1


def test_reading_leads_back_to_the_list_one_was_in(client, desk, two):
    case, _other = two
    for show, query in (("unread", "?show=unread"), ("", ""), ("//evil.example", "")):
        answer = post(client, desk["agent"], "notices-read", case=case.pk, show=show)
        assert answer.url == reverse("notices") + query


# --- What leaves by mail ---


def channels(rows):
    return sorted(rows.values_list("channel", flat=True))


def test_in_the_app_always_by_mail_as_one_chose(desk, case):
    breached, assigned = NoticeKind.TARGET_BREACHED, NoticeKind.ASSIGNED
    assert channels(tell(case, desk["agent"], breached, "a")) == ["app", "mail"]
    assert channels(tell(case, desk["agent"], assigned, "b")) == ["app"]
    no_quiet = QUIET | {"quiet_from": None, "quiet_until": None}
    profile.be_told(by=desk["agent"], now=NOW, mail={breached: False, assigned: True}, **no_quiet)
    assert channels(tell(case, desk["agent"], breached, "c")) == ["app"]
    assert channels(tell(case, desk["agent"], assigned, "d")) == ["app", "mail"]
    assert channels(tell(case, desk["supervisor"], breached, "e")) == ["app", "mail"]


def test_a_handoff_cannot_be_switched_off(client, desk, case):
    assert post(client, desk["agent"], "me-notices", mail_assigned="on").status_code == 302
    choice = PersonPreference.objects.get(person=desk["agent"])
    # Only what differs from what is usual is kept; the box of handoffs was not even ticked.
    assert choice.mail == {
        "assigned": True,
        "target_breached": False,
        "promise_broken": False,
        "timer_set_aside": False,
    }
    assert channels(tell(case, desk["agent"], NoticeKind.HANDOFF, "h")) == ["app", "mail"]
    profile.be_told(by=desk["agent"], now=NOW, mail={NoticeKind.HANDOFF: False}, **QUIET)
    assert channels(tell(case, desk["agent"], NoticeKind.HANDOFF, "i")) == ["app", "mail"]
    assert "nothing switches it off" in body(page(client, desk["agent"], "me"))


def mails_at(rows):
    return rows.get(channel="mail").next_attempt_at


@pytest.fixture
def sleeper(desk):
    profile.be_told(by=desk["agent"], now=NOW, mail={}, **QUIET)
    return desk["agent"]


def test_mail_waits_until_quiet_hours_are_over(desk, case, sleeper, mailoutbox):
    delivering.deliver_due(now=NIGHT)  # the customer's receipt
    rows = tell(case, sleeper, NoticeKind.TARGET_BREACHED, now=NIGHT)
    morning = NOW.replace(hour=7) + DAY
    assert mails_at(rows) == morning
    assert rows.get(channel="app").state == "sent"  # the app wakes nobody
    assert delivering.deliver_due(now=morning - timedelta(seconds=1)) == 0
    assert delivering.deliver_due(now=morning) == 1
    assert mailoutbox[-1].to == [sleeper.email]


def test_outside_of_them_it_leaves_at_once(desk, case, sleeper):
    assert mails_at(tell(case, sleeper, NoticeKind.TARGET_BREACHED)) == NOW


def test_an_escalation_is_never_put_off(desk, case, sleeper):
    assert mails_at(tell(case, sleeper, NoticeKind.HANDOFF, now=NIGHT)) == NIGHT


def test_who_is_on_duty_is_told_at_once(desk, case, sleeper):
    with make.signed():
        skill = Skill.objects.create(name="On call")
        Duty.objects.create(skill=skill, person=sleeper, starts_at=NIGHT - HOUR, ends_at=NIGHT + HOUR)
    assert mails_at(tell(case, sleeper, NoticeKind.TARGET_BREACHED, now=NIGHT)) == NIGHT
    later = NIGHT + HOUR  # the turn is over
    assert mails_at(tell(case, sleeper, NoticeKind.TARGET_BREACHED, "y", now=later)) > later


def test_others_sleep_costs_nobody_a_query_more(desk, case, sleeper, django_assert_max_num_queries):
    counts = []
    for people in ([sleeper], [sleeper, desk["supervisor"], desk["manager"]]):
        wanted = [
            notify.Wanted(NoticeKind.TARGET_BREACHED, case, f"q{len(people)}", person=person)
            for person in people
        ]
        with make.signed(NIGHT), django_assert_max_num_queries(20) as counted:
            notify.queue(wanted, now=NIGHT)
        counts.append(len(counted))
    assert counts[0] == counts[1]
