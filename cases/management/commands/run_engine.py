"""Run the engine from the command line: once, until nothing is due, or on and on."""

import os
import socket
import time
from datetime import UTC, datetime

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone
from django.utils.translation import gettext as _

from cases import engine
from cases.operations import recalculating

# Seconds after which it looks whether a changed calendar left something to do.
LOOK_UP_EVERY = 5


def instant(text):
    """An instant in ISO form; without an offset it is taken as UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(
            _("“%(text)s” is no time; write it like 2026-03-02T09:00:00+01:00.") % {"text": text}
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Fire the timers that are due."

    def add_arguments(self, parser):
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--once", action="store_true", help="one pass")
        how.add_argument("--until-idle", action="store_true", help="passes until nothing is due")
        parser.add_argument(
            "--now", metavar="ISO", help="the instant to work as of; needs --once or --until-idle"
        )

    def handle(self, *, once, until_idle, now, **options):
        if now and not (once or until_idle):
            raise CommandError(
                _("--now works with --once or --until-idle; an engine that runs on has a clock.")
            )
        at = instant(now) if now else timezone.now()
        if once:
            fired = engine.run_once(now=at)
        elif until_idle:
            while recalculating.next_slice(now=at):
                pass
            fired = engine.run_until_idle(now=at)
        else:
            fired = self.run_on()
        self.stdout.write(_("%(fired)d timers fired") % {"fired": fired})

    def run_on(self):
        worker = f"run_engine/{socket.gethostname()}/{os.getpid()}"
        total = 0
        while True:
            try:
                while recalculating.next_slice(now=timezone.now()):
                    pass
                total += engine.linger(
                    seconds=LOOK_UP_EVERY,
                    clock=timezone.now,
                    sleep=time.sleep,
                    stopped=lambda: False,
                    worker=worker,
                )
            except KeyboardInterrupt:
                return total
            except (OperationalError, InterfaceError) as error:
                # The database is away or was restarted: what is due stands in it, and is looked for again.
                self.stderr.write(f"{type(error).__name__}: {error}")
                close_old_connections()
                time.sleep(1)
