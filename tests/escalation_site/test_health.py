"""What a load balancer is told."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from cases import watchdog, writers
from cases.models import EnginePass, Timer
from cases.states import TimerKind
from tests import factories as make

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock(monkeypatch):
    """The clock stands, so that boundaries are exact, until a test turns it."""
    at = {"now": timezone.now()}
    monkeypatch.setattr("django.utils.timezone.now", lambda: at["now"])
    return at


@pytest.fixture
def now(clock):
    return clock["now"]


@pytest.fixture
def well(db, now):
    EnginePass.objects.create(worker="long gone", started_at=now - timedelta(days=1))
    return EnginePass.objects.create(worker="here", started_at=now)


def findings(answer):
    return {name: said for name, said in answer.json().items() if name not in ("status", "limits")}


@pytest.mark.django_db
def test_live_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


def test_ready_names_each_part_and_its_limit_and_nothing_else(client, well):
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "database": "ok",
        "engine": "ok",
        "backlog": "ok",
        "history": "ok",
        "limits": {"engine": 30.0, "backlog": 300.0},
    }


@pytest.mark.parametrize(
    ("beyond", "status", "engine"), [(-1, 200, "ok"), (0, 200, "ok"), (1, 503, "silent")]
)
def test_ready_while_an_engine_has_passed_lately(client, well, now, beyond, status, engine):
    seen = now - settings.ENGINE_SILENT_AFTER - beyond * SECOND
    EnginePass.objects.filter(pk=well.pk).update(started_at=seen)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["engine"]) == (status, engine)


@pytest.mark.parametrize(("beyond", "status", "backlog"), [(-1, 200, "ok"), (0, 200, "ok"), (1, 503, "late")])
def test_ready_while_the_engine_keeps_up(client, well, now, beyond, status, backlog):
    due = now - settings.BACKLOG_LATE_AFTER - beyond * SECOND
    case = make.case(now=now)
    Timer.objects.all().delete()
    Timer.objects.create(
        case=case, kind=TimerKind.REVIEW, subject_id=1, due_at=due, wake_at=due, armed_at=due
    )
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["backlog"]) == (status, backlog)


def test_the_limits_are_settings(client, well, now, settings):
    settings.ENGINE_SILENT_AFTER = timedelta(seconds=7)
    EnginePass.objects.filter(pk=well.pk).update(started_at=now - 8 * SECOND)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["limits"]["engine"]) == (503, 7.0)


def test_not_ready_while_the_history_is_not_written(client, well):
    writers.remove()
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["history"]) == (503, "incomplete")


@pytest.mark.parametrize(("beyond", "status"), [(-1, 200), (0, 503), (1, 503)])
def test_a_writer_that_went_missing_is_seen_when_the_memory_is_over(client, well, clock, beyond, status):
    assert client.get("/health/ready").status_code == 200
    with connection.cursor() as cursor:
        for statement in writers.DIALECTS[connection.vendor].removals(cursor)[:1]:
            cursor.execute(statement)
    assert client.get("/health/ready").status_code == 200
    clock["now"] += watchdog.WRITERS_REMEMBERED + beyond * timedelta(milliseconds=1)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["history"]) == (status, "ok" if status == 200 else "incomplete")


def test_a_clock_that_was_stepped_back_makes_nothing_fresh(client, well, clock):
    client.get("/health/ready")
    writers.remove()
    clock["now"] -= SECOND
    EnginePass.objects.update(started_at=clock["now"])
    assert client.get("/health/ready").json()["history"] == "incomplete"


def test_the_writers_are_put_back_and_seen_so_when_the_memory_is_over(client, well, clock):
    writers.remove()
    assert client.get("/health/ready").status_code == 503
    writers.install()
    clock["now"] += watchdog.WRITERS_REMEMBERED
    assert client.get("/health/ready").status_code == 200


def test_whoever_asks_often_costs_the_database_little(client, well, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as first:
        client.get("/health/ready")
    with django_assert_max_num_queries(2) as second:
        client.get("/health/ready")
    assert len(second) < len(first)


def test_however_many_threads_ask_the_database_is_asked_once(now):
    asked, together, answers = [], Barrier(8), []

    def ask():
        asked.append(1)
        return {"a writer"}

    memory = watchdog.Remembered(ask, SECOND)

    def reads():
        together.wait()
        answers.append(memory.at(now))

    threads = [Thread(target=reads) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(asked), answers) == (1, [{"a writer"}] * 8)


def test_what_could_not_be_asked_is_not_remembered(now):
    answers = iter([OSError("gone"), {"a writer"}])

    def ask():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    memory = watchdog.Remembered(ask, SECOND)
    with pytest.raises(OSError):
        memory.at(now)
    assert memory.at(now) == {"a writer"}


def test_not_ready_before_the_first_pass(client, db):
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["engine"]) == (503, "silent")


@pytest.mark.django_db(transaction=True)
def test_not_ready_without_the_database_and_without_a_word_about_it(client, monkeypatch):
    """A connection to a place where there is none: what the driver says of it goes to nobody."""
    connection.close()
    place = "HOST" if connection.vendor == "postgresql" else "NAME"
    monkeypatch.setitem(connection.settings_dict, place, "/nowhere/at/all")
    try:
        answer = client.get("/health/ready")
    finally:
        connection.close()
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert findings(answer) == {
        "database": "does not answer",
        "engine": "unknown",
        "backlog": "unknown",
        "history": "unknown",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_only_read_and_never_kept(client, path):
    assert client.post(path).status_code == 405
    assert "no-store" in client.get(path)["Cache-Control"]
