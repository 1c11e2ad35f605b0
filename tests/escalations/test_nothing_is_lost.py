"""What would have been lost in silence, or come twice: each by the sequence that did it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from cases import engine
from cases.errors import WrongMove
from cases.leaving import TO_QUEUE, Choice
from cases.models import Absence, CaseReading, Notice, NoticeKind, Party, StandIn, Timer, Trigger
from cases.operations import (
    delivering,
    ending,
    leaving,
    merging,
    parties,
    promising,
    reading,
    talk,
    timers,
)
from cases.states import Metric, TimerKind
from cases.views.watchdog_words import explain
from escalations import plan
from escalations.models import Escalation, Handoff, Level, PathVersion
from escalations.operations import asking, holding, moving, respond, standing_in
from escalations.operations.escalate import escalate
from escalations.operations.publishing import publish_path
from tests import factories as make

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TEXTS = {"reason": "Above my limit", "background": "Twice", "tried": "Compared", "next_steps": "Approve"}


def told(kind):
    """Who was told in the app of what is of this kind, by name."""
    found = Notice.objects.filter(kind=kind, channel=Notice.Channel.IN_APP).order_by("person__name")
    return list(found.values_list("person__name", flat=True))


def up(case, path, by, now):
    return escalate(case=case, kind="hierarchical", path=path, by=by, now=now, **TEXTS)


@pytest.fixture
def desk():
    """Ana works cases; Priya, an escalation manager, is called where a target or a promise is broken."""
    ana, priya = make.person("Ana"), make.person("Priya", role="manager")
    make.policy(targets={(Metric.RESOLUTION, None): make.HOUR})
    path = make.path(levels=[{"person": priya}], fallback=priya)
    make.rule(path, "target_breached")
    make.rule(path, "asked_supervisor")
    return {"ana": ana, "priya": priya, "path": path, "customer": make.customer()}


# --- Somebody hears of it -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fallback", [2, 3])
def test_where_all_are_away_at_once_nobody_who_has_left_gets_it(fallback):
    """A ladder runs on a version whose fallback has left since; at night every manager is in quiet hours."""
    at = datetime(2026, 3, 2, 23, tzinfo=UTC)
    away = ((at - HOUR, at + HOUR, None),)
    people = {
        1: plan.PersonFacts(1, "Ana", absences=away),
        2: plan.PersonFacts(2, "Left", is_working=False),
        3: plan.PersonFacts(3, "Priya", absences=away),
    }
    first = plan.LevelFacts(1, "Level 1", plan.PERSON, 3600, person_id=1)
    path = plan.PathFacts(1, 1, "Complaints", (first,), fallback_id=fallback)
    roster = plan.Roster(people=people, last_resort=(3,), always_open_id=1)
    assert plan.climb(path, 1, plan.CaseFacts(1), roster, at).person_id == 3
    roster = replace(roster, last_resort=())
    assert plan.climb(path, 1, plan.CaseFacts(1), roster, at).person_id == fallback


def test_a_mail_to_nobody_is_never_called_sent(now):
    """Django sends a mail without an address nowhere, and says nothing."""
    case = make.case(now=now)
    with make.signed():
        case.contact.email = ""
        case.contact.save()
    assert delivering.deliver_due(now=now) == 0
    notice = Notice.objects.get(kind=NoticeKind.CASE_RECEIVED)
    assert not mail.outbox
    assert (notice.state, notice.sent_at, notice.attempts) == (Notice.State.FAILED, None, 1)
    assert explain(notice.last_error) == "There is no email address to send it to any more."


def test_a_breach_is_told_above_a_lead_whom_the_complaint_names(now):
    lead, above = make.person("Lead", role="supervisor"), make.person("Above", role="supervisor")
    make.person("Priya", role="manager")
    make.policy(targets={(Metric.RESOLUTION, None): make.HOUR})
    whole = make.team("Service", people=[above], lead=above)
    case = make.case(now=now, team=make.team("Care", people=[lead], lead=lead, parent=whole))
    parties.name(case=case, person=lead, kind="subject", reason="named", by=above, now=now)
    engine.run_until_idle(now=now + 2 * HOUR)
    assert told(NoticeKind.TARGET_BREACHED) == ["Above"]


def restricted(now):
    """A case without an owner, kept from all but Ana."""
    ana = make.person("Ana")
    make.person("Priya", role="manager")
    make.policy(targets={(Metric.RESOLUTION, None): make.HOUR})
    case = make.case(now=now, team=make.team("Care", people=[ana]))
    parties.restrict(case=case, reason="a mailbox", by=ana, now=now)
    return case


def test_a_breach_of_a_restricted_case_that_nobody_owns_is_told_to_who_is_named_on_it(now):
    restricted(now)
    engine.run_until_idle(now=now + 2 * HOUR)
    assert told(NoticeKind.TARGET_BREACHED) == ["Ana"]


def test_a_timer_of_a_restricted_case_is_not_set_aside_in_silence(now):
    case = restricted(now)
    with make.signed():
        nowhere = {"kind": TimerKind.HOLDER_REMINDER, "subject_id": 999}
        timers.save([timers.arm(case_id=case.pk, due_at=now, now=now, **nowhere)])
    engine.run_once(now=now)
    assert Timer.objects.set_aside().count() == 1
    assert told(NoticeKind.TIMER_SET_ASIDE) == ["Ana"]


def test_a_broken_promise_whose_maker_may_not_know_of_it_any_more_is_told_to_who_has_the_case(now):
    ana, ben, priya = make.person("Ana"), make.person("Ben"), make.person("Priya", role="manager")
    make.policy(targets={(Metric.RESOLUTION, None): 10 * make.HOUR})
    case = make.case(now=now, team=make.team("Care", people=[ana, ben]), owner=ben)
    promising.promise(case=case, what="A credit", due_at=now + HOUR, by=ana, now=now)
    parties.name(case=case, person=ana, kind="subject", reason="named", by=priya, now=now)
    engine.run_until_idle(now=now + 2 * HOUR)
    assert told(NoticeKind.PROMISE_BROKEN) == ["Ben", "Priya"]


def test_a_breach_that_somebody_hears_of_is_told_to_nobody_else(desk, now):
    make.case(desk["customer"], now=now, owner=desk["ana"])
    make.person("Olga", role="supervisor")
    engine.run_once(now=now + HOUR + MINUTE)
    engine.run_until_idle(now=now + HOUR + MINUTE)
    assert told(NoticeKind.TARGET_BREACHED) == ["Ana", "Priya"]


def test_a_question_about_a_handoff_of_a_restricted_case_reaches_whom_it_is_asked(now):
    """Who handed it on holds it no more, and was never named on it."""
    ana, jonas, nadia, priya = (make.person(name) for name in ("Ana", "Jonas", "Nadia", "Priya"))
    make.policy(targets={(Metric.RESOLUTION, None): 10 * make.HOUR})
    path = make.path(levels=[{"team": make.team("Billing", people=[jonas, nadia])}], fallback=priya)
    case = make.case(now=now, by=ana, owner=ana)
    parties.restrict(case=case, reason="a mailbox", by=ana, now=now)
    first = up(case, path, ana, now)
    respond.acknowledge(handoff=first, by=jonas, now=now)
    second = holding.hand_on(handoff=first, to=nadia, reason="off duty", by=jonas, now=now)
    assert asking.ask_back(handoff=second, text="Which invoice?", by=nadia, now=now).asked_of == jonas
    assert told(NoticeKind.ASKED_BACK) == ["Jonas"]
    assert case.parties.filter(person=jonas, kind=Party.Kind.ACCESS).exists()


def test_who_stands_in_a_second_time_is_told_a_second_time_and_each_time_once(now):
    ana, ben, luis = make.person("Ana"), make.person("Ben"), make.person("Luis")
    priya = make.person("Priya", role="manager")
    make.policy(targets={(Metric.RESOLUTION, None): 100 * make.HOUR})
    billing = make.team("Billing", people=[ana, ben])
    path = make.path(levels=[{"team": billing, "acknowledge_seconds": 100 * make.HOUR}], fallback=priya)

    def away(since, until):
        with make.signed():
            Absence.objects.create(person=ana, deputy=luis, starts_at=now + since, ends_at=now + until)

    away(-HOUR, HOUR)
    up(make.case(now=now, owner=priya), path, priya, now)
    assert told(NoticeKind.HANDOFF).count("Luis") == 1
    standing_in.renew(now=now + HOUR)
    assert not StandIn.objects.open().exists()
    away(2 * HOUR, 9 * HOUR)
    for minutes in range(3):
        standing_in.renew(now=now + 2 * HOUR + minutes * MINUTE)
    assert told(NoticeKind.HANDOFF).count("Luis") == 2


def test_what_a_leaver_holds_as_the_last_resort_goes_to_no_team_without_people(now):
    """At the fallback no term runs out: with nobody told, nobody would ever have come for it."""
    ana, ben, priya = make.person("Ana"), make.person("Ben"), make.person("Priya", role="manager")
    boss = make.person("Boss", role="administrator")
    make.policy(targets={(Metric.RESOLUTION, None): 100 * make.HOUR})
    path = make.path(levels=[{"person": ana}], fallback=priya)
    case = make.case(now=now, team=make.team("Care", people=[priya]))
    up(case, path, priya, now)
    engine.run_until_idle(now=now + 2 * HOUR)
    assert Escalation.objects.get(is_at_fallback=True).holder == priya
    leaving.leave(person=priya, choice=Choice(TO_QUEUE, ben, "moves away"), by=boss, now=now + 3 * HOUR)
    row = Escalation.objects.get()
    assert (row.holder, row.holder_team) == (ben, None)
    assert told(NoticeKind.HANDOFF).count("Ben") == 1


# --- A merge takes along what is owed, once -----------------------------------------------------------------


@pytest.fixture
def twins(desk, now):
    """The same complaint twice, the second half an hour later."""
    older = make.case(desk["customer"], now=now, owner=desk["ana"])
    newer = make.case(desk["customer"], now=now + HOUR / 2, owner=desk["ana"])
    engine.run_until_idle(now=now + HOUR / 2)
    return older, newer


def merge(desk, case, into, now):
    merging.merge(case=case, into=into, reason="The same invoice", by=desk["ana"], now=now)


def test_a_breach_that_the_rules_have_not_looked_at_calls_somebody_on_the_other_case(desk, twins, now):
    """The engine was away when the target was missed, and the case was merged before it came back."""
    older, newer = twins
    merge(desk, older, newer, now + HOUR + MINUTE)
    engine.run_until_idle(now=now + HOUR + 2 * MINUTE)
    assert [row.case for row in Escalation.objects.running()] == [newer]
    assert Trigger.objects.get(case=older, kind="target_breached").verdict.endswith(f"on {newer.number}.")
    assert (
        Notice.objects.filter(kind=NoticeKind.TARGET_BREACHED, person=desk["ana"], channel="app").count() == 1
    )


def test_a_supervisor_who_was_asked_for_just_before_a_merge_is_called_after_it(desk, twins, now):
    older, newer = twins
    at = now + HOUR / 2 + MINUTE
    talk.receive(case=older, body="Now.", by=desk["ana"], now=at, channel="mail", asks_for="asked_supervisor")
    merge(desk, older, newer, at)
    engine.run_until_idle(now=at)
    assert [row.case for row in Escalation.objects.running()] == [newer]


def test_a_promise_that_its_maker_was_reminded_of_is_no_news_after_a_merge(desk, twins, now):
    older, newer = twins
    promising.promise(case=older, what="A credit", due_at=now + HOUR, by=desk["ana"], now=now)
    engine.run_until_idle(now=now + 46 * MINUTE)
    merge(desk, older, newer, now + 47 * MINUTE)
    engine.run_until_idle(now=now + 48 * MINUTE)
    assert told(NoticeKind.PROMISE_AT_RISK) == ["Ana"]
    engine.run_until_idle(now=now + HOUR + MINUTE)
    assert told(NoticeKind.PROMISE_BROKEN) == ["Ana"]


@pytest.fixture
def merged_meanwhile(desk, twins, now, monkeypatch):
    """The older case is merged after somebody began to say something on it and before they have its lock."""
    keep, older, newer = talk.attaching.keep, *twins

    def meanwhile(files):
        monkeypatch.setattr(talk.attaching, "keep", keep)
        merge(desk, older, newer, now + HOUR / 2)
        return keep(files)

    monkeypatch.setattr(talk.attaching, "keep", meanwhile)


def test_what_a_customer_writes_while_their_case_is_merged_reaches_the_other(
    desk, twins, now, merged_meanwhile
):
    older, newer = twins
    said = talk.receive(case=older, body="And now?", by=desk["ana"], now=now + HOUR / 2, channel="mail")
    assert said.case == newer


def test_a_reply_on_a_case_that_is_merged_meanwhile_is_refused(desk, twins, now, merged_meanwhile):
    with pytest.raises(WrongMove, match="goes on as"):
        talk.reply(case=twins[0], body="Soon.", by=desk["ana"], now=now + HOUR / 2)
    assert not Notice.objects.filter(kind=NoticeKind.REPLY).exists()


# --- Nothing comes twice, nothing stands in the way ---------------------------------------------------------


def test_a_target_missed_by_less_than_a_second_is_not_missed_again_when_reopened(desk, now):
    case = make.case(desk["customer"], now=now, owner=desk["ana"])
    at = now + HOUR + timedelta(milliseconds=300)
    ending.resolve(case=case, reason="Credited", by=desk["ana"], now=at)
    ending.reopen(case=case, reason="Not credited", by=desk["ana"], now=at + MINUTE)
    engine.run_until_idle(now=at + 2 * HOUR)
    assert Trigger.objects.filter(case=case, kind="target_breached").count() == 1


def test_a_reminder_that_was_set_aside_keeps_no_escalation_from_moving(now):
    ana, priya = make.person("Ana"), make.person("Priya", role="manager")
    make.policy(targets={(Metric.RESOLUTION, None): 100 * make.HOUR})
    level = {"person": ana, "acknowledge_seconds": 10 * make.HOUR, "remind_every_seconds": 600}
    path = make.path(levels=[level], fallback=priya)
    for customer in ("One", "Two"):
        up(make.case(make.customer(customer), now=now, owner=ana), path, priya, now)
    stuck = Handoff.objects.earliest("pk")
    with make.signed():
        Timer.objects.filter(kind=TimerKind.HOLDER_REMINDER, subject_id=stuck.pk).update(state="set_aside")
        version = PathVersion.objects.create(path=path, number=2, fallback=priya)
        said = {"name": "Level 1", "responsible": "person", **level, "remind_every_seconds": 300}
        Level.objects.create(version=version, number=1, **said)
    publish_path(version=version, by=priya, now=now + MINUTE)
    moved = moving.move_escalations(version=version, by=priya, now=now + MINUTE, reason="Sooner")
    assert moved.moved == 2
    reminders = Timer.objects.filter(kind=TimerKind.HOLDER_REMINDER).order_by("subject_id")
    assert [timer.state for timer in reminders] == ["set_aside", "pending"]


def test_an_auditors_reading_is_refused_aloud_where_a_database_counts_its_ids_from_too_low(now, monkeypatch):
    """Left out in silence, nobody would ever know that they had read the case."""
    auditor = make.person("Olga", role="auditor")
    one, two = make.case(now=now), make.case(make.customer("Other"), now=now)
    reading.audit(case=one, by=auditor, now=now, via="page")
    taken = CaseReading.objects.get().pk
    make_row = CaseReading.__init__

    def counted_too_low(self, *args, **fields):
        make_row(self, *args, **(fields if args else {"pk": taken, **fields}))

    monkeypatch.setattr(CaseReading, "__init__", counted_too_low)
    with pytest.raises(IntegrityError), transaction.atomic():
        reading.audit(case=two, by=auditor, now=now, via="page")
