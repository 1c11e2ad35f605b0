"""What every test may ask for: people (tests/factories.py), a fixed instant, a database that empties."""

import gc
import os
import threading
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.base.operations import BaseDatabaseOperations
from django.template.base import Template
from django.test.signals import template_rendered

from cases import watchdog, writers
from tests import drawing, template


def pytest_configure(config):
    drawing.begin()
    # A real hash takes longer than the rest of most tests.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Each client would look through all static files at its first request.
    settings.WHITENOISE_AUTOREFRESH = True
    # One process asks as one person more often than people do; who tests it sets it.
    settings.API_RATE = ""
    # A browser's event loop outlives its test, and Django would refuse all later ones the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_finish():
    """What is loaded by now stays, and need not be looked through again: a tenth of the whole run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Journeys first, for they mostly wait, and the rest is done meanwhile; then what has most to do."""
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: ("journeys" not in item.path.parts, -sizes[item.path], item.path))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """The URL of a database with every migration and nothing else, to be copied."""
    return template.migrated(shared_folder(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="session")
def example(tmp_path_factory):
    """The URL of a database with the example, to be copied, and the folder of its files."""
    return template.example(shared_folder(tmp_path_factory.getbasetemp()))


def shared_folder(base):
    """What all processes of a run have in common: of several, each has a folder of its own below."""
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        factory = getattr(session.config, "_tmp_path_factory", None)
        base = getattr(factory, "_basetemp", None)
        if base is not None:
            template.forget(base)


@pytest.fixture(scope="session")
def django_db_keepdb():
    """It is there and migrated already."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix, tmp_path_factory, migrated, django_db_blocker
):
    """A copy for each process. SQLite's is a file: as in production, threads meet in it."""
    database = settings.DATABASES["default"]
    if template.is_sqlite():
        path = tmp_path_factory.mktemp("database") / "desk.sqlite3"
        template.copy_to_file(migrated, path)
        database["TEST"]["NAME"] = str(path)
        yield
        return
    with django_db_blocker.unblock():
        name = connection.creation._get_test_db_name()
    template.copy_to_database(migrated, name)
    yield
    connection.close()
    template.drop(name)


@pytest.fixture(scope="session", autouse=True)
def flush_lifts_the_guards():
    """History is append-only, so that emptying all tables after a test with real transactions is refused.

    The wrapper stands on Django's own flush and on nothing that the product uses.
    """
    flush = BaseDatabaseOperations.execute_sql_flush

    def lift_and_flush(operations, sql_list):
        if operations.connection.vendor == "postgresql":
            return empty(operations.connection)
        with writers.lifted(operations.connection):
            flush(operations, sql_list)

    BaseDatabaseOperations.execute_sql_flush = lift_and_flush
    yield
    BaseDatabaseOperations.execute_sql_flush = flush


def empty(connection):
    """Delete what is in PostgreSQL's tables: to truncate a hundred that are empty, and to make their guards
    anew, takes longer than nearly every test."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    has_rows = " UNION ALL ".join(f"SELECT '{t}' WHERE EXISTS (SELECT FROM \"{t}\")" for t in tables)
    with connection.cursor() as cursor:
        cursor.execute(has_rows)
        full = [row[0] for row in cursor.fetchall()]
        # Each step in a transaction of its own: no table is altered while its keys are still to be checked.
        for step in (
            "ALTER TABLE {} DISABLE TRIGGER USER",
            "DELETE FROM {}",
            "ALTER TABLE {} ENABLE TRIGGER USER",
        ):
            with transaction.atomic(using=connection.alias):
                for table in full:
                    cursor.execute(step.format(f'"{table}"'))


@pytest.fixture(scope="session", autouse=True)
def an_answer_has_its_pages_context_alone(django_test_environment):
    """Django's test client copies the context of every template of a page, down to each field of a form,
    which takes a fifth of the writing; `response.context` is asked for what the view gave."""
    told, writing = Template._render, threading.local()

    def render(page, context):
        if getattr(writing, "is_on", False):
            return page.nodelist.render(context)
        template_rendered.send(sender=page, template=page, context=context)
        writing.is_on = True
        try:
            return page.nodelist.render(context)
        finally:
            writing.is_on = False

    Template._render = render
    yield
    Template._render = told


@pytest.fixture(autouse=True)
def nothing_is_remembered():
    """What a process remembers outlives a test; its database does not."""
    watchdog.MISSING_LATELY.forget()


@pytest.fixture(scope="module")
def for_all_of_the_module(django_db_setup, django_db_blocker):
    """What is made after this stays for all tests of the module: each rolls back to it. Rows that a test may
    alter are handed out as copies."""
    with template.rolled_back(django_db_blocker):
        yield


@pytest.fixture(scope="class")
def for_all_of_the_class(django_db_setup, django_db_blocker):
    """The same for a class, over what its module has."""
    with template.rolled_back(django_db_blocker):
        yield


@pytest.fixture(scope="session")
def now():
    """Monday 2 March 2026, 09:00 in Madrid (08:00 UTC): an hour at which everybody works."""
    return datetime(2026, 3, 2, 8, tzinfo=UTC)
