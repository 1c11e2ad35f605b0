"""Queries compiled once answer as Django's own would; a transaction that remembers asks once, any other
each time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Exists, F, OuterRef

from cases import history
from cases.models import Case, Pause, SlaPolicyVersion, Standing, Timer
from cases.operations import pausing, routing, standing
from cases.prepared import Given, Prepared, belonging
from cases.sets import update_each
from cases.states import Metric
from tests import factories as make

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def cases(now):
    customer = make.customer()
    return [make.case(customer, now=now + n * HOUR, subject=f"Case {n}") for n in range(3)]


def test_whole_rows_come_with_the_types_of_their_columns(cases, now):
    asked = Prepared(lambda: Case.objects.filter(received_at__lte=Given("until")).order_by("pk"))
    found = asked.all(until=now + HOUR)
    assert found == cases[:2]
    assert found[1].received_at == now + HOUR and found[0].is_restricted is False
    assert asked.all(until=now - HOUR) == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has Django's own writing")
def test_an_instant_without_a_time_zone_is_refused_before_the_server_guesses_one(cases, now):
    timer = Timer.objects.first()
    timer.wake_at = now.replace(tzinfo=None)
    with pytest.raises(ValueError, match="has no time zone"):
        update_each([timer], ["wake_at"])


def test_a_list_is_one_parameter_of_any_length(cases, django_assert_num_queries):
    asked = Prepared(
        lambda: Case.objects.filter(pk__among=Given("ids")).order_by("-pk").values_list("pk", "subject")
    )
    for some in ([], cases[:1], cases):
        with django_assert_num_queries(1):
            assert asked.all(ids=[c.pk for c in some]) == [(c.pk, c.subject) for c in reversed(some)]


def test_a_foreign_key_and_json_are_read_as_they_are(cases, now):
    reason = make.pause_reason(stops=["resolution"])
    row = pausing.pause(
        case=cases[0], reason=reason, expected_end_at=now + 9 * HOUR, by=make.person(), now=now + HOUR
    )
    asked = Prepared(lambda: Pause.objects.filter(case=Given("case")))
    assert asked.all(case=cases[0].pk) == [row] and asked.all(case=cases[1].pk) == []
    reasons = Prepared(lambda: type(reason).objects.filter(pk=Given("pk")))
    assert reasons.all(pk=reason.pk)[0].stops == ["resolution"]


def test_what_belongs_to_a_row_comes_with_it_or_is_nothing(cases, now, django_assert_num_queries):
    asked = Prepared(
        lambda: Case.objects.filter(pk=Given("case")).select_related("customer__account_manager", "owner")
    )
    ana = make.person("Ana")
    case = make.case(make.customer("Dulce", account_manager=ana), now=now)
    with django_assert_num_queries(1):
        [found] = asked.all(case=case.pk)
        assert (found, found.customer, found.customer.account_manager) == (case, case.customer, ana)
        assert found.owner is None and found.received_at == now
    assert asked.all(case=0) == []


def test_what_is_annotated_comes_with_the_row(cases):
    def asked():
        found = Case.objects.filter(pk__among=Given("ids")).order_by("pk")
        return found.annotate(is_known=Exists(Pause.objects.filter(case=OuterRef("pk"))), twice=F("pk") * 2)

    plain, related = Prepared(asked), Prepared(lambda: asked().select_related("customer"))
    for prepared in (plain, related):
        found = prepared.all(ids=[case.pk for case in cases])
        assert [(row.pk, row.is_known, row.twice) for row in found] == [
            (c.pk, False, 2 * c.pk) for c in cases
        ]


def test_what_belongs_to_rows_is_theirs_as_if_prefetched(django_assert_num_queries):
    targets = {(Metric.FIRST_RESPONSE, None): 60, (Metric.RESOLUTION, None): 3600}
    versions = [make.policy(targets=targets), make.policy("Empty of others")]
    with django_assert_num_queries(2):
        found = {version.pk: version for version in SlaPolicyVersion.objects.in_force(make.BEGINNING)}
        mine = {pk: list(version.targets.all()) for pk, version in found.items()}
    with django_assert_num_queries(0):
        assert all(target.version is found[pk] for pk, rows in mine.items() for target in rows)
    for version in versions:
        assert mine[version.pk] == list(version.targets.order_by("pk"))
    assert belonging([], "targets", []) == []


def test_only_a_transaction_that_remembers_asks_once(now):
    asked = []

    def ask():
        asked.append(1)
        return len(asked)

    with history.acting(by=history.ENGINE, reason="test", now=now):
        assert [history.remembered("key", ask) for _ in range(2)] == [1, 2]
    with history.acting(by=history.ENGINE, reason="test", now=now, remembering=True):
        with history.acting(by=history.REPLAY, reason="test", now=now):
            assert [history.remembered("key", ask) for _ in range(2)] == [3, 3]
        history.forget()
        assert history.remembered("key", ask) == 4
    assert history.remembered("key", ask) == 5


def test_a_held_case_is_found_as_the_last_operation_left_it(cases, now, django_assert_num_queries):
    with history.acting(by=history.REPLAY, reason="test", now=now, remembering=True):
        held = Case.objects.hold([c.pk for c in cases])
        routing.take_up(case=cases[0], by=history.REPLAY, now=now + 3 * HOUR)
        assert held[cases[0].pk].status == "open"
        with django_assert_num_queries(0):
            assert Case.objects.lock(cases[0].pk) is held[cases[0].pk]
    assert Case.objects.get(pk=cases[0].pk).status == "open"
    assert Case.objects.lock(cases[1].pk) is not held[cases[1].pk]


def test_standings_put_off_are_right_at_the_end(cases, now):
    with history.acting(by=history.REPLAY, reason="test", now=now), standing.at_the_end(now=now + 3 * HOUR):
        routing.take_up(case=cases[0], by=history.REPLAY, now=now + 3 * HOUR)
        assert Standing.objects.get(pk=cases[0].pk).status == "new"
    assert Standing.objects.get(pk=cases[0].pk).status == "open"
    assert set(Standing.objects.values_list("pk", flat=True)) == {c.pk for c in cases}
    assert Timer.objects.pending().exists()
