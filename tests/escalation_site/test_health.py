"""What a load balancer is told."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from cases.models import EnginePass
from escalation_site import health

SECOND = timedelta(seconds=1)


@pytest.mark.django_db
def test_live_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ago", "status", "engine"),
    [
        (timedelta(0), 200, "ok"),
        (health.SILENCE - SECOND, 200, "ok"),
        (health.SILENCE + SECOND, 503, "silent"),
    ],
)
def test_ready_while_an_engine_has_passed_lately(client, ago, status, engine):
    EnginePass.objects.create(worker="long gone", started_at=timezone.now() - timedelta(days=1))
    EnginePass.objects.create(worker="here", started_at=timezone.now() - ago)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["engine"]) == (status, engine)
    assert answer.json()["database"] == "ok"


@pytest.mark.django_db
def test_not_ready_before_the_first_pass(client):
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["last_pass"]) == (503, None)


@pytest.mark.django_db
def test_not_ready_without_the_database(client, monkeypatch):
    def away():
        raise DatabaseError("away")

    monkeypatch.setattr(health, "last_pass", away)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "database": "does not answer", "engine": "unknown"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_only_read_and_never_kept(client, path):
    assert client.post(path).status_code == 405
    assert "no-store" in client.get(path)["Cache-Control"]
