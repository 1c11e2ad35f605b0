"""Try a draft of an escalation path (or a published version) on the cases of the past."""

import json
import resource
import sys
import time
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.errors import Refused
from escalations.backtest import report
from escalations.backtest.run import backtest
from escalations.models import PathVersion


def instant(text):
    """An aware instant of a date or a time in ISO form; without an offset in the house's zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(
            _("“%(text)s” is no date; write it like 2026-03-02, or 2026-03-02T09:00:00+01:00.")
            % {"text": text}
        ) from error
    return at if at.tzinfo else timezone.make_aware(at)


class Command(BaseCommand):
    help = "What a draft of an escalation path would have done with the cases of the past."

    def add_arguments(self, parser):
        parser.add_argument(
            "path", help="its name; its newest draft is tried, else its newest version; or NAME:NUMBER"
        )
        parser.add_argument("--since", required=True, type=instant, metavar="DATE", help="the first day")
        parser.add_argument(
            "--until", type=instant, metavar="DATE", help="the day after the last one; else now"
        )
        parser.add_argument(
            "--proposals", action="store_true", help="also rules of this path that are switched off"
        )
        parser.add_argument("--json", action="store_true", help="everything that was counted, as JSON")

    def handle(self, *, path, since, until, proposals, **options):
        now = timezone.now()
        version, until, began = version_of(path), until or now, time.monotonic()
        try:
            counted = backtest(
                version=version, since=since, until=until, now=now, with_proposals=proposals, told=self.told
            )
        except Refused as refused:
            raise CommandError(" ".join(refused.messages)) from refused
        measured = {
            "seconds": round(time.monotonic() - began, 2),
            "peak_memory_mb": peak_memory_mb(),
        }
        about = {"version": str(version), "since": since, "until": until, **measured}
        found = report.as_json(counted, about)
        self.stdout.write(
            json.dumps(found, indent=2, ensure_ascii=False) if options["json"] else report.as_text(found)
        )

    def told(self, cases):
        self.stderr.write(_("%(cases)d cases") % {"cases": cases})


def version_of(name):
    """The version that `name` says: NAME:NUMBER, or the newest draft of NAME, else its newest version."""
    named, _sep, number = name.rpartition(":")
    found = PathVersion.objects.select_related("path")
    if number.isdecimal() and (exact := found.filter(path__name=named, number=number).first()):
        return exact
    newest = found.filter(path__name=name).order_by("-number")
    version = newest.filter(published_at=None).first() or newest.first()
    if version is None:
        known = ", ".join(
            f"“{known}”" for known in found.values_list("path__name", flat=True).distinct()[:20]
        )
        raise CommandError(
            _("There is no path “%(name)s”. There are: %(known)s.") % {"name": name, "known": known}
        )
    return version


def peak_memory_mb():
    """The most memory this process ever held, in MB (kilobytes on Linux, bytes on macOS)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))
