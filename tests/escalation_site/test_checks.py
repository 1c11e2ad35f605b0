"""What the product refuses to start with, and what it says before customers depend on it."""

import pytest

from escalation_site import checks


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
