"""A whole round of the reconciler at once: every open case's timers against what its state asks for."""

import json
import sys
from time import perf_counter

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import reconciling
from cases.models import TimerRepair

from .run_engine import instant


class Command(BaseCommand):
    help = "Compare every open case's timers with what its state asks for, and repair; exit 1 on findings."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="say it as JSON")
        parser.add_argument("--check", action="store_true", help="repair nothing")
        parser.add_argument("--now", metavar="ISO", help="the instant to work as of")

    def handle(self, *, check, now, **options):
        began = perf_counter()
        report = reconciling.whole_round(now=instant(now) if now else timezone.now(), mending=not check)
        if options["json"]:
            self.stdout.write(json.dumps(_as_dict(report, perf_counter() - began)))
        else:
            self.tell(report, check)
        if report.repairs or report.busy or report.failed:
            sys.exit(1)

    def tell(self, report, check):
        looked = ngettext("%(count)d open case looked at.", "%(count)d open cases looked at.", report.cases)
        self.stdout.write(looked % {"count": report.cases})
        for finding, count in report.findings.items():
            if count:
                self.stdout.write(f"{TimerRepair.Finding(finding).label}: {count}")
        if report.busy:
            wrong = (
                ngettext(
                    "Something seems wrong on %(count)d case.",
                    "Something seems wrong on %(count)d cases.",
                    report.busy,
                )
                if check
                else ngettext(
                    "%(count)d case is gone or in other hands; look again.",
                    "%(count)d cases are gone or in other hands; look again.",
                    report.busy,
                )
            )
            self.stdout.write(wrong % {"count": report.busy})
        for pk in report.failed:
            self.stderr.write(_("Case with id %(id)d could not be looked at; the log says why.") % {"id": pk})
        if not (report.repairs or report.busy or report.failed):
            self.stdout.write(_("Every timer is where it should be."))


def _as_dict(report, seconds):
    return {
        "cases": report.cases,
        "seconds": round(seconds, 3),
        "repairs": len(report.repairs),
        "findings": report.findings,
        "seemingly_wrong": report.busy,
        "failed": report.failed,
    }
