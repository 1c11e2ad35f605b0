"""A customer who is escalated a second time within so many days: counted to the second, from either hand, and
never by what it started itself."""

import threading
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from cases import engine
from cases.models import Trigger, TriggerKind
from cases.states import Metric
from escalations import matching
from escalations.models import Escalation, Kind, Rule
from escalations.operations import again, respond
from escalations.operations.escalate import escalate
from tests import factories as make

pytestmark = pytest.mark.django_db
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
TEXTS = {
    "reason": "Credit above my limit",
    "background": "38 lines twice",
    "tried": "Compared the tariff",
    "next_steps": "Approve the credit",
}


@pytest.fixture
def desk():
    """Complaints go to Marta; who is escalated twice within seven days goes to Priya as well."""
    people = {name: make.person(name) for name in ("Ana", "Marta")}
    people["Priya"] = make.person("Priya", role="manager")
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 3600})
    # Terms so long that no level runs out meanwhile.
    level = {"person": people["Marta"], "acknowledge_seconds": 400 * 86400}
    people["path"] = make.path(levels=[level], fallback=people["Priya"])
    people["account"] = make.path(
        "Account", levels=[{**level, "person": people["Priya"]}], fallback=people["Marta"]
    )
    people["customer"] = make.customer()
    return people


def counting(desk, days=7, path="account", **fields):
    return make.rule(desk[path], trigger="escalated_again", within_days=days, **fields)


def case_of(desk, at, customer=None):
    return make.case(customer or desk["customer"], now=at, by=desk["Ana"], owner=desk["Ana"])


def by_hand(desk, at, case=None, path="path"):
    case = case or case_of(desk, at)
    escalate(case=case, kind=Kind.HIERARCHICAL, path=desk[path], by=desk["Ana"], now=at, **TEXTS)
    engine.run_until_idle(now=at)
    return case


def by_rule(desk, at, case=None):
    """Opened an hour and a second before, and not answered."""
    if not Rule.objects.filter(trigger="target_breached").exists():
        make.rule(desk["path"])
    case = case or case_of(desk, at - HOUR - SECOND)
    engine.run_until_idle(now=at)
    return case


def started(desk, case):
    return [e.path.name for e in case.escalations.order_by("pk").select_related("path")]


def again_on(case):
    return case.triggers.filter(kind=TriggerKind.ESCALATED_AGAIN)


@pytest.mark.parametrize("first", [by_hand, by_rule])
@pytest.mark.parametrize("second", [by_hand, by_rule])
def test_the_second_one_starts_the_rules_path_whoever_started_either(desk, now, first, second):
    counting(desk)
    assert started(desk, first(desk, now)) == ["Complaints"]
    case = second(desk, now + 2 * DAY)
    assert started(desk, case) == ["Complaints", "Account"]
    trigger = again_on(case).get()
    assert (trigger.days_since, trigger.verdict) == (2, "Rule “escalated_again” started “Account”.")
    handoff = case.escalations.get(path=desk["account"]).handoffs.get()
    assert handoff.reason == "Second escalation of this customer: within 2 days"


@pytest.mark.parametrize(
    ("later", "days_since"),
    [(7 * DAY - SECOND, 7), (7 * DAY, 7), (7 * DAY + SECOND, None), (DAY, 1), (DAY + SECOND, 2), (SECOND, 1)],
)
def test_days_are_counted_to_the_second(desk, now, later, days_since):
    counting(desk)
    by_hand(desk, now)
    case = by_hand(desk, now + later)
    assert [t.days_since for t in again_on(case)] == ([days_since] if days_since else [])
    assert started(desk, case) == ["Complaints", "Account"] if days_since else ["Complaints"]


def test_each_rule_counts_its_own_days(desk, now):
    counting(desk, days=3, name="three", position=1)
    counting(desk, days=30, name="thirty", position=2, path="path")
    by_hand(desk, now)
    case = by_hand(desk, now + 4 * DAY, path="account")
    assert again_on(case).get().verdict == "Rule “thirty” started “Complaints”."
    assert started(desk, case) == ["Account", "Complaints"]


def test_an_earlier_episode_of_the_same_case_counts(desk, now):
    counting(desk)
    case = by_hand(desk, now)
    respond.deescalate(escalation=case.escalations.get(), reason="Called", by=desk["Marta"], now=now + HOUR)
    by_hand(desk, now + DAY, case)
    assert started(desk, case) == ["Complaints", "Complaints", "Account"]


def test_another_customers_does_not(desk, now):
    counting(desk)
    by_hand(desk, now)
    case = by_hand(desk, now + DAY, case_of(desk, now + DAY, make.customer("Kessler")))
    assert started(desk, case) == ["Complaints"] and not again_on(case).exists()


def test_going_up_a_running_ladder_is_no_second_one(desk, now):
    counting(desk)
    case = by_hand(desk, now)
    with make.signed(now):
        Escalation.objects.update(level_number=0)
    by_hand(desk, now + HOUR, case)
    assert case.escalations.count() == 1 and not Trigger.objects.filter(kind="escalated_again").exists()


class TestNoLoop:
    def test_what_the_rule_started_is_no_second_one_itself_and_counts_for_none(self, desk, now):
        counting(desk)
        by_hand(desk, now)
        case = by_hand(desk, now + DAY)
        assert Trigger.objects.filter(kind="escalated_again").count() == 1
        # Nine days on, only the ladders of people and of breaches count; both are too long ago.
        late = by_hand(desk, now + 9 * DAY)
        assert started(desk, late) == ["Complaints"]
        assert engine.run_until_idle(now=now + 9 * DAY) == 0
        assert started(desk, case) == ["Complaints", "Account"]

    def test_a_late_engine_does_not_make_its_own_ladder_count(self, desk, now):
        """The rule's ladder may start days after the one that it answers."""
        counting(desk)
        by_hand(desk, now)
        second = case_of(desk, now + DAY)
        escalate(
            case=second, kind=Kind.HIERARCHICAL, path=desk["path"], by=desk["Ana"], now=now + DAY, **TEXTS
        )
        engine.run_until_idle(now=now + 6 * DAY)
        assert started(desk, second) == ["Complaints", "Account"]
        assert started(desk, by_hand(desk, now + 9 * DAY)) == ["Complaints"]

    def test_a_ladder_that_runs_already_becomes_more_severe_and_no_second_one_starts(self, desk, now):
        counting(desk, path="path")
        by_hand(desk, now)
        case = by_hand(desk, now + DAY)
        assert (started(desk, case), case.escalations.get().severity) == (["Complaints"], 2)
        assert "runs already, its severity was raised" in again_on(case).get().verdict

    def test_after_its_de_escalation_it_holds_off(self, desk, now):
        counting(desk)
        by_hand(desk, now)
        case = by_hand(desk, now + DAY)
        both = case.escalations.order_by("pk")
        for escalation, holder in zip(both, (desk["Marta"], desk["Priya"]), strict=True):
            respond.deescalate(escalation=escalation, reason="Called", by=holder, now=now + DAY)
        by_hand(desk, now + DAY + HOUR, case)
        assert started(desk, case) == ["Complaints", "Account", "Complaints"]
        assert "holds off" in again_on(case).latest("pk").verdict


def test_two_that_start_in_one_pass_are_the_first_and_the_second(desk, now):
    counting(desk)
    make.rule(desk["path"])
    cases = [case_of(desk, now) for _twice in range(2)]
    engine.run_until_idle(now=now + 2 * HOUR)
    assert [started(desk, case) for case in cases] == [["Complaints"], ["Complaints", "Account"]]


class TestWhatItCosts:
    def batch(self, desk, now, number):
        for n in range(number):
            customer = make.customer(f"Customer {n}")
            by_hand(desk, now, case_of(desk, now, customer))
            case_of(desk, now + DAY, customer)

    def queries(self, now):
        with CaptureQueriesContext(connection) as counted:
            engine.run_until_idle(now=now + DAY + 2 * HOUR)
        return [query["sql"] for query in counted]

    @pytest.mark.parametrize("number", [1, 12])
    def test_a_batch_is_one_question_whatever_its_size(self, desk, now, number):
        counting(desk)
        make.rule(desk["path"])
        self.batch(desk, now, number)
        asked = [sql for sql in self.queries(now) if '"escalations_escalation"."customer_id" ' in sql]
        assert len([sql for sql in asked if "started_at" in sql and "SELECT" in sql[:7]]) == 1
        assert Trigger.objects.filter(kind="escalated_again").count() == number

    def test_whoever_does_not_use_it_asks_nothing_more(self, desk, now):
        make.rule(desk["path"])
        self.batch(desk, now, 2)
        with_it_off = self.queries(now)
        assert not [sql for sql in with_it_off if "cases_customer" in sql and "FOR NO KEY" in sql]
        assert not [sql for sql in with_it_off if "trigger_id" in sql and "JOIN" in sql]
        assert Escalation.objects.filter(started_at__gt=now + DAY).count() == 2

    def test_the_question_is_answered_by_the_index(self, desk, now):
        by_hand(desk, now)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
        rows = Escalation.objects.filter(customer__in=[desk["customer"].pk], started_at__gte=now)
        assert "escalation_of_customer" in rows.explain()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_of_two_that_start_at_the_same_moment_one_sees_the_other(desk, now):
    """Both ladders are written before either is committed."""
    counting(desk)
    cases = [case_of(desk, now) for _twice in range(2)]
    both_wrote, real = threading.Barrier(2, timeout=120), again.notice

    def meet_first(started, **said):
        both_wrote.wait()
        return real(started, **said)

    def start(case):
        try:
            escalate(case=case, kind=Kind.HIERARCHICAL, path=desk["path"], by=desk["Ana"], now=now, **TEXTS)
        finally:
            connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(again, "notice", meet_first)
        threads = [threading.Thread(target=start, args=(case,)) for case in cases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert Trigger.objects.filter(kind="escalated_again").count() == 1


# --- The rule itself ---


@pytest.mark.parametrize(
    "fields",
    [
        {"trigger": "escalated_again"},
        {"trigger": "escalated_again", "within_days": 0},
        {"trigger": "escalated_again", "within_days": 366},
        {"trigger": "threat", "within_days": 3},
    ],
)
def test_days_that_cannot_be_are_refused_by_the_database(desk, fields):
    with pytest.raises(DatabaseError), transaction.atomic(), make.signed():
        Rule.objects.create(name="x", path=desk["path"], **fields)
    with make.signed():
        for days in (1, 365):
            Rule.objects.create(name="x", path=desk["path"], trigger="escalated_again", within_days=days)


@pytest.mark.parametrize(("days_since", "matches"), [(None, False), (6, True), (7, True), (8, False)])
def test_a_rule_matches_up_to_its_days_and_says_where_it_failed(desk, days_since, matches):
    rule = counting(desk)
    facts = matching.Facts(trigger="escalated_again", days_since=days_since)
    assert matching.first_failing(rule, facts) == (None if matches else "within_days")


def test_whose_it_is_comes_from_the_case(desk, now):
    by_hand(desk, now)
    by_rule(desk, now)
    assert {e.customer_id for e in Escalation.objects.all()} == {desk["customer"].pk}
    assert Escalation.objects.count() == 2
    # Derived: the history of an escalation does not tell it once more.
    assert "customer" not in {f.name for f in Escalation.history.model._meta.fields}


def test_those_of_before_are_given_their_customer(desk, now):
    by_hand(desk, now)
    by_hand(desk, now, case_of(desk, now, make.customer("Kessler")))
    with make.signed(now):
        Escalation.objects.update(customer_id=0)
        migration = import_module("escalations.migrations.0009_escalations_of_a_customer")
        migration.fill(apps, SimpleNamespace(connection=connection))
    assert all(e.customer_id == e.case.customer_id for e in Escalation.objects.select_related("case"))
