"""Regulatory packs turned on: who gets a law's clocks, when they are due, what ends and moves them."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import engine, history, notices
from cases.errors import (
    AlreadyKnown,
    Incomplete,
    InThePast,
    NoOpenHour,
    NotTheirs,
    Refused,
    TooWide,
    WrongMove,
)
from cases.models import (
    Calendar,
    CalendarVersion,
    Clock,
    Holiday,
    Notice,
    NoticeKind,
    PackConfirmation,
    PackVersion,
    Period,
    Timer,
    Trigger,
)
from cases.operations import (
    ending,
    intake,
    merging,
    packs,
    pausing,
    publishing,
    relating,
    routing,
    talk,
)
from cases.operations.packs import Chosen
from cases.reconciling import comparing
from cases.states import ClockState, Metric, Priority
from tests import factories as make

pytestmark = pytest.mark.django_db

HOUR = 3600
MADRID = ZoneInfo("Europe/Madrid")
LAW = "spain-ley-10-2025"
RESOLVE, OUTAGE, BILLING = "es-l10-resolution", "es-l10-continuity", "es-l10-billing"


def at(day, time="12:00", month=3):
    hour, minute, *second = map(int, time.split(":"))
    return datetime(2026, month, day, hour, minute, *second, tzinfo=MADRID)


@pytest.fixture
def priya():
    return make.person("Priya", role="manager")


@pytest.fixture
def ana():
    return make.person("Ana")


@pytest.fixture
def office():
    make.policy(
        targets={(Metric.FIRST_RESPONSE, None): 4 * HOUR, (Metric.RESOLUTION, None): 400 * HOUR},
        calendar=make.calendar("Desk"),
    )
    return make.calendar("Madrid")


@pytest.fixture
def on(office, priya):
    """Everything of the law that is a clock: resolving for all, the others by category."""
    billing, outages = make.category("Billing"), make.category("Outages")
    chosen = [Chosen(RESOLVE), Chosen(OUTAGE, outages), Chosen(BILLING, billing)]
    packs.turn_on(pack=LAW, calendar=office, chosen=chosen, by=priya, now=at(1), reason="new law")
    return {"billing": billing, "outages": outages}


def law_of(case):
    """{key: clock} of what the law sets for a case; the newest of each."""
    found = Clock.objects.filter(case=case, metric=Metric.STATUTORY).select_related("statute").order_by("pk")
    return {clock.statute.key: clock for clock in found}


def opened(now, **fields):
    customer = fields.pop("customer", None) or make.customer(f"Customer of {now:%d %H:%M:%S}")
    return make.case(customer, now=now, **fields)


def last_day(clock):
    shown = clock.due_at.astimezone(MADRID)
    assert (shown.hour, shown.minute, shown.second) == (23, 59, 59)
    return shown.date()


# --- Which cases ---


def test_a_case_received_from_then_on_gets_a_clock_for_each_term_that_applies(on):
    plain, billed, cut = (
        opened(at(2)),
        opened(at(2), category=on["billing"]),
        opened(at(2), category=on["outages"]),
    )
    assert set(law_of(plain)) == {RESOLVE}
    assert set(law_of(billed)) == {RESOLVE, BILLING}
    assert set(law_of(cut)) == {RESOLVE, OUTAGE}
    assert last_day(law_of(plain)[RESOLVE]) == date(2026, 3, 23)
    assert last_day(law_of(billed)[BILLING]) == date(2026, 3, 7)
    assert law_of(cut)[OUTAGE].due_at == law_of(cut)[OUTAGE].late_after == at(2, "14:00")
    assert law_of(plain)[RESOLVE].label == "Ley 10/2025 art.17.1"


def test_only_the_chosen_customers_cases_get_it(office, priya):
    ours, other = make.customer("Northwind"), make.customer("Contoso")
    packs.turn_on(pack=LAW, calendar=office, chosen=[Chosen(RESOLVE, customer=ours)], by=priya, now=at(1))
    assert set(law_of(opened(at(2), customer=ours))) == {RESOLVE}
    assert law_of(opened(at(2), customer=other)) == {}


def test_what_is_chosen_for_all_and_for_a_category_is_one_clock(office, priya):
    billing = make.category("Billing")
    packs.turn_on(
        pack=LAW, calendar=office, chosen=[Chosen(RESOLVE), Chosen(RESOLVE, billing)], by=priya, now=at(1)
    )
    case = opened(at(2), category=billing)
    assert Clock.objects.filter(case=case, metric=Metric.STATUTORY).count() == 1


def test_it_begins_with_cases_received_at_that_very_instant(office, priya):
    packs.turn_on(
        pack=LAW, calendar=office, chosen=[Chosen(RESOLVE)], by=priya, now=at(1), effective_at=at(3)
    )
    assert law_of(opened(at(3) - timedelta(seconds=1))) == {}
    assert set(law_of(opened(at(3)))) == {RESOLVE}


def test_turned_off_open_cases_keep_what_they_are_owed_and_new_ones_get_none(on, priya):
    before = opened(at(2))
    packs.turn_off(pack=LAW, by=priya, now=at(3), reason="appeal won")
    assert law_of(before)[RESOLVE].state == ClockState.RUNNING
    assert law_of(opened(at(4))) == {}
    # One received before and recorded late still falls under it.
    assert set(law_of(opened(at(4), received_at=at(2)))) == {RESOLVE}


def test_it_can_be_turned_on_again_on_other_terms(on, office, priya):
    packs.turn_on(pack=LAW, calendar=office, chosen=[Chosen(BILLING, on["billing"])], by=priya, now=at(3))
    assert law_of(opened(at(4))) == {}
    assert set(law_of(opened(at(4), category=on["billing"]))) == {BILLING}
    assert [v.number for v in PackVersion.objects.order_by("number")] == [1, 2]


def test_several_laws_hold_side_by_side_and_the_strictest_is_due_first(on, office, priya):
    packs.turn_on(
        pack="spain-consumers", calendar=office, chosen=[Chosen("es-trlgdcu-21-3")], by=priya, now=at(1)
    )
    case = opened(at(2))
    ordered = sorted(law_of(case).items(), key=lambda item: item[1].due_at)
    assert [key for key, _clock in ordered] == ["es-trlgdcu-21-3", RESOLVE]


def test_what_a_form_foresees_is_what_opening_gives(on):
    customer = make.customer()
    found = intake.foresee(now=at(2), customer=customer, channel="mail")
    [foreseen] = [clock for clock in found.clocks if clock.metric == Metric.STATUTORY]
    case = opened(at(2), customer=customer)
    assert law_of(case)[RESOLVE].due_at == foreseen.due_at


# --- What it costs ---


def cost(now, **fields):
    customer = make.customer(f"Customer {now}")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        make.case(customer, now=now, **fields)
    return queries


def test_without_any_pack_opening_a_case_asks_nothing_more(office, ana, priya):
    queries = cost(at(2))
    asked = [q["sql"] for q in queries if "pack" in q["sql"] and "law_may_apply" not in q["sql"]]
    assert [sql for sql in asked if not sql.startswith("INSERT")] == []


def test_with_packs_on_it_asks_two_questions_more_however_many_apply(office, priya):
    cost(at(1))
    without = len(cost(at(2)))
    packs.turn_on(pack=LAW, calendar=office, chosen=[Chosen(RESOLVE)], by=priya, now=at(2))
    cost(at(3))  # whatever is remembered between transactions, such as a calendar's hours
    with_one = len(cost(at(3, "13:00")))
    billing = make.category("Billing")
    chosen = [Chosen(RESOLVE), Chosen(OUTAGE, billing), Chosen(BILLING, billing)]
    packs.turn_on(pack=LAW, calendar=office, chosen=chosen, by=priya, now=at(4))
    with_three = len(cost(at(5), category=billing))
    assert with_three == with_one
    assert with_one - without == 2


# --- What ends it ---


def test_a_public_word_by_a_person_ends_what_asks_for_an_answer_and_not_what_asks_for_a_resolution(on, ana):
    case = opened(at(2), category=on["billing"])
    talk.reply(case=case, body="We look into it.", by=ana, now=at(7, "23:59:59"))
    found = law_of(case)
    assert (found[BILLING].state, found[RESOLVE].state) == (ClockState.MET, ClockState.RUNNING)


def test_a_word_on_the_day_after_is_late(on, ana):
    case = opened(at(2), category=on["billing"])
    talk.reply(case=case, body="We look into it.", by=ana, now=at(8, "00:00"))
    assert law_of(case)[BILLING].state == ClockState.MISSED


def test_an_answer_in_time_does_not_bring_the_next_update_forward(office, ana, priya):
    make.policy(
        name="Updates",
        targets={(Metric.NEXT_UPDATE, None): 100 * HOUR},
        position=1,
        calendar=make.always_open(),
    )
    outages = make.category("Outages")
    packs.turn_on(pack=LAW, calendar=office, chosen=[Chosen(OUTAGE, outages)], by=priya, now=at(1))
    case = opened(at(2), category=outages)
    talk.reply(case=case, body="We look into it.", by=ana, now=at(4))
    update = case.clocks.get(metric=Metric.NEXT_UPDATE, state=ClockState.RUNNING)
    assert update.started_at == at(4)


def test_an_internal_note_ends_nothing(on, ana):
    case = opened(at(2), category=on["billing"])
    talk.note(case=case, body="Among us.", by=ana, now=at(2, "13:00"))
    assert law_of(case)[BILLING].state == ClockState.RUNNING


@pytest.mark.parametrize(
    ("done", "state"), [(at(23, "23:59:59"), "met"), (at(24, "00:00"), "missed"), (at(25), "missed")]
)
def test_resolving_ends_it_in_time_until_the_end_of_the_last_day(on, ana, done, state):
    case = opened(at(2))
    ending.resolve(case=case, reason="done", by=ana, now=done)
    clock = law_of(case)[RESOLVE]
    assert (clock.state, clock.ended_at) == (state, done)


# --- At risk and breached, by the ordinary engine ---


def test_the_engine_warns_and_breaches_as_of_any_clock(on):
    case = opened(at(2))
    clock = law_of(case)[RESOLVE]
    kinds = Timer.objects.pending().filter(subject_id=clock.pk).values_list("kind", flat=True)
    assert set(kinds) == {"clock_at_risk", "clock_breached"}
    engine.run_until_idle(now=at(23, "23:59:59"))
    clock = law_of(case)[RESOLVE]
    assert clock.warned_at is not None and clock.breached_at is None
    engine.run_until_idle(now=at(24, "00:00"))
    clock = law_of(case)[RESOLVE]
    assert clock.breached_at == clock.late_after + timedelta(microseconds=0)
    assert Trigger.objects.filter(clock=clock, kind="target_breached").count() == 1
    engine.run_until_idle(now=at(25))
    assert Trigger.objects.filter(clock=clock, kind="target_breached").count() == 1


# --- What moves it, and what does not ---


def test_a_pause_does_not_stop_what_the_law_sets(on, ana):
    case = opened(at(2), category=on["billing"])
    due = law_of(case)[BILLING].due_at
    reason = make.pause_reason(stops=("resolution", "statutory"))
    pausing.pause(case=case, reason=reason, expected_end_at=at(6), by=ana, now=at(3))
    clock = law_of(case)[BILLING]
    assert (clock.state, clock.due_at) == (ClockState.RUNNING, due)


def test_where_the_law_says_so_the_term_begins_anew_at_the_cure(on, ana):
    case = opened(at(2))
    reason = make.pause_reason(stops=("statutory",))
    pause = pausing.pause(case=case, reason=reason, expected_end_at=at(20), by=ana, now=at(3))
    waiting = law_of(case)[RESOLVE]
    assert (waiting.state, waiting.due_at) == (ClockState.PAUSED, None)
    pausing.resume(pause=pause, by=ana, now=at(9))
    clock = law_of(case)[RESOLVE]
    assert last_day(clock) == date(2026, 3, 30)  # the fifteenth business day after Monday 9
    assert clock.started_at == at(2)


def test_a_pause_for_another_reason_moves_it_not_even_there(on, ana):
    case = opened(at(2))
    due = law_of(case)[RESOLVE].due_at
    pausing.pause(case=case, reason=make.pause_reason(), expected_end_at=at(6), by=ana, now=at(3))
    assert law_of(case)[RESOLVE].due_at == due


def test_another_priority_or_policy_leaves_it_as_it_is(on, ana):
    case = opened(at(2))
    due = law_of(case)[RESOLVE].due_at
    routing.prioritise(case=case, priority=Priority.URGENT, reason="angry", by=ana, now=at(3))
    clock = law_of(case)[RESOLVE]
    assert (clock.state, clock.due_at) == (ClockState.RUNNING, due)


def publish_holiday(calendar, on, now):
    with make.signed(now):
        version = CalendarVersion.objects.create(calendar=calendar, number=calendar.versions.count() + 1)
        Period.objects.bulk_create(
            Period(version=version, weekday=day, opens="09:00", closes="17:00") for day in range(5)
        )
        Holiday.objects.create(version=version, first_on=on, last_on=on, name="Saint Joseph")
    publishing.publish_calendar(version=version, by=history.INSTALLATION, now=now)


def test_a_holiday_that_comes_into_the_calendar_moves_the_last_day(on, office):
    case = opened(at(2))
    before = law_of(case)[RESOLVE]
    publish_holiday(office, date(2026, 3, 19), at(5))
    clock = law_of(case)[RESOLVE]
    assert last_day(clock) == date(2026, 3, 24)
    assert clock.term_seconds == before.term_seconds + 24 * HOUR
    assert clock.revision == before.revision + 1
    breach = Timer.objects.pending().get(subject_id=clock.pk, kind="clock_breached")
    assert (breach.due_at, breach.occurrence) == (clock.late_after, clock.revision)


def test_the_reconciler_finds_nothing_amiss_and_mends_a_due_time_that_drifted(on):
    case = opened(at(2))
    assert comparing.suspects({case.pk: case}) == set()
    with make.signed():
        Clock.objects.filter(pk=law_of(case)[RESOLVE].pk).update(due_at=at(30))
    assert comparing.suspects({case.pk: case}) == {case.pk}


def test_opened_again_within_the_term_it_goes_on_from_its_own_start(on, ana):
    case = opened(at(2), category=on["billing"])
    due = law_of(case)[RESOLVE].due_at
    ending.resolve(case=case, reason="done", by=ana, now=at(4))
    ending.reopen(case=case, reason="not done", by=ana, now=at(10))
    found = law_of(case)
    assert (found[RESOLVE].state, found[RESOLVE].due_at) == (ClockState.RUNNING, due)
    assert found[RESOLVE].started_at == at(2)
    # The answer was given, and stays given.
    assert found[BILLING].state == ClockState.MET


def test_what_was_resolved_in_time_and_comes_back_after_its_day_stays_met(on, ana):
    case = opened(at(2))
    ending.resolve(case=case, reason="done", by=ana, now=at(4))
    ending.reopen(case=case, reason="not done", by=ana, now=at(24, "00:00"))
    assert law_of(case)[RESOLVE].state == ClockState.MET


def test_a_merged_case_s_earlier_day_is_kept_and_the_same_law_runs_once(on, ana):
    customer = make.customer()
    first = opened(at(2), customer=customer, by=ana)
    second = opened(at(5), customer=customer, by=ana)
    due = law_of(first)[RESOLVE].due_at
    merging.merge(case=first, into=second, reason="the same", by=ana, now=at(6))
    running = second.clocks.get(metric=Metric.STATUTORY, state=ClockState.RUNNING)
    assert (running.due_at, running.started_at) == (due, at(2))
    assert law_of(first)[RESOLVE].state == ClockState.STOPPED


def test_a_merged_case_s_later_day_falls_away(on, ana):
    customer = make.customer()
    first, second = opened(at(2), customer=customer, by=ana), opened(at(5), customer=customer, by=ana)
    merging.merge(case=second, into=first, reason="the same", by=ana, now=at(6))
    running = first.clocks.get(metric=Metric.STATUTORY, state=ClockState.RUNNING)
    assert running.started_at == at(2)
    assert law_of(second)[RESOLVE].state == ClockState.STOPPED


def test_what_is_split_off_counts_from_when_the_customer_first_said_it(on, ana):
    case = opened(at(2), by=ana)
    message = case.messages.get()
    new = relating.split(case=case, messages=[message], subject="The other thing", by=ana, now=at(9))
    assert law_of(new)[RESOLVE].started_at == at(2)


# --- Refusals ---


@pytest.mark.parametrize("role", ["agent", "supervisor", "auditor", "administrator"])
def test_only_a_manager_turns_packs_on_and_off_and_confirms(on, office, role):
    who = make.person(f"Some {role}", role=role)
    with pytest.raises(NotTheirs):
        packs.turn_on(pack=LAW, calendar=office, chosen=[Chosen(RESOLVE)], by=who, now=at(2))
    with pytest.raises(NotTheirs):
        packs.turn_off(pack=LAW, by=who, now=at(2))
    with pytest.raises(NotTheirs):
        packs.confirm(key="br-sac", note="read it", by=who, now=at(2))
    assert PackVersion.objects.count() == 1
    assert not PackConfirmation.objects.exists()


@pytest.mark.parametrize(
    ("key", "words"),
    [("es-l10-supervisor", "cannot see"), ("es-payments", "no term of this pack"), ("nonsense", "no term")],
)
def test_what_is_no_clock_or_not_of_the_pack_is_refused(office, priya, key, words):
    with pytest.raises(Refused, match=words):
        packs.turn_on(pack=LAW, calendar=office, chosen=[Chosen(key)], by=priya, now=at(1))
    assert not PackVersion.objects.exists()


def test_nothing_chosen_and_no_such_pack_are_refused(office, priya):
    with pytest.raises(Incomplete):
        packs.turn_on(pack=LAW, calendar=office, chosen=[], by=priya, now=at(1))
    with pytest.raises(Refused, match="no such pack"):
        packs.turn_on(pack="atlantis", calendar=office, chosen=[Chosen(RESOLVE)], by=priya, now=at(1))


def test_a_term_that_is_not_for_every_case_is_refused_without_a_category_or_a_customer(office, priya):
    given = {"pack": LAW, "calendar": office, "by": priya, "now": at(1)}
    wide = [Chosen(RESOLVE), Chosen(OUTAGE, make.category("Outages")), Chosen(OUTAGE), Chosen(BILLING)]
    with pytest.raises(TooWide) as refused:
        packs.turn_on(chosen=wide, **given)
    outage, billing = refused.value.messages
    assert outage.startswith("Ley 10/2025 art.17.2 holds only on: outage/cut query filed.")
    assert "art.17.3" in billing and "name the categories, or the customers" in billing
    assert not PackVersion.objects.exists()
    packs.turn_on(chosen=[Chosen(RESOLVE), Chosen(OUTAGE, customer=make.customer("Northwind"))], **given)


def test_a_customer_is_told_the_limit_that_was_read_in_the_law_and_no_other(on, office, priya):
    chosen = [Chosen("br-sac")]
    packs.turn_on(pack="brazil-customer-service", calendar=office, chosen=chosen, by=priya, now=at(1))
    case = opened(at(2), category=on["billing"])
    text = notices.mail(Notice.objects.get(case=case, kind=NoticeKind.CASE_RECEIVED))[1]
    assert "The law sets a limit, too: an answer by Sat 7 Mar 2026, 22:59 (Ley 10/2025 art.17.3)." in text
    assert "a solution by Mon 23 Mar 2026, 22:59 (Ley 10/2025 art.17.1)." in text
    assert "11.034" not in text


def test_a_calendar_that_was_never_published_is_refused(priya):
    with make.signed():
        draft = Calendar.objects.create(name="Draft", time_zone="Europe/Madrid")
    with pytest.raises(NoOpenHour, match="not published"):
        packs.turn_on(pack=LAW, calendar=draft, chosen=[Chosen(RESOLVE)], by=priya, now=at(1))


def test_the_past_stays_as_it_was(on, office, priya):
    given = {"pack": LAW, "calendar": office, "chosen": [Chosen(BILLING, on["billing"])], "by": priya}
    with pytest.raises(InThePast):
        packs.turn_on(**given, now=at(3), effective_at=at(3) - timedelta(seconds=1))
    packs.turn_on(**given, now=at(3), effective_at=at(10))
    with pytest.raises(InThePast, match="version 2"):
        packs.turn_off(pack=LAW, by=priya, now=at(4))


def test_what_is_off_is_not_turned_off_again(on, priya):
    packs.turn_off(pack=LAW, by=priya, now=at(3))
    with pytest.raises(WrongMove):
        packs.turn_off(pack=LAW, by=priya, now=at(4))
    with pytest.raises(WrongMove):
        packs.turn_off(pack="spain-payments", by=priya, now=at(4))


# --- Confirming ---


def test_what_is_below_certainty_a_is_confirmed_by_name_with_a_note_once(priya):
    row = packs.confirm(key="br-sac", note=" Read in the Diário Oficial. ", by=priya, now=at(2))
    assert (row.confirmed_by_id, row.confirmed_at, row.note) == (
        priya.pk,
        at(2),
        "Read in the Diário Oficial.",
    )
    assert set(packs.confirmations()) == {("br-sac", row.says)}
    with pytest.raises(AlreadyKnown, match="Priya"):
        packs.confirm(key="br-sac", note="again", by=priya, now=at(3))


def test_confirming_asks_for_a_note_a_known_term_and_something_to_confirm(priya):
    with pytest.raises(Incomplete):
        packs.confirm(key="br-sac", note="  ", by=priya, now=at(2))
    with pytest.raises(Refused, match="no such term"):
        packs.confirm(key="nonsense", note="x", by=priya, now=at(2))
    with pytest.raises(WrongMove, match="nothing to confirm"):
        packs.confirm(key=RESOLVE, note="x", by=priya, now=at(2))


def test_everything_is_in_the_history_with_who_and_why(on, priya):
    [row] = PackVersion.history.filter(published_at__isnull=False)
    assert (row.history_user_id, row.history_change_reason) == (priya.pk, "new law")
    assert PackVersion.objects.get().terms.model.history.count() == 3
