"""How often one person's programs may ask, what they hear after that, and what is never counted."""

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from cases.api import throttles
from escalation_site import checks
from tests import factories as make
from tests.worlds import asks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rate(settings, monkeypatch):
    """Two a minute; the clock of the counters is set by hand."""
    settings.API_RATE = "2/min"
    at = [1000.0]
    monkeypatch.setattr(throttles.PerPerson, "timer", lambda _self: at[0])
    cache.clear()
    yield at
    cache.clear()


class Answering:
    """A cache that has `said` every key it is asked for or told, and holds nothing."""

    def __init__(self, said):
        self.said = said

    def get(self, key, default=None):
        self.said(key)
        return default

    def set(self, key, *_value):
        self.said(key)


def ask(person, path="/api/v1/me/"):
    return asks(person).get(path)


def test_one_more_than_the_rate_hears_when_to_ask_again(rate, caplog):
    ana = make.person("Ana")
    assert [ask(ana).status_code for _n in range(3)] == [200, 200, 429]
    assert throttles.log.name not in {
        record.name for record in caplog.records
    }  # none was let through for a fault
    rate[0] += 20
    refused = ask(ana)
    assert refused.status_code == 429 and refused["Retry-After"] == "40"
    assert refused.data["code"] == "throttled" and refused.data["fields"] == {}
    assert refused.data["messages"] == [
        "You asked too often: at most 2/min per person. Ask again in 40 seconds."
    ]


@pytest.mark.parametrize(("later", "status"), [(59, 429), (60, 200)])
def test_after_that_time_they_are_answered(rate, later, status):
    ana = make.person("Ana")
    for _n in range(2):
        ask(ana)
    rate[0] += later
    assert ask(ana).status_code == status


def test_each_person_has_their_own_count():
    ana, ben = make.person("Ana"), make.person("Ben")
    for _n in range(3):
        ask(ana)
    assert ask(ben).status_code == 200


def test_a_password_and_a_session_of_one_person_count_together(client):
    ana = make.person("Ana")
    client.force_login(ana)
    for _n in range(2):
        assert client.get("/api/v1/me/").status_code == 200
    assert ask(ana).status_code == 429


def test_what_changes_something_counts_too_and_nothing_is_changed():
    ana = make.person("Ana")
    for _n in range(2):
        ask(ana)
    sent = {"starts_at": "2030-03-02T09:00:00Z", "ends_at": "2030-03-03T09:00:00Z"}
    assert asks(ana).post("/api/v1/absences/", sent).status_code == 429
    assert not ana.absences.exists()


def test_a_stranger_hears_how_to_come_in_however_often_they_ask():
    assert {APIClient().get("/api/v1/me/").status_code for _n in range(4)} == {401}


def test_health_metrics_and_pages_are_never_counted(client):
    client.force_login(make.person("Ana"))
    for path in ("/health/live", "/health/ready", "/metrics", "/cases/"):
        found = {client.get(path).status_code for _n in range(4)}
        assert 429 not in found, path
    assert client.get("/api/v1/me/").status_code == 200


def test_without_a_rate_nothing_is_counted(settings, monkeypatch):
    settings.API_RATE = ""
    asked = []
    monkeypatch.setattr(throttles.PerPerson, "cache", Answering(asked.append))
    ana = make.person("Ana")
    assert {ask(ana).status_code for _n in range(4)} == {200}
    assert asked == []


def test_where_the_cache_does_not_answer_work_goes_on_and_the_log_says_so(monkeypatch, caplog):
    def broken(_key):
        raise ConnectionError("no cache")

    monkeypatch.setattr(throttles.PerPerson, "cache", Answering(broken))
    ana = make.person("Ana")
    assert {ask(ana).status_code for _n in range(4)} == {200}
    assert [record.exc_info[0] for record in caplog.records if record.name == throttles.log.name] == [
        ConnectionError
    ] * 4


@pytest.mark.parametrize(
    ("rate", "means"),
    [
        ("600/min", (600, 60)),
        ("5/s", (5, 1)),
        ("1000/hour", (1000, 3600)),
        ("1/day", (1, 86400)),
        ("", (None, None)),
    ],
)
def test_a_rate_is_a_number_per_unit(settings, rate, means):
    settings.API_RATE = rate
    assert throttles.parsed(rate) == means and checks.rate_can_be_read(None) == []


@pytest.mark.parametrize(
    ("url", "is_one"),
    [("", True), ("redis://cache:6379/1", True), ("memcached://cache", False), ("cache:6379", False)],
)
def test_a_cache_is_a_redis_or_none(settings, url, is_one):
    settings.CACHE_URL = url
    assert (checks.cache_can_be_reached(None) == []) is is_one


@pytest.mark.parametrize(
    "rate", ["many", "0/min", "-3/min", "10", "10/", "10/fortnight", "600/month", "1.5/s"]
)
def test_what_is_no_rate_is_found_before_the_product_starts(settings, rate):
    settings.API_RATE = rate
    [found] = checks.rate_can_be_read(None)
    assert found.id == "desk.E010" and rate in found.msg
