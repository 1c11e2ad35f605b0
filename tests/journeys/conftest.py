"""Databases and brokers of their own for tests that start the product's processes; the product running."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from django.db import connection
from playwright.sync_api import expect

from tests.journeys.processes import (
    HUNG,
    ROOT,
    answer_of,
    ask,
    free_port,
    is_ready,
    scripting,
    start_everything,
    wait_until,
)
from tests.template import run_on


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
    server = server or os.environ["DATABASE_URL"]
    name = f"desk_{uuid.uuid4().hex[:12]}"
    copied = f"TEMPLATE {urlsplit(template).path[1:]}" if template else ""
    run_on(f"CREATE DATABASE {name} {copied}", server)
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    run_on(f"DROP DATABASE {name} WITH (FORCE)", server)


def environment(folder, database, broker=None):
    """In which the product's processes run by themselves: own folder, own database, own broker."""
    return {
        **os.environ,
        "VAR_DIR": str(folder / "var"),
        "DATABASE_URL": database,
        "BROKER_URL": broker or f"sqla+sqlite:///{folder}/broker.sqlite3",
        "SITE_URL": "http://localhost:8000",
        "DATABASE_POOL_TIMEOUT": "60",
        # As `make run` does it: all is checked once, and not again by each process.
        "CELERY_SKIP_CHECKS": "1",
    }


@pytest.fixture
def product(tmp_path):
    """The environment of an installation that has nothing yet."""
    with own_database(tmp_path) as database:
        yield environment(tmp_path, database)


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
        wait_until(lambda: socket.create_connection(("127.0.0.1", self.port)).close() is None)

    def stop(self):
        self.server.terminate()
        self.server.wait(timeout=HUNG)


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
            answer_of(process, said, lambda: is_ready(product))
            yield product
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=HUNG) == 0, said.read_text()
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    quiet = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": quiet}


# Milliseconds that a page may take to show what is expected of it, or to be ready for what is done to it,
# where many processes share two cores.
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser(browser):
    """All of its pages have the same patience, whoever opens them."""
    new_context = browser.new_context

    def patient(**options):
        context = new_context(**options)
        context.set_default_timeout(PATIENCE)
        return context

    browser.new_context = patient
    return browser


@pytest.fixture(autouse=True)
def every_page_is_closed(request):
    """One that is left open goes on asking a server that is gone, for as long as the browser is there."""
    yield
    if "browser" in request.fixturenames:
        for context in request.getfixturevalue("browser").contexts:
            context.close()


# Everybody of the example, signed in without the door: {username, name or first's role: key of the session}.
SIGNED_IN = """
import json
from escalation_site.signed_in import SessionStore
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.conf import settings
from cases.models import Person
keys = {}
for person in Person.objects.working().order_by("pk"):
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(person.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    keys.setdefault(person.role, session.session_key)
    keys[person.username] = keys[person.name] = session.session_key
print(json.dumps(keys))
"""


class Served:
    """The example's desk, served at `url`, with a signed-in browser context for everybody who works there."""

    def __init__(self, product, browser, run):
        self.product, self.browser, self.run = product, browser, run
        self.url = f"http://localhost:{product['PORT']}"
        self.keys = self.ask(SIGNED_IN)

    def ask(self, script):
        """What a script says of the desk's database, as JSON."""
        return json.loads(self.run(script))

    @contextmanager
    def seen_by(self, who, **options):
        """A page of a browser in which `who` is signed in: a username, a name, or the first of a role."""
        context = self.browser.new_context(**options)
        cookie = {"name": "sessionid", "value": self.keys[who], "url": self.url}
        context.add_cookies([cookie])
        yield context.new_page()
        context.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory, example, browser):
    """The example's first day served by one web process, for every file that looks at pages; no engine moves
    anything meanwhile."""
    folder = tmp_path_factory.mktemp("served")
    loaded, files = example
    shutil.copytree(files, folder / "var")
    with own_database(folder, template=loaded) as database:
        product = {**environment(folder, database), "PORT": str(free_port())}
        with serving(product, folder), scripting(product) as run:
            yield Served(product, browser, run)


@contextmanager
def serving(product, folder):
    """One web process on what `product` names, until it ends."""
    with (folder / "said.log").open("w") as said:
        where = f"127.0.0.1:{product['PORT']}"
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "escalation_site.wsgi", "--threads=4", f"--bind={where}"],
            cwd=ROOT,
            env=product,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: ask(product, "/health/live"))
        yield
    finally:
        process.terminate()
        process.wait(timeout=HUNG)
