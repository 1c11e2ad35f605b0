"""Databases and brokers of their own for tests that start the product's processes; the product running."""

import os
import shutil
import signal
import socket
import subprocess
import uuid
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from tests.journeys.processes import free_port, is_ready, manage, start_everything, wait_until


@contextmanager
def own_database(folder, template=None, server=None):
    """The URL of a new database on the engine under test: empty, or a copy of the one at `template`.

    `server`: the URL of another PostgreSQL than the one under test.
    """
    if connection.vendor == "sqlite":
        if template:
            shutil.copy(template.removeprefix("sqlite:///"), folder / "desk.sqlite3")
        yield f"sqlite:///{folder}/desk.sqlite3"
        return
    server = urlsplit(server or os.environ["DATABASE_URL"])
    name = f"desk_{uuid.uuid4().hex[:12]}"
    copied = f"TEMPLATE {urlsplit(template).path[1:]}" if template else ""
    run_on(server, f"CREATE DATABASE {name} {copied}")
    yield server._replace(path=f"/{name}").geturl()
    run_on(server, f"DROP DATABASE {name} WITH (FORCE)")


def run_on(server, sql):
    """One statement, in a session of its own: a test may have ended all others."""
    with psycopg.connect(server._replace(path="/postgres").geturl(), autocommit=True) as admin:
        admin.execute(sql)


def environment(folder, database, broker=None):
    """In which the product's processes run by themselves: own folder, own database, own broker."""
    return {
        **os.environ,
        "VAR_DIR": str(folder / "var"),
        "DATABASE_URL": database,
        "BROKER_URL": broker or f"sqla+sqlite:///{folder}/broker.sqlite3",
        "SITE_URL": "http://localhost:8000",
    }


@pytest.fixture
def product(tmp_path):
    """The environment of an installation that has nothing yet."""
    with own_database(tmp_path) as database:
        yield environment(tmp_path, database)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """The URL of a database with every migration and nothing else, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    with own_database(folder) as database:
        manage(environment(folder, database), "migrate", "--verbosity=0")
        yield database


class Redis:
    """A broker of our own that keeps nothing, on a port of its own, which may be stopped and started."""

    def __init__(self, folder):
        self.program, self.folder, self.port = shutil.which("redis-server"), folder, free_port()
        if self.program is None:
            pytest.skip("redis-server is not installed: nothing was tested with Redis as the broker")
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        settings = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.server = subprocess.Popen([self.program, *settings], stdout=subprocess.DEVNULL, cwd=self.folder)
        wait_until(lambda: socket.create_connection(("127.0.0.1", self.port)).close() is None, within=10)

    def stop(self):
        self.server.terminate()
        self.server.wait(timeout=10)


@contextmanager
def own_redis(folder):
    server = Redis(folder)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def no_broker_of_its_own(folder):
    yield None


# The two ways to run: all in files of one machine, or on servers.
BROKER = "embedded" if connection.vendor == "sqlite" else "redis"


@pytest.fixture(scope="module", params=[BROKER])
def running(request, tmp_path_factory, migrated):
    """Everything running as after `make run`, with the broker that goes with the database; and its PORT."""
    folder = tmp_path_factory.mktemp(request.param)
    broker_of = {"embedded": no_broker_of_its_own, "redis": own_redis}[request.param]
    with own_database(folder, template=migrated) as database, broker_of(folder) as broker:
        product = {**environment(folder, database, broker), "PORT": str(free_port())}
        process, said = start_everything(product, folder)
        try:
            wait_until(lambda: is_ready(product), within=120)
            yield product
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0, said.read_text()
        finally:
            process.kill()
            process.wait()
