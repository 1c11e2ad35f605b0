"""/metrics: who may read it, and that its figures are the desk's and not the process's."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from cases import reconciling, watchdog
from cases.models import EnginePass, Notice, Timer
from cases.operations import watching
from cases.states import TimerKind
from tests import factories as make

pytestmark = pytest.mark.django_db

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture
def now(monkeypatch):
    instant = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: instant)
    return instant


def read(client):
    """{(name, labels as sorted pairs): value}"""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


class TestWhoMay:
    @pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.8.8.8"])
    def test_without_a_token_this_machine_reads_it(self, client, address):
        assert client.get("/metrics", REMOTE_ADDR=address).status_code == 200

    @pytest.mark.parametrize("address", ["10.0.0.7", "192.168.1.1", "2001:db8::1", "", "unix:", "localhost"])
    def test_without_a_token_nobody_else_does(self, client, address):
        answer = client.get("/metrics", REMOTE_ADDR=address)
        assert (answer.status_code, answer.content) == (403, b"")

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
    def test_a_proxy_on_this_machine_is_not_this_machine(self, client, header):
        assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403

    def test_signing_in_does_not_open_it(self, client):
        client.force_login(make.person("Adam", "administrator"))
        assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 403

    @pytest.mark.parametrize(
        ("said", "status"),
        [
            (f"Bearer {TOKEN}", 200),
            (f"bearer  {TOKEN} ", 200),
            (f"Bearer {TOKEN}x", 401),
            (f"Basic {TOKEN}", 401),
            (TOKEN, 401),
            ("Bearer", 401),
            ("Bearer \u00e9", 401),
            ("", 401),
        ],
    )
    def test_with_a_token_whoever_brings_it_from_anywhere(self, client, settings, said, status):
        settings.METRICS_TOKEN = TOKEN
        headers = {"Authorization": said, "X-Forwarded-For": "10.0.0.7"} if said else {}
        answer = client.get("/metrics", headers=headers, REMOTE_ADDR="10.0.0.7")
        assert answer.status_code == status
        assert answer.headers.get("WWW-Authenticate") == (None if status == 200 else "Bearer")

    def test_with_a_token_this_machine_needs_it_too(self, client, settings):
        settings.METRICS_TOKEN = TOKEN
        assert client.get("/metrics").status_code == 401

    def test_it_is_only_read_and_never_kept(self, client):
        assert client.post("/metrics").status_code == 405
        assert "no-store" in client.get("/metrics")["Cache-Control"]


class TestFigures:
    def test_an_empty_desk_has_figures_too(self, client, now):
        found = read(client)
        assert found["desk_timers_due",] == found["desk_timers_fired_total",] == 0
        assert found["desk_finding", ("name", "engine_silent")] == 1
        assert sum(metric == "desk_finding" for metric, *_ in found) == len(watchdog.FINDINGS)

    def test_they_are_what_the_watchdog_shows(self, client, now):
        case = make.case(now=now)
        Timer.objects.all().delete()
        Notice.objects.update(state="sent", sent_at=now)
        EnginePass.objects.create(worker="here", started_at=now - SECOND)
        fields = {"case": case, "kind": TimerKind.HOLDER_REMINDER, "armed_at": now, "wake_at": now - SECOND}
        Timer.objects.create(subject_id=1, due_at=now - SECOND, **fields)
        Timer.objects.create(subject_id=2, due_at=now - HOUR, state="set_aside", **fields)
        notice = {"case": case, "contact": case.contact, "channel": "mail", "kind": "reply"}
        Notice.objects.create(key="w", created_at=now - HOUR, next_attempt_at=now, **notice)
        Notice.objects.create(key="f", created_at=now - HOUR, state="failed", **notice)
        found = read(client)
        assert found["desk_engine_last_pass_timestamp_seconds",] == pytest.approx((now - SECOND).timestamp())
        assert found["desk_engines", ("state", "looking")] == 1
        assert (found["desk_timers_due",], found["desk_timers_oldest_due_seconds",]) == (1, 1)
        assert found["desk_timers_set_aside", ("kind", "holder_reminder")] == 1
        assert found["desk_timers_set_aside", ("kind", "review")] == 0
        assert found["desk_notices", ("channel", "mail"), ("state", "waiting")] == 1
        assert found["desk_notices", ("channel", "mail"), ("state", "failed")] == 1
        assert found["desk_notices_oldest_seconds", ("channel", "mail")] == 3600
        assert found["desk_finding", ("name", "set_aside")] == 1
        assert found["desk_finding", ("name", "engine_silent")] == 0
        assert found["desk_history_writers_missing",] == 0

    def test_the_histogram_is_cumulative_and_never_goes_back(self, client, now):
        for worker, at in (("a", now - timedelta(days=40)), ("b", now)):
            watching.tally(worker=worker, lateness=[0.001, 0.3, 7200], now=at)
        before = read(client)
        buckets = [(float(dict(labels)["le"]), value) for (name, *labels), value in before.items()
                   if name == "desk_timer_lateness_seconds_bucket"]  # fmt: skip
        assert [value for _bound, value in sorted(buckets)] == [2] * 5 + [2] + [4] * 10 + [6]
        assert before["desk_timer_lateness_seconds_count",] == before["desk_timers_fired_total",] == 6
        assert before["desk_timer_lateness_seconds_sum",] == pytest.approx(14400.602)
        assert watching.purge(now=now) > 0
        assert read(client) == before

    def test_what_the_reconciler_put_right_is_counted_by_what_it_found(self, client, now):
        case = make.case(now=now)
        reconciling.go_on(seconds=60, clock=lambda: now, stopped=lambda: False)
        figures = read(client)
        assert figures["desk_reconciler_last_round_timestamp_seconds",] == pytest.approx(now.timestamp())
        assert figures["desk_timer_repairs_total", ("finding", "missing")] == 0
        deleted, _kinds = Timer.objects.filter(case=case, kind=TimerKind.CLOCK_BREACHED).delete()
        reconciling.go_on(seconds=60, clock=lambda: now, stopped=lambda: False)
        figures = read(client)
        assert figures["desk_timer_repairs_total", ("finding", "missing")] == deleted > 0
        assert figures["desk_timer_repairs_total", ("finding", "stray")] == 0

    def test_it_costs_three_questions_more_than_the_watchdog(self, client, now, django_assert_num_queries):
        with django_assert_num_queries(15):
            client.get("/metrics")

    def test_who_asks_for_openmetrics_gets_it(self, client, now):
        answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        assert answer["Content-Type"].startswith("application/openmetrics-text")
        assert answer.content.endswith(b"# EOF\n")


@pytest.mark.django_db(transaction=True)
def test_without_the_database_it_fails_without_a_word(client, monkeypatch):
    connection.close()
    place = "HOST" if connection.vendor == "postgresql" else "NAME"
    monkeypatch.setitem(connection.settings_dict, place, "/nowhere/at/all")
    try:
        answer = client.get("/metrics")
    finally:
        connection.close()
    assert (answer.status_code, answer.content) == (503, b"")
