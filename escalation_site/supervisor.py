"""Keeps several processes running as one: starts them, shows their logs, restarts what dies, stops cleanly.

One thread and one loop, so that it may fork whenever it likes. Each child leads a session of its own: Ctrl-C
in the terminal reaches the supervisor alone, which then asks each leader to finish what it has begun.
"""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

POLL = 0.25  # seconds between two looks at the children
PATIENCE = 20  # seconds a child may take to finish; after that its whole session is killed
STEADY = 60  # seconds after which a child counts as well again, and its back-off starts anew
LONGEST_WAIT = 30  # seconds between two attempts to start a child that keeps dying

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent():
    """Runs in the child before its program: should the supervisor itself be killed, its children stop too."""
    if _libc:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One supervised process: its name in the log, its command, the file descriptors it inherits, what its
    environment has besides."""

    name: str
    command: list
    pass_fds: tuple = ()
    environ: dict = field(default_factory=dict)
    process: subprocess.Popen | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0
    rest: bytes = field(default=b"", repr=False)

    def start(self, now):
        self.started = now
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=self.pass_fds,
            start_new_session=True,
            preexec_fn=_die_with_parent,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environ},
        )
        os.set_blocking(self.process.stdout.fileno(), False)

    def ask_to_stop(self):
        with suppress(ProcessLookupError):
            self.process.terminate()

    def kill_session(self):
        """Whatever is left of the child and of those it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def read_lines(self):
        """Whole lines written since the last look; what has no end yet waits for it."""
        chunk = self.process.stdout.read() or b""
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        return lines, bool(chunk)


class Supervisor:
    """Runs `children` until a signal says stop. `say` takes each line of output."""

    def __init__(self, children, say):
        self.children = children
        self.say = say
        self.signals = 0
        self.selector = selectors.DefaultSelector()
        self.width = max(len(child.name) for child in children)

    def run(self):
        """Start everything, return when everything has stopped."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._heard)
        try:
            while not self.signals:
                self._start_what_should_run()
                self._show_logs()
                self._notice_deaths()
        finally:
            self._stop()

    def _heard(self, number, frame):
        self.signals += 1

    def _start_what_should_run(self):
        now = time.monotonic()
        for child in self.children:
            if child.process is None and child.start_at <= now:
                child.start(now)
                self.selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _show_logs(self):
        if not self.selector.get_map():
            time.sleep(POLL)
        for key, _ in self.selector.select(POLL):
            self._show(key.data)

    def _show(self, child):
        lines, more = child.read_lines()
        for line in lines:
            self.say(f"{child.name:<{self.width}} | {line.decode(errors='replace')}")
        if not more:  # closed from the other side
            self.selector.unregister(child.process.stdout)

    def _notice_deaths(self):
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child)

    def _bury(self, child):
        now = time.monotonic()
        child.failures = 1 if now - child.started > STEADY else child.failures + 1
        wait = min(2 ** (child.failures - 1), LONGEST_WAIT)
        code = child.process.returncode
        self._close(child)
        child.process, child.start_at = None, now + wait
        self.say(f"{child.name} ended with code {code}; starting it again in {wait} s")

    def _close(self, child):
        """The last words of a dead child, and the end of whatever it left running."""
        child.kill_session()
        stdout = child.process.stdout
        if stdout in {key.fileobj for key in self.selector.get_map().values()}:
            self._show(child)
        with suppress(KeyError):
            self.selector.unregister(stdout)
        stdout.close()

    def _stop(self):
        running = [child for child in self.children if child.process is not None]
        for child in running:
            child.ask_to_stop()
        deadline = time.monotonic() + PATIENCE
        heard = self.signals
        while any(child.process.poll() is None for child in running):
            self._show_logs()
            if time.monotonic() > deadline or self.signals > heard:
                break
        for child in running:
            child.kill_session()
            child.process.wait()
            self._close(child)
