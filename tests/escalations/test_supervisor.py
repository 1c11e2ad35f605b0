"""Who asks for a supervisor has one on the line within the path's minutes, else is called back the same
working day; the form proposes which, and why."""

import csv
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from cases import engine
from cases.models import Absence, Case, Duty, Party, Promise, Skill
from cases.operations import talk
from escalations import supervisor
from escalations.errors import AlreadyRunning, TooLate
from escalations.models import Handoff, PathVersion
from escalations.operations import respond
from escalations.operations.escalate import escalate
from escalations.operations.publishing import publish_path
from tests import factories as make

pytestmark = pytest.mark.django_db

MADRID, DUBLIN = ZoneInfo("Europe/Madrid"), ZoneInfo("Europe/Dublin")
NOW = datetime(2026, 3, 3, 11, 0, tzinfo=MADRID)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
TEXTS = {
    "reason": "Wants somebody above me",
    "background": "Charged twice.",
    "tried": "Compared the invoices.",
    "next_steps": "Take over the call.",
}
LAW = Path(__file__).parents[3] / "shared" / "data" / "regulatory_deadlines.csv"


@pytest.fixture
def clock(monkeypatch):
    """Views read the clock; here it stands, and is set."""
    at = [NOW]
    monkeypatch.setattr("django.utils.timezone.now", lambda: at[0])
    return at


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    """Lucia's cases go to Ana of the office (09:00 to 18:00 in Madrid), then to a team at any hour."""
    office = make.calendar(closes="18:00")
    people = {
        "agent": make.person("Lucia", time_zone="Europe/Madrid"),
        "supervisor": make.person("Ana", "supervisor", time_zone="Europe/Madrid", calendar=office),
        "night": make.person("Petra"),
        "manager": make.person("Marta", "manager"),
    }
    people["office"] = office
    people["care"] = make.team("Care", people=[people["agent"]], calendar=office)
    night = make.team("Night", people=[people["night"]])
    make.policy()
    people["path"] = make.path(
        levels=[{"person": people["supervisor"], "acknowledge_seconds": 1800}, {"team": night}],
        fallback=people["manager"],
    )
    make.rule(people["path"], trigger="target_breached")
    return people


@pytest.fixture
def desk(made, clock):
    return deepcopy(made)


def new_case(desk, zone="Europe/Dublin", at=NOW - HOUR):
    row = make.case(
        make.customer(time_zone=zone), now=at, team=desk["care"], owner=desk["agent"], by=desk["agent"]
    )
    return Case.objects.get(pk=row.pk)


@pytest.fixture
def case(desk):
    return new_case(desk)


def asks(case, desk, at=NOW):
    talk.log_call(
        case=case,
        body="Your boss, please!",
        incoming=True,
        was_reached=True,
        asks_for="asked_supervisor",
        by=desk["agent"],
        now=at,
    )


def shown(client, desk, case, **query):
    client.force_login(desk["agent"])
    return client.get(reverse("case-escalate", args=[case.number]), query)


def send(client, desk, case, level=1, **changes):
    client.force_login(desk["agent"])
    said = {
        "kind": "hierarchical",
        "to": f"{desk['path'].pk}:{level}",
        "mode": "live",
        "telling": "said",
        "word": "Ana is with you in a moment.",
        "word_channel": "phone",
        "said_at": "2026-03-03T11:00",
        "revision": Case.objects.get(pk=case.pk).revision,
    }
    return client.post(reverse("case-escalate", args=[case.number]), said | TEXTS | changes)


def proposed(client, desk, case, **query):
    """(mode, what the page says of the wish) that the form opens with."""
    answer = shown(client, desk, case, **query)
    wish = answer.context["wish"]
    return answer.context["form"]["mode"].value(), wish and wish.why


def hand_over(desk, case, at=NOW, **fields):
    fields = {"kind": "hierarchical", "path": desk["path"], "level": 1, **TEXTS, **fields}
    return escalate(case=case, by=desk["agent"], now=at, **fields)


# --- What is proposed ---


@pytest.mark.parametrize(
    ("later", "mode", "why"),
    [
        (timedelta(0), "live", "Ana is at work now."),
        (3 * MINUTE - SECOND, "live", "Ana is at work now."),
        (3 * MINUTE, "live", "Ana is at work now."),
        (3 * MINUTE + SECOND, "call_back", "The time for a live transfer was over at 11:03."),
    ],
)
def test_live_is_proposed_while_there_is_time(client, desk, case, clock, later, mode, why):
    asks(case, desk)
    clock[0] = NOW + later
    assert proposed(client, desk, case) == (mode, why)


def test_the_page_says_until_when_and_what_else_in_both_zones(client, desk, case):
    asks(case, desk)
    said = (
        "The customer asked for a supervisor (today 11:00). Ana is at work now. Transfer live until 11:03. "
        "Else call back the same working day, by today 18:00 for you, 17:00 in Dublin."
    )
    assert said in " ".join(shown(client, desk, case).content.decode().split())


def test_asked_after_hours_it_is_the_next_working_day(client, desk, case, clock):
    clock[0] = NOW + 8 * HOUR
    asks(case, desk, clock[0])
    said = "Call back the next working day, by Wed 4 Mar, 18:00 for you, 17:00 in Dublin."
    assert said in " ".join(shown(client, desk, case).content.decode().split())


def test_the_minutes_are_the_paths_own(client, desk, case, clock):
    with make.signed():
        version = PathVersion.objects.create(
            path=desk["path"], number=2, fallback=desk["manager"], supervisor_minutes=10
        )
        version.levels.create(
            number=1, name="Ana", responsible="person", person=desk["supervisor"], acknowledge_seconds=60
        )
    publish_path(version=version, by=desk["manager"], now=NOW)
    asks(case, desk)
    clock[0] = NOW + 10 * MINUTE
    assert proposed(client, desk, case)[0] == "live"
    clock[0] += SECOND
    assert proposed(client, desk, case)[0] == "call_back"


class TestWhoIsAtWork:
    def away(self, desk, **fields):
        with make.signed():
            Absence.objects.create(
                person=desk["supervisor"], starts_at=NOW - HOUR, ends_at=NOW + HOUR, **fields
            )

    def test_whose_hours_are_over_is_not(self, client, desk, case, clock):
        clock[0] = NOW + 7 * HOUR - MINUTE
        asks(case, desk, clock[0])
        assert proposed(client, desk, case)[0] == "live"
        clock[0] += MINUTE  # at 18:00, while there are minutes left
        assert proposed(client, desk, case) == ("call_back", "Ana is not at work now.")

    def test_who_is_on_duty_is_whatever_the_hour(self, client, desk, case, clock):
        clock[0] = at = NOW + 8 * HOUR
        with make.signed():
            skill = Skill.objects.create(name="Calls")
            Duty.objects.create(
                skill=skill, person=desk["supervisor"], starts_at=at - HOUR, ends_at=at + HOUR
            )
        asks(case, desk, at)
        assert proposed(client, desk, case) == ("live", "Ana is at work now.")

    def test_of_an_absent_one_it_is_who_would_get_it(self, client, desk, case):
        self.away(desk, deputy=desk["manager"])
        asks(case, desk)
        assert proposed(client, desk, case) == ("live", "Marta is at work now.")

    def test_of_a_team_one_is_enough(self, client, desk, case, clock):
        asks(case, desk)
        to = {"to": f"{desk['path'].pk}:2"}
        assert proposed(client, desk, case, **to) == ("live", "Night is at work now.")
        with make.signed():
            Absence.objects.create(person=desk["night"], starts_at=NOW - HOUR, ends_at=NOW + HOUR)
            member = make.person("Jonas", calendar=desk["office"])
            desk["night"].memberships.get().team.memberships.create(person=member)
        assert proposed(client, desk, case, **to)[0] == "live"
        clock[0] = late = NOW + 8 * HOUR
        with make.signed():
            Absence.objects.update(ends_at=late + HOUR)
        asks(case, desk, late)
        assert proposed(client, desk, case, **to)[1] != "Night is at work now."

    def test_whom_the_complaint_names_takes_no_call_for_a_team(self, client, desk, case):
        with make.signed():
            other = make.person("Jonas", calendar=desk["office"])
            team = desk["night"].memberships.get().team
            team.memberships.create(person=other)
            Party.objects.create(case=case, person=desk["night"], kind="subject", reason="about her")
            Absence.objects.create(person=other, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
        asks(case, desk)
        assert proposed(client, desk, case, to=f"{desk['path'].pk}:2")[0] == "live"  # Jonas
        with make.signed():
            other.calendar = make.calendar("Evenings", opens="20:00", closes="22:00")
            other.save()
        assert proposed(client, desk, case, to=f"{desk['path'].pk}:2") == (
            "call_back",
            "Nobody of Night is at work now.",
        )


def test_whoever_chose_another_way_keeps_it(client, desk, case):
    asks(case, desk)
    assert proposed(client, desk, case, mode="written")[0] == "written"


def test_without_such_a_wish_nothing_is_proposed(client, desk, case):
    assert proposed(client, desk, case) == ("written", None)
    handoff = hand_over(desk, case)
    asks(case, desk)
    respond.acknowledge(handoff=handoff, by=desk["supervisor"], now=NOW + SECOND)
    assert proposed(client, desk, case) == ("written", None)


# --- The call-back ---


def test_the_call_back_that_is_proposed_stands_in_the_customers_time_and_is_promised(
    client, desk, case, clock
):
    asks(case, desk)
    clock[0] = NOW + HOUR
    form = shown(client, desk, case).context["form"]
    assert form["call_back_at"].value() == datetime(2026, 3, 3, 17, 0)
    assert form["call_back_zone"].value() == "Europe/Dublin"
    assert "We call you back on Tue 3 Mar 2026, 17:00 (Dublin time)" in form["word"].value()
    said = {"mode": "call_back", "call_back_at": "2026-03-03T17:00", "call_back_zone": "Europe/Dublin"}
    assert send(client, desk, case, **said).status_code == 302
    promise = Promise.objects.get()
    assert (promise.due_at, promise.what) == (NOW + 7 * HOUR, "Call back about the escalation")
    assert engine.run_until_idle(now=NOW + 7 * HOUR) and Promise.objects.get().state == "open"
    engine.run_until_idle(now=NOW + 7 * HOUR + SECOND)
    assert Promise.objects.get().state == "broken"


@pytest.mark.parametrize("late", [False, True])
def test_no_call_back_is_later_than_that_day(client, desk, case, late):
    asks(case, desk)
    said = {"mode": "call_back", "call_back_zone": "Europe/Madrid"}
    answer = send(client, desk, case, **said, call_back_at="2026-03-03T18:01" if late else "2026-03-03T18:00")
    assert answer.status_code == (422 if late else 302)
    if late:
        assert "by 18:00 your time; 18:01 was understood" in answer.content.decode()


def test_nor_by_any_other_way_than_the_form(desk, case):
    asks(case, desk)
    with pytest.raises(TooLate):
        hand_over(desk, case, mode="call_back", call_back_at=NOW + 7 * HOUR + SECOND)
    assert not Handoff.objects.exists() and not Promise.objects.exists()
    assert hand_over(desk, case, mode="call_back", call_back_at=NOW + 7 * HOUR).call_back_at


def call_back_by(case, at):
    wish = supervisor.asked(Case.objects.get(pk=case.pk), at)
    return wish and wish.call_back_by


def test_the_working_day_is_the_one_on_which_they_asked(desk, case):
    """Asked while it was closed: the next working day counts. Over by now: the present one. Taken: none."""
    asks(case, desk, NOW - 17 * HOUR)
    assert call_back_by(case, NOW - 16 * HOUR) == NOW + 7 * HOUR
    assert call_back_by(case, NOW + 7 * HOUR) is None  # a day has passed
    asks(case, desk, NOW)
    assert call_back_by(case, NOW + 6 * HOUR) == NOW + 7 * HOUR
    assert call_back_by(case, NOW + 22 * HOUR) == NOW + 31 * HOUR
    handoff = hand_over(desk, case)
    assert call_back_by(case, NOW) is not None
    respond.acknowledge(handoff=handoff, by=desk["supervisor"], now=NOW)
    assert call_back_by(case, NOW) is None


@pytest.mark.parametrize(
    ("zone", "hour", "closes"),
    [
        ("Europe/Madrid", 22, 24),  # the team's day ends at midnight
        ("Europe/Moscow", 21, 22),  # to them it is midnight two hours sooner
        ("Europe/Moscow", 22, 24),  # it is the next day already, and the team's ends before it
        ("America/New_York", 22, 24),  # their day goes on, the team's does not
    ],
)
def test_around_the_clock_the_day_ends_at_midnight_there_or_here(desk, clock, zone, hour, closes):
    with make.signed():
        calendar = make.calendar("Always", days=range(7), opens="00:00", closes="00:00")
        desk["care"].calendar = calendar
        desk["care"].save()
    midnight = NOW.replace(hour=0)
    case = new_case(desk, zone)
    asks(case, desk, midnight + hour * HOUR)
    assert call_back_by(case, midnight + hour * HOUR) == midnight + closes * HOUR


# --- The live transfer ---


@pytest.mark.parametrize(
    ("later", "seconds"),
    [
        (timedelta(0), 180),
        (2 * MINUTE - SECOND, 61),
        (2 * MINUTE + SECOND, 60),  # nobody can be asked for less than a minute
        (3 * MINUTE, 1800),  # the time was over: the level's own term
    ],
)
def test_who_takes_it_on_the_line_acknowledges_within_what_is_left(desk, case, later, seconds):
    asks(case, desk)
    handoff = hand_over(desk, case, NOW + later, mode="live", was_reached=True)
    assert handoff.acknowledge_clock.due_at == NOW + later + timedelta(seconds=seconds)


def test_the_form_announces_that_and_it_climbs_when_nobody_does(client, desk, case):
    asks(case, desk)
    assert shown(client, desk, case).context["preview"].due == "today 11:03"
    assert shown(client, desk, case, mode="written").context["preview"].due == "today 11:30"
    assert send(client, desk, case, reached="yes").status_code == 302
    engine.run_until_idle(now=NOW + 3 * MINUTE)
    assert Handoff.objects.get().state == Handoff.State.WAITING
    engine.run_until_idle(now=NOW + 3 * MINUTE + SECOND)
    assert Handoff.objects.latest("pk").level_number == 2


def test_a_level_that_asks_for_less_stays_as_it_is(desk, case):
    quick = make.path("Quick", levels=[{"person": desk["supervisor"], "acknowledge_seconds": 90}],
                      fallback=desk["manager"])  # fmt: skip
    asks(case, desk)
    handoff = hand_over(desk, case, path=quick, mode="live", was_reached=True)
    assert handoff.acknowledge_clock.term_seconds == 90


def test_a_live_transfer_that_nobody_asked_for_has_the_levels_own_term(desk, case):
    handoff = hand_over(desk, case, mode="live", was_reached=True)
    assert handoff.acknowledge_clock.term_seconds == 1800


class TestWhatARuleSentAlready:
    """The engine hands it over as soon as they ask; whoever is to have it is reached on the line."""

    @pytest.fixture
    def sent(self, desk, case):
        make.rule(desk["path"], trigger="asked_supervisor", name="asks")
        asks(case, desk)
        engine.run_until_idle(now=NOW)
        return case.escalations.get().handoffs.get()

    def test_the_form_offers_who_has_not_taken_it_first(self, client, desk, case, sent):
        choices = shown(client, desk, case).context["form"].fields["to"].choices
        assert choices[0] == (f"{desk['path'].pk}:1", "Complaints, level 1: Ana")
        assert proposed(client, desk, case) == ("live", "Ana is at work now.")
        assert send(client, desk, case, reached="yes").status_code == 302
        sent.refresh_from_db()
        assert sent.state == Handoff.State.SUPERSEDED
        live = Handoff.objects.latest("pk")
        assert (live.mode, live.to_person, live.is_automatic, live.background) == (
            "live",
            desk["supervisor"],
            False,
            TEXTS["background"],
        )

    def test_in_writing_it_has_the_case_already(self, desk, case, sent):
        with pytest.raises(AlreadyRunning):
            hand_over(desk, case)

    def test_once_taken_there_is_nobody_to_reach(self, client, desk, case, sent):
        respond.acknowledge(handoff=sent, by=desk["supervisor"], now=NOW)
        with pytest.raises(AlreadyRunning):
            hand_over(desk, case, mode="live", was_reached=True)
        choices = shown(client, desk, case).context["form"].fields["to"].choices
        assert f"{desk['path'].pk}:1" not in dict(choices)

    def test_who_is_named_in_the_complaint_by_now_is_not_put_on_the_line(self, desk, case, sent):
        with make.signed():
            Party.objects.create(case=case, person=desk["supervisor"], kind="subject", reason="about her")
        live = hand_over(desk, case, mode="live", was_reached=True)
        assert live.to_team is not None and live.level_number == 2


# --- The setting ---


def test_the_minutes_are_those_of_the_law_unless_a_manager_says_others(desk):
    assert PathVersion.objects.get(path=desk["path"]).supervisor_minutes == 3
    if not LAW.exists():
        pytest.skip(f"no {LAW}")
    with LAW.open() as rows:
        [row] = [row for row in csv.DictReader(rows) if row["key"] == "es-l10-supervisor"]
    assert (row["amount"], row["unit"], row["source"]) == ("3", "minutes", "Ley 10/2025 art.8.3")
    assert row["url"] in PathVersion.__doc__ and "art. 8.3" in PathVersion.__doc__


@pytest.mark.parametrize("minutes", [0, 61])
def test_minutes_that_cannot_be_are_refused_by_the_database(desk, minutes):
    with pytest.raises(DatabaseError), transaction.atomic(), make.signed():
        PathVersion.objects.create(path=desk["path"], number=2, supervisor_minutes=minutes)
    with make.signed():
        PathVersion.objects.create(path=desk["path"], number=2, supervisor_minutes=60)
