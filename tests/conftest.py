"""What every test may ask for: people (tests/factories.py), a fixed instant, a database that empties."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db.backends.base.operations import BaseDatabaseOperations

from cases import writers


def pytest_configure(config):
    # A real hash takes longer than the rest of most tests.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """SQLite's test database is a file, one for each process: as in production, threads meet in it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "desk.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def flush_lifts_the_guards():
    """History is append-only, so that emptying all tables after a test with real transactions is refused.

    The wrapper stands on Django's own flush and on nothing that the product uses.
    """
    flush = BaseDatabaseOperations.execute_sql_flush

    def lift_and_flush(operations, sql_list):
        with writers.lifted(operations.connection):
            flush(operations, sql_list)

    BaseDatabaseOperations.execute_sql_flush = lift_and_flush
    yield
    BaseDatabaseOperations.execute_sql_flush = flush


@pytest.fixture
def now():
    """Monday 2 March 2026, 09:00 in Madrid (08:00 UTC): an hour at which everybody works."""
    return datetime(2026, 3, 2, 8, tzinfo=UTC)
