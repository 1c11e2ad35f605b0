"""A database with every migration, and one with the example besides, each made once a run by whoever
comes first and copied by all: to migrate takes as long as a hundred tests, the example as long again."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import transaction

ROOT = Path(__file__).resolve().parent.parent


def is_sqlite():
    return settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")


def migrated(shared):
    """The URL of the migrated one; `shared`: a folder that all processes of this run have in common."""
    return _made(shared, "migrated", ["migrate"], copied_from=None)


def example(shared):
    """The URL of the one with the example, and the folder of the files that belong to it."""
    url = _made(shared, "example", ["load_example"], copied_from=migrated(shared))
    return url, shared / "example"


def _made(shared, what, command, copied_from):
    url = f"sqlite:///{shared}/{what}.sqlite3" if is_sqlite() else _beside(_name(shared, what))
    with (shared / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = shared / f"{what}.done"
        if not done.exists():
            if is_sqlite() and copied_from:
                copy_to_file(copied_from, shared / f"{what}.sqlite3")
            elif copied_from:
                copy_to_database(copied_from, _name(shared, what))
            elif not is_sqlite():
                run_on(f'CREATE DATABASE "{_name(shared, what)}"')
            given = {"DATABASE_URL": url, "VAR_DIR": str(shared / what), "DATABASE_POOL_MAX": "0"}
            (shared / what).mkdir()
            subprocess.run(
                [sys.executable, "manage.py", *command, "--verbosity=0"],
                cwd=ROOT,
                env={**os.environ, **given},
                check=True,
                stdout=subprocess.DEVNULL,
            )
            done.touch()
    return url


def copy_to_file(template, path):
    shutil.copy(template.removeprefix("sqlite:///"), path)


def copy_to_database(template, name):
    """PostgreSQL copies a database while nobody uses it, one copy at a time."""
    source = urlsplit(template).path[1:]
    run_on(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    run_on(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')


def drop(name):
    run_on(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def rolled_back(blocker):
    """A transaction around tests that roll back theirs, and at its end everything."""
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def forget(shared):
    """At the end of the run; on SQLite they go with the folder."""
    for what in ("migrated", "example"):
        if not is_sqlite() and (shared / f"{what}.done").exists():
            drop(_name(shared, what))


def run_on(sql, server=None):
    """One statement on the server under test, in a session of its own."""
    url = urlsplit(server or os.environ["DATABASE_URL"])._replace(path="/postgres").geturl()
    with psycopg.connect(url, autocommit=True) as admin:
        # Copies of one template wait for each other, and so does who drops them.
        admin.execute("SELECT pg_advisory_lock(hashtext('desk_tests'))")
        admin.execute(sql)


def _name(shared, what):
    return f"desk_{what}_{hashlib.sha256(str(shared).encode()).hexdigest()[:10]}"


def _beside(name):
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
