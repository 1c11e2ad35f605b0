"""Where a process may die: it kills itself (SIGKILL) when it comes to a named boundary for the nth time.

Only the test's own processes import this, and it stands around the product, not in it. A worker imports it
with `--include tests.journeys.boundaries` and finds in its environment DIE_AT="before_commit:3", and LEASE:
for how many seconds a notice is left to who died sending it. CLOCK is a file that says by how many seconds
the clock of such a process is set forward, now and from then on.
"""

import os
import signal
import smtplib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from django.core.mail import EmailMessage
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from cases import engine
from cases.models.timer import TimerQuerySet
from cases.operations import delivering, notify

ENGINE = ("after_claim", "between_effects", "after_effects", "before_commit", "after_commit")
DELIVERY = ("before_sending", "while_sending", "after_sending")


class _Death:
    def __init__(self, boundary, times, only_where=None):
        self.boundary, self.left, self.only_where = boundary, times, only_where

    def reached(self, boundary):
        if boundary == self.boundary:
            self.left -= 1
            if self.left == 0:
                die()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(boundary, times):
    """Die when this process reaches `boundary` for the `times`th time."""
    if boundary not in (*ENGINE, *DELIVERY):
        raise ValueError(f"no boundary is called {boundary}")
    reached = _Death(boundary, times).reached
    _around_a_pass(reached)
    _around_a_mail(reached)


def die_of(kind, subject_id):
    """Die, every time, of reacting to the timer of this kind and subject."""
    reaction = engine.REACTIONS[kind]

    def deadly(group, **given):
        if any(timer.subject_id == subject_id for timer in group):
            die()
        reaction(group, **given)

    engine.REACTIONS[kind] = deadly


def _around_a_pass(reached):
    """A pass: cases locked and timers read; effects, one after the other; then its commit."""
    in_pass = []
    _wrap(TimerQuerySet, "earliest_per_case", after=lambda: reached("after_claim"))
    _wrap(notify, "queue", before=lambda: in_pass and reached("between_effects"))
    _wrap(engine, "react", before=lambda: in_pass.append(True), after=lambda: reached("after_effects"))

    def committing():
        if in_pass:
            reached("before_commit")

    def committed():
        if in_pass:
            in_pass.clear()
            reached("after_commit")

    _wrap(BaseDatabaseWrapper, "commit", before=committing, after=committed)


def _around_a_mail(reached):
    """A mail: leased to this process, its conversation open, taken by the server and not yet called sent."""
    _wrap(delivering, "message", before=lambda: reached("before_sending"))
    _wrap(EmailMessage, "send", after=lambda: reached("after_sending"))
    send = smtplib.SMTP.send

    def half(self, text):
        if len(text) > 200:  # the mail itself, not a command
            with suppress(OSError):
                self.sock.sendall(text[:100] if isinstance(text, bytes) else text[:100].encode())
            reached("while_sending")
            text = text[100:]
        return send(self, text)

    smtplib.SMTP.send = half


def _wrap(owner, name, before=None, after=None):
    original = getattr(owner, name)

    def wrapped(*args, **kwargs):
        if before:
            before()
        result = original(*args, **kwargs)
        if after:
            after()
        return result

    setattr(owner, name, wrapped)


def set_by(file, now=timezone.now):
    """Let this process's clock follow `file`, which may change at any moment."""
    timezone.now = lambda: now() + timedelta(seconds=float(file.read_text() or 0))


if "CLOCK" in os.environ:
    set_by(Path(os.environ["CLOCK"]))
if "LEASE" in os.environ:
    delivering.LEASE = timedelta(seconds=int(os.environ["LEASE"]))
if "DIE_AT" in os.environ:
    where, _, nth = os.environ["DIE_AT"].partition(":")
    die_at(where, int(nth))
