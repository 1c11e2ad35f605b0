"""What the product refuses to start with, and what it says before customers depend on it."""

import subprocess
import sys
from datetime import timedelta

import pytest

from escalation_site import checks
from tests.template import ROOT


def found(check):
    return [message.id for message in check(None)]


@pytest.mark.parametrize(
    ("check", "setting", "well", "ill", "said"),
    [
        (checks.broker_is_known, "BROKER_URL", "redis://localhost/0", "kafka://localhost", "desk.E003"),
        (checks.secret_is_secret, "SECRET_KEY", "n" * 60, "insecure-for-this-machine-only-x", "desk.E004"),
        (checks.services_are_shared, "BROKER_URL", "redis://localhost/0", "sqla+sqlite:///x", "desk.W002"),
        (checks.address_is_public, "SITE_URL", "https://desk.example.com", "http://localhost", "desk.W003"),
    ],
)
def test_a_setting_that_would_fail_later_is_named_now(settings, monkeypatch, check, setting, well, ill, said):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    setattr(settings, setting, well)
    assert found(check) == []
    setattr(settings, setting, ill)
    assert found(check) == [said]


@pytest.mark.parametrize(
    ("engine", "known", "shared"),
    [("sqlite3", [], ["desk.W001"]), ("postgresql", [], []), ("mysql", ["desk.E002"], [])],
)
def test_the_history_is_written_on_two_databases(settings, monkeypatch, engine, known, shared):
    settings.BROKER_URL = "redis://localhost/0"
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", f"django.db.backends.{engine}")
    assert found(checks.database_is_known) == known
    assert found(checks.services_are_shared) == shared


def test_a_folder_that_is_not_there_cannot_be_written_to(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    assert found(checks.folder_is_writable) == []
    settings.VAR_DIR = tmp_path / "missing"
    assert found(checks.folder_is_writable) == ["desk.E001"]


@pytest.mark.parametrize(
    ("said", "errors"),
    [
        ({}, []),
        ({"min_size": 4, "max_size": 4}, []),
        ({"min_size": 5, "max_size": 4}, ["desk.E005"]),
        ({"min_size": -1}, ["desk.E005"]),
        ({"max_size": -1}, ["desk.E005"]),
        ({"timeout": 0}, ["desk.E006"]),
        ({"min_size": 9, "max_size": 0}, []),  # no pool at all
    ],
)
def test_a_pool_that_could_lend_nothing_is_named_now(settings, monkeypatch, said, errors):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    settings.DATABASE_POOL = settings.DATABASE_POOL | said
    assert found(checks.pool_can_lend) == errors
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    assert found(checks.pool_can_lend) == []


def test_a_pool_and_lasting_connections_exclude_each_other(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    monkeypatch.setitem(settings.DATABASES["default"], "CONN_MAX_AGE", 60)
    assert found(checks.pool_can_lend) == ["desk.E007"]


@pytest.mark.parametrize("name", ["ENGINE_SILENT_AFTER", "BACKLOG_LATE_AFTER", "NOTICE_LATE_AFTER"])
def test_a_limit_that_would_call_a_well_engine_ill_is_named_now(settings, name):
    assert found(checks.limits_leave_time) == []
    setattr(settings, name, timedelta(seconds=10))
    assert found(checks.limits_leave_time) == []
    setattr(settings, name, timedelta(seconds=9))
    assert found(checks.limits_leave_time) == ["desk.E008"]


@pytest.mark.parametrize(("token", "errors"), [("", []), ("x" * 19, ["desk.E009"]), ("x" * 20, [])])
def test_a_token_that_can_be_guessed_is_named_now(settings, token, errors):
    settings.METRICS_TOKEN = token
    assert found(checks.metrics_token_is_secret) == errors


def test_what_serves_no_page_loads_no_console_and_a_check_of_everything_looks_at_it():
    asked = (
        "import sys, django; from django.core import checks; django.setup(); "
        "loaded = lambda: any(name.startswith(('unfold.admin', 'cases.admin')) for name in sys.modules); "
        "before = loaded(); checks.run_checks(tags=['admin']); "
        "from django.contrib import admin; print(before, loaded(), len(admin.site._registry) > 20)"
    )
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "True", "True"]
