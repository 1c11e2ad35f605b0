"""Replay an incident log through the same operations and the same engine, with the log's own clock."""

import json
import resource
import sys
import time
from datetime import timedelta
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import EnginePass
from escalations.replay import mapping as mappings
from escalations.replay.log import Log, LogRefused
from escalations.replay.player import CannotReplay, Player, begin
from escalations.replay.report import report_of

REFUSED = 2
# An engine that looked this recently would fire the log's past as if it were due today.
AN_ENGINE_IS_NEAR = timedelta(seconds=10)
EVERY = 5.0  # seconds between two lines of progress


class Command(BaseCommand):
    help = (
        "Replay an incident log (CSV, may be gzipped) into a database without live cases; it can be stopped."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--mapping", type=Path, default=mappings.DEFAULT, help="what it calls things (TOML)"
        )
        parser.add_argument("--report", type=Path, help="write the report there, as JSON")

    def handle(self, *, file, mapping, report, **options):
        self.told_at = self.began_at = time.monotonic()
        try:
            read = mappings.load(mapping)
            self.require_quiet()
            self.log = Log(file, read)
            player = Player(begin(read), read, stopwatch=time.monotonic, told=self.progress)
            self.first = player.replay.events
            if self.first:
                self.stderr.write(_("Going on after %(events)d events.") % {"events": self.first})
            player.play(self.log)
            player.finish(self.log, at=timezone.now())
        except LogRefused as error:
            raise CommandError(f"{file}: {error}\n{self.kept(player)}", returncode=REFUSED) from error
        except (mappings.BadMapping, CannotReplay) as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        result = {**report_of(player.replay), "peak_memory_mb": peak_memory_mb()}
        if report is not None:
            report.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        self.show(result)

    def require_quiet(self):
        if EnginePass.objects.filter(started_at__gt=timezone.now() - AN_ENGINE_IS_NEAR).exists():
            raise CannotReplay(
                _("An engine is at work on this database and would fire the log today; stop it.")
            )

    def progress(self, player):
        now = time.monotonic()
        if now - self.told_at < EVERY:
            return
        self.told_at = now
        words = {
            "share": 100 * self.log.share_read,
            "events": player.replay.events,
            "at": player.replay.at.strftime("%Y-%m-%d %H:%M"),
            "rate": (player.replay.events - self.first) / (now - self.began_at),
            "memory": peak_memory_mb(),
        }
        self.stderr.write(
            _("%(share)3.0f %% read, %(events)d events, up to %(at)s; %(rate).0f events/s, %(memory)d MB")
            % words
        )

    def kept(self, player):
        replay = player.replay
        if replay.pk is None:
            return _("Nothing was replayed.")
        return _(
            "Kept: %(events)d events, up to %(at)s. Mend the file and run this again; it goes on from there."
        ) % {
            "events": replay.events,
            "at": replay.at.strftime("%Y-%m-%d %H:%M"),
        }

    def show(self, result):
        for key, value in result.items():
            if key == "differences":
                self.stdout.write(f"{key}: {len(value)}")
                for row in value:
                    words = {True: _("met"), False: _("missed"), None: "?"}
                    self.stdout.write(
                        f"  {row['number']}: desk {words[row['desk']]}, house {words[row['house']]},"
                        f" recorded {words[row['recorded']]}: {row['reason']}"
                    )
            else:
                self.stdout.write(f"{key}: {value}")


def peak_memory_mb():
    """The most memory this process ever held, in MB (kilobytes on Linux, bytes on macOS)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))
