"""The example: every state there is, at whatever hour, as the operations and the engine made it."""

import io
import random
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db.models import F, Q
from django.db.models.functions import Greatest

from cases import engine, file_types, files, history
from cases.models import (
    Absence,
    Attachment,
    Calendar,
    CalendarVersion,
    Case,
    CaseReading,
    CaseTag,
    Category,
    Clock,
    Customer,
    Decision,
    Draft,
    Message,
    Notice,
    Party,
    Pause,
    Person,
    PersonPreference,
    Promise,
    ReplyTemplate,
    SavedView,
    Standing,
    Tag,
    Team,
    Timer,
)
from cases.operations import clocks, standing
from cases.roles import Role
from cases.states import ClockState, Metric, TimerKind
from escalations.example import load, people
from escalations.example.cast import Cast
from escalations.models import Escalation, EscalationPath, Handoff, PassedOver, PathVersion
from tests import factories as make

pytestmark = pytest.mark.django_db
# A Sunday evening: no office is open, and there must be something to do all the same.
NOW = datetime(2026, 11, 22, 19, 4, 11, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def example(for_all_of_the_module):
    load.load(now=NOW)


def test_a_desk_with_a_department_of_three_teams_and_people_of_every_role():
    department = Team.objects.get(parent=None)
    assert department.children.count() == 3
    assert set(Person.objects.working().values_list("role", flat=True)) == set(Role)
    for team in department.children.all():
        lead = team.memberships.get(is_lead=True).person
        agents = team.people.filter(role=Role.AGENT)
        assert lead.role == Role.SUPERVISOR and agents.count() >= 3
        assert all(agent.manager == lead and agent.skills.exists() for agent in agents)
    away = Person.objects.get(absences__starts_at__lte=NOW, absences__ends_at__gt=NOW)
    assert away.absences.get().deputy is not None


def test_people_have_habits_an_absence_to_come_and_looked_into_another_teams_case():
    assert PersonPreference.objects.filter(quiet_weekend=True, quiet_deputy__isnull=False).exists()
    assert PersonPreference.objects.exclude(signature="").exists()
    assert Absence.objects.filter(starts_at__gt=NOW, deputy__isnull=False).exists()
    assert set(CaseReading.objects.values_list("kind", flat=True)) == {"asked", "audit"}


def test_somebody_is_on_duty_in_every_hour_of_this_week_and_the_next():
    monday = datetime(2026, 11, 16, 9, tzinfo=UTC)
    for hour in range(0, 14 * 24 - 1, 6):
        at = monday + timedelta(hours=hour)
        on_duty = Person.objects.filter(
            duties__skill__name="Network on call", duties__starts_at__lte=at, duties__ends_at__gt=at
        )
        assert on_duty.count() == 2, at


def test_calendars_in_two_time_zones_with_the_public_holidays_of_country_and_region():
    zones = set(Calendar.objects.filter(is_default=False).values_list("time_zone", flat=True))
    assert zones == {"Europe/Madrid", "Asia/Yekaterinburg"}
    madrid = CalendarVersion.objects.get(calendar__name="Madrid back office")
    assert madrid.holidays.filter(country="ES", region="MD", first_on="2026-05-02").exists()
    assert not Calendar.objects.get(name="Madrid back office").hours.is_open(
        datetime(2026, 12, 8, 10, tzinfo=UTC)
    )
    assert not Calendar.objects.get(name="Yekaterinburg office").hours.is_open(
        datetime(2027, 1, 4, 6, tzinfo=UTC)
    )


def test_customers_of_every_tier_with_contacts_services_and_account_managers():
    assert Customer.objects.count() >= 40
    assert len(set(Customer.objects.values_list("yearly_value", flat=True))) >= 40
    assert set(Customer.objects.values_list("language", flat=True)) == {"en", "es", "ru"}
    assert not Customer.objects.filter(Q(contacts=None) | Q(subscriptions=None)).exists()
    assert not Customer.objects.filter(tier__in=("platinum", "gold", "silver"), account_manager=None).exists()


def test_two_paths_of_three_levels_beside_the_default_one_each_with_a_person_to_fall_back_on():
    paths = EscalationPath.objects.version_in_force(NOW)
    named = {version.path.name: version for version in paths.values()}
    assert set(named) == {"Billing disputes", "Network outages", "Try it", "Default"}
    for name in ("Billing disputes", "Network outages", "Default"):
        assert named[name].levels.count() == 3
        assert not named[name].fallback.is_system
    assert named["Default"].number == 2
    assert PathVersion.objects.filter(published_at=None).count() == 1  # a draft to look at


LIVE = Case.objects.live
STATES = {
    "new": lambda: Case.objects.filter(status="new").exclude(team=None),
    "unrouted": lambda: LIVE().filter(team=None, owner=None),
    "open": lambda: Case.objects.filter(status="open"),
    "resolved": lambda: Case.objects.filter(status="resolved"),
    "closed": lambda: Case.objects.filter(status="closed"),
    "reopened": lambda: LIVE().filter(reopened_count=1),
    "reopened twice": lambda: Case.objects.filter(reopened_count=2),
    "sent round": lambda: Case.objects.filter(reassigned_count__gte=3),
    "first response at risk": lambda: LIVE().filter(
        standing__metric="first_response", standing__at_risk_at__lte=NOW, standing__due_at__gt=NOW
    ),
    "next update at risk": lambda: LIVE().filter(
        standing__metric="next_update", standing__at_risk_at__lte=NOW, standing__due_at__gt=NOW
    ),
    "breached": lambda: LIVE().filter(standing__is_breached=True),
    "breached and on no ladder": lambda: LIVE().filter(standing__is_breached=True, escalations=None),
    "met": lambda: Case.objects.filter(clocks__state=ClockState.MET),
    "missed": lambda: Case.objects.filter(clocks__state=ClockState.MISSED),
    "paused for the customer": lambda: LIVE().filter(
        pauses__reason__code="waiting-for-customer", pauses__ended_at=None
    ),
    "paused for a third party": lambda: LIVE().filter(
        pauses__reason__code="waiting-for-third-party", pauses__ended_at=None
    ),
    "standing still": lambda: LIVE().filter(standing__kind="paused"),
    "pause ended by itself": lambda: LIVE().filter(pauses__ended_at=F("pauses__expected_end_at")),
    "promised": lambda: LIVE().filter(promises__state="open"),
    "promise kept": lambda: Case.objects.filter(promises__state="kept"),
    "promise broken": lambda: LIVE().filter(promises__state="broken", promises__replaced_by=None),
    "promise broken, a new date told": lambda: LIVE().filter(
        promises__state="broken", promises__replaced_by__state="open"
    ),
    "promise withdrawn": lambda: Case.objects.filter(promises__state="withdrawn"),
    "with the fallback holder": lambda: LIVE().filter(escalations__is_at_fallback=True),
    "de-escalated": lambda: LIVE().filter(escalations__outcome="deescalated"),
    "escalated, then closed": lambda: Case.objects.filter(status="closed", escalations__outcome="resolved"),
    "asked for a supervisor": lambda: LIVE().filter(
        triggers__kind="asked_supervisor", escalations__state="running"
    ),
    "threatened": lambda: LIVE().filter(triggers__kind="threat", escalations__state="running"),
    "vulnerable": lambda: LIVE().filter(triggers__kind="vulnerable", escalations__state="running"),
    "restricted, with a party": lambda: LIVE().filter(is_restricted=True, parties__kind=Party.Kind.ACCESS),
    "complaint with a subject": lambda: LIVE().filter(parties__kind=Party.Kind.SUBJECT),
    "called and reached": lambda: Case.objects.filter(messages__was_reached=True, messages__direction="out"),
    "called in vain": lambda: Case.objects.filter(messages__was_reached=False),
    "call written down later": lambda: Case.objects.filter(
        messages__occurred_at__lt=F("messages__recorded_at")
    ),
    "noted": lambda: Case.objects.filter(messages__direction=Message.Direction.INTERNAL),
    "urgent": lambda: LIVE().filter(priority=4),
    "low": lambda: Case.objects.filter(priority=1),
    "in Spanish": lambda: LIVE().filter(language="es"),
    "in Russian": lambda: LIVE().filter(language="ru"),
    "asked, nothing decided": lambda: LIVE().filter(asks__isnull=False, asks__decisions=None),
    "granted": lambda: LIVE().filter(asks__decisions__outcome="granted", asks__decisions__state="stands"),
    "granted in part": lambda: LIVE().filter(asks__decisions__outcome="partly"),
    "refused": lambda: LIVE().filter(asks__decisions__outcome="refused"),
    "withdrawn by the customer": lambda: LIVE().filter(asks__decisions__outcome="withdrawn"),
    "waiting for approval": lambda: LIVE().filter(asks__decisions__state="waiting"),
    "approved by another": lambda: LIVE().filter(asks__decisions__approved_by__isnull=False),
    "sent back": lambda: LIVE().filter(asks__decisions__state="sent_back"),
    "taken back": lambda: LIVE().filter(asks__decisions__state="taken_back"),
    "answered and not resolved": lambda: LIVE().filter(answers__promise__state="open"),
    "with a complaint profile": lambda: LIVE().filter(profile__isnull=False),
    "by an older version of its policy": lambda: Case.objects.filter(
        policy_version__policy__name="Gold", policy_version__number=1
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_there_is_a_case_in_every_state(state):
    assert STATES[state]().exists()


def test_there_are_a_hundred_and_fifty_cases_and_no_gap_was_left_in_their_words():
    assert Case.objects.count() >= 150
    assert not Case.objects.filter(Q(subject__contains="{") | Q(messages__body__contains="{")).exists()


@pytest.mark.parametrize("path", ["Billing disputes", "Network outages", "Default"])
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("state", ["waiting", "acknowledged", "declined"])
def test_every_level_of_every_path_waits_is_taken_and_is_declined(path, level, state):
    found = Handoff.objects.filter(escalation__path__name=path, level_number=level, state=state)
    assert found.exists() is not (state == "declined" and level == 3)  # the top cannot decline


def test_handoffs_of_every_kind_and_those_passed_over():
    assert set(Handoff.objects.values_list("kind", flat=True)) == {
        "automatic",
        "functional",
        "hierarchical",
        "priority",
    }
    assert {"absent", "conflict", "declined"} <= set(PassedOver.objects.values_list("why", flat=True))


@pytest.mark.parametrize("minutes", [10, 30, 60])
def test_whatever_the_hour_something_is_due_soon(minutes):
    soon = Standing.objects.live().filter(due_at__gt=NOW, due_at__lte=NOW + timedelta(minutes=minutes))
    assert soon.count() >= minutes // 10
    assert Promise.objects.open().filter(due_at__gt=NOW, due_at__lte=NOW + timedelta(hours=1)).exists()


def test_somebody_waits_for_the_approval_of_each_kind_of_approver():
    for role in (Role.SUPERVISOR, Role.ESCALATION_MANAGER):
        assert any(Decision.objects.awaiting(p).exists() for p in Person.objects.filter(role=role))


# --- What the operations and the engine made it -------------------------------------------------------------


def test_every_standing_is_what_would_be_derived_anew():
    before = {row["case_id"]: row for row in Standing.objects.values()}
    with make.signed(NOW):
        standing.refresh(list(Case.objects.all()), now=NOW)
    assert {row["case_id"]: row for row in Standing.objects.values()} == before
    assert len(before) == Case.objects.count()


def test_every_standing_names_who_holds_the_case():
    running = {
        e.case_id: (e.holder_id, e.holder_team_id) for e in Escalation.objects.running().order_by("pk")
    }
    held = {
        pk: (person, team)
        for pk, person, team in Standing.objects.values_list("case_id", "holder_id", "holder_team_id")
        if person or team
    }
    assert held == running


def test_every_open_clock_is_due_when_its_term_and_its_pauses_say():
    pauses = clocks.pauses_by_case(Case.objects.values_list("pk", flat=True))
    hours = Calendar.objects.hours()
    for clock in Clock.objects.open():
        stored = {name: getattr(clock, name) for name in ("state", "due_at", "late_after", "at_risk_at")}
        clocks.schedule(clock, hours[clock.calendar_id], pauses.get(clock.case_id, ()))
        assert stored == {name: getattr(clock, name) for name in stored}, clock.pk


def test_every_clock_that_runs_has_its_timer_and_no_timer_was_left_behind():
    runs = Clock.objects.running().filter(breached_at=None)
    armed = Timer.objects.pending().filter(
        kind__in=(TimerKind.CLOCK_BREACHED, TimerKind.HANDOFF_UNACKNOWLEDGED, TimerKind.LEVEL_RAN_OUT)
    )
    assert set(armed.values_list("subject_id", "occurrence")) == set(runs.values_list("pk", "revision"))
    assert not Timer.objects.due(NOW).exists()
    fired = Timer.objects.filter(state=Timer.State.FIRED).annotate(from_when=Greatest("due_at", "armed_at"))
    assert not fired.filter(fired_at__gt=F("from_when") + timedelta(seconds=1)).exists()


def test_the_live_rows_are_their_newest_history_signed_in_the_order_of_time():
    for model in (Case, Clock, Escalation, Handoff, Promise, Pause):
        newest = {row["id"]: row for row in model.history.order_by("history_id").values()}
        kept = [name for name in newest[min(newest)] if not name.startswith("history_")]
        for row in model.objects.values(*kept):
            assert {name: newest[row["id"]][name] for name in row} == row
    signed = Case.history.order_by("history_id").values_list(
        "history_date", "history_user_id", "history_change_reason"
    )
    dates = [date for date, _by, _why in signed]
    assert dates == sorted(dates) and dates[-1] <= NOW
    assert all(why for _date, _by, why in signed)
    actors = {by for _date, by, _why in signed}
    assert history.EXAMPLE.pk in actors and len([by for by in actors if by > 0]) >= 10
    assert set(Escalation.history.values_list("history_user_id", flat=True)) > {history.ENGINE.pk}


def test_some_live_cases_are_tagged_by_who_owns_them_and_views_are_kept_and_shared():
    on = list(CaseTag.objects.on().select_related("case"))
    assert len({row.case_id for row in on}) >= 10 and len({row.tag_id for row in on}) == Tag.objects.count()
    assert all(row.case.is_live for row in on)
    signed = dict(CaseTag.history.filter(history_type="+").values_list("id", "history_user_id"))
    assert all(signed[row.pk] == row.case.owner_id for row in on)
    care = SavedView.objects.get(person__username="elena").team
    assert care.people.filter(username="lucia").exists()
    assert SavedView.objects.get(person__username="lucia").team is None


def test_nothing_is_mailed_and_everybody_can_read_what_they_were_told():
    assert set(Notice.objects.values_list("channel", "state")) == {("mail", "recorded"), ("app", "sent")}
    assert not Notice.objects.to_deliver(NOW + timedelta(days=365)).exists()
    waiting = Handoff.objects.filter(state="waiting", made_at__gt=NOW - load.READ_AFTER).exclude(
        to_person=None
    )
    assert waiting.exists()
    for handoff in waiting:
        assert (
            Notice.objects.in_app_for(handoff.to_person)
            .unread()
            .filter(case=handoff.escalation.case)
            .exists()
        )


def test_replies_have_templates_in_every_language_that_a_manager_could_save():
    for language in ("en", "es", "ru"):
        rows = ReplyTemplate.objects.filter(language=language)
        assert rows.count() >= 3
        for row in rows:
            row.full_clean()


def test_what_says_that_something_is_attached_has_it_and_its_content_is_what_it_says():
    attachments = Attachment.objects.all()
    assert attachments
    for row in attachments:
        with files.get(row.sha256) as content:
            name, kind = file_types.judge(row.name, content.read())
        assert (name, kind.media_type) == (row.name, row.media_type)


def test_colleagues_are_called_in_notes_and_somebody_left_a_draft():
    assert Notice.objects.filter(kind="mentioned", channel="app", state="sent").exists()
    assert Draft.objects.get().person.username == "lucia"


def test_whoever_is_complained_about_was_told_nothing():
    for party in Party.objects.filter(kind=Party.Kind.SUBJECT):
        assert not Notice.objects.filter(case=party.case, person=party.person).exists()
        assert not Case.objects.findable(party.person).filter(pk=party.case_id).exists()


def test_the_engine_goes_on_for_days_without_a_timer_it_cannot_run():
    assert engine.run_until_idle(now=NOW + timedelta(days=3)) > 100
    assert not Timer.objects.exclude(last_error="", state__in=("pending", "fired")).exists()


def test_a_case_to_try_the_engine_with_is_at_level_2_within_a_minute():
    customer = Customer.objects.get(name="Northwind Clinics")
    case = make.case(customer, now=NOW, category=Category.objects.get(name="Try the engine"))
    response = case.clocks.get(metric=Metric.FIRST_RESPONSE)
    assert (response.due_at, case.owner.username) == (NOW + timedelta(seconds=30), "lucia")
    engine.run_until_idle(now=NOW + timedelta(seconds=31))
    assert case.escalations.get().holder_team.name == "Customer care"
    engine.run_until_idle(now=NOW + timedelta(seconds=51))
    escalation = case.escalations.get()
    assert (escalation.path.name, escalation.level_number, escalation.holder.username) == ("Try it", 2, "ana")
    assert Notice.objects.in_app_for(escalation.holder).unread().filter(case=case, kind="handoff").exists()
    assert escalation.history.latest("history_id").history_user_id == history.ENGINE.pk
    engine.run_until_idle(now=NOW + timedelta(minutes=5))
    assert case.escalations.get().is_at_fallback


def test_the_same_moment_tells_the_same_stories():
    def told():
        lives = Cast(simulation=None, now=NOW, dice=random.Random(load.SEED)).lives()
        return [
            (story.__name__, life.customer.name, life.topic["subject"]) for story, life in map(begun, lives)
        ]

    def begun(story):
        return story, story.gi_frame.f_locals["life"]

    assert told() == told()


# --- The command --------------------------------------------------------------------------------------------


def say():
    said = io.StringIO()
    call_command("load_example", stdout=said)
    return said.getvalue().splitlines()


def test_loading_again_changes_nothing_and_says_so_in_one_line():
    before = Case.history.count()
    [line] = say()
    assert "There are cases already" in line
    assert Case.history.count() == before


def test_a_desk_of_ones_own_is_left_alone(monkeypatch):
    monkeypatch.setattr(load.Case.objects, "exists", lambda: False)
    [line] = say()
    assert "people, teams or customers of its own" in line


def test_it_says_who_can_log_in(monkeypatch):
    monkeypatch.setattr(load, "why_not", lambda: "")
    monkeypatch.setattr(load, "load", lambda *, now: None)
    said = say()
    for person in Person.objects.working():
        assert any(person.username in line and str(person.get_role_display()) in line for line in said)
    assert any(people.PASSWORD in line for line in said)
    assert authenticate(username="lucia", password=people.PASSWORD) == Person.objects.get(username="lucia")
