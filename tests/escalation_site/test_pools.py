"""The pool of connections: lent and taken back, checked, waited for, and gone when it is closed."""

import os
import threading

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, close_old_connections, connection, transaction
from django.test import RequestFactory

from escalation_site import pools
from tests.journeys.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pooled(monkeypatch, request):
    """This process borrows, two connections at most, until the test is over."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has files and no pool")
    connection.close()
    monkeypatch.setitem(settings.DATABASE_POOL, "max_size", 2)
    monkeypatch.setitem(settings.DATABASE_POOL, "timeout", getattr(request, "param", 60))
    pools.borrow()
    yield connection
    connection.close()
    connection.close_pool()
    del settings.DATABASES["default"]["OPTIONS"]["pool"]


def ask(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


def backend():
    return ask("SELECT pg_backend_pid()")


def at_the_end_of_a_request():
    close_old_connections()
    assert connection.connection is None


def test_the_next_page_has_the_last_ones_connection(pooled):
    first = backend()
    at_the_end_of_a_request()
    assert backend() == first


def test_no_query_waits_for_a_compiler(pooled):
    assert ask("SHOW jit") == "off"


def test_a_page_gives_its_connection_back(pooled):
    serve = WSGIHandler()
    environ = RequestFactory().get("/health/ready").environ
    answer = serve(environ, lambda status, headers: None)
    assert connection.connection is not None
    answer.close()  # as the web server does, when all is sent
    assert connection.connection is None
    assert pooled.pool.get_stats()["pool_available"] == 1


def test_a_connection_that_the_server_cut_is_never_lent(pooled):
    cut = backend()
    at_the_end_of_a_request()
    without_pool = connection.copy()
    without_pool.settings_dict = {**connection.settings_dict, "OPTIONS": {}}
    with without_pool.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [cut])
    without_pool.close()
    assert backend() != cut


def test_a_page_that_fails_gives_back_a_connection_without_its_transaction(pooled):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ask("SELECT set_config('desk.actor', '7', true)")
        raise ZeroDivisionError
    at_the_end_of_a_request()
    assert not ask("SELECT current_setting('desk.actor', true)")
    assert ask("SELECT now() = statement_timestamp()")


def test_more_threads_than_connections_wait_for_each_other(pooled):
    said, all_here = [], threading.Barrier(6)

    def work():
        all_here.wait(timeout=120)
        said.append(ask("SELECT pg_backend_pid() FROM pg_sleep(0.05)"))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    assert (len(said), len(set(said))) == (6, 2)


@pytest.mark.parametrize("pooled", [2], indirect=True, ids=["patience of 2 s"])
def test_who_waits_too_long_is_refused_as_by_a_database_that_does_not_answer(pooled):
    held = [connection.copy() for _ in range(2)]
    for one in held:
        one.ensure_connection()
    try:
        with pytest.raises(OperationalError):
            backend()
    finally:
        for one in held:
            one.close()
    assert backend()


def test_a_forked_child_begins_anew_and_leaves_its_parent_alone(pooled):
    mine = backend()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, str(backend()).encode())
            connection.close()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        theirs = int(said.read())
    os.waitpid(child, 0)
    assert theirs != mine
    assert backend() == mine


def test_a_closed_pool_holds_no_connection_so_that_its_database_can_go(pooled):
    mine = backend()
    connection.close()
    connection.close_pool()
    left = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND pid <> pg_backend_pid()"
    # The server's part of it takes a moment to end.
    wait_until(lambda: ask(left, mine) == 0)
