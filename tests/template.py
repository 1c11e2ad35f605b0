"""One database with every migration, made once a run by whichever process comes first, and copied by all: to
migrate takes as long as a hundred tests."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent


def is_sqlite():
    return settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")


def migrated(shared):
    """The URL of that database; `shared`: a folder that all processes of this run have in common."""
    url = f"sqlite:///{shared}/template.sqlite3" if is_sqlite() else _beside(_name(shared))
    with (shared / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = shared / "template.done"
        if not done.exists():
            if not is_sqlite():
                run_on(f'CREATE DATABASE "{_name(shared)}"')
            command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
            given = {"DATABASE_URL": url, "VAR_DIR": str(shared), "DATABASE_POOL_MAX": "0"}
            subprocess.run(command, cwd=ROOT, env={**os.environ, **given}, check=True)
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


def forget(shared):
    """At the end of the run; on SQLite it goes with the folder."""
    if not is_sqlite() and (shared / "template.done").exists():
        drop(_name(shared))


def run_on(sql, server=None):
    """One statement on the server under test, in a session of its own."""
    url = urlsplit(server or os.environ["DATABASE_URL"])._replace(path="/postgres").geturl()
    with psycopg.connect(url, autocommit=True) as admin:
        # Copies of one template wait for each other, and so does who drops them.
        admin.execute("SELECT pg_advisory_lock(hashtext('desk_tests'))")
        admin.execute(sql)


def _name(shared):
    return f"desk_template_{hashlib.sha256(str(shared).encode()).hexdigest()[:10]}"


def _beside(name):
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
