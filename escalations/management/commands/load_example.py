"""A believable desk to look at and to try: people, customers, rules, the cases of the last weeks."""

from django.core.management.base import BaseCommand
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import Case, Person, Standing
from cases.states import CaseStatus
from escalations.example import load, people
from escalations.models import Escalation


class Command(BaseCommand):
    help = "Load the example into an empty desk. Does nothing where there is something already."

    def handle(self, **options):
        if why := load.why_not():
            self.stdout.write(why)
            return
        self.stdout.write(_("Loading the example: some weeks of a desk's work, up to this minute ..."))
        load.load(now=timezone.now())
        self._say_what_there_is()
        self._say_who_can_log_in()

    def _say_what_there_is(self):
        statuses = dict(Case.objects.values_list("status").annotate(Count("pk")))
        counted = ", ".join(f"{statuses.get(status, 0)} {status.label.lower()}" for status in CaseStatus)
        self.stdout.write(
            _("%(cases)d cases (%(counted)s), %(escalated)d on a ladder, %(late)d late.")
            % {
                "cases": Case.objects.count(),
                "counted": counted,
                "escalated": Escalation.objects.running().count(),
                "late": Standing.objects.live().filter(is_breached=True).count(),
            }
        )

    def _say_who_can_log_in(self):
        self.stdout.write(
            _("Who can log in; the password of all is “%(password)s”:") % {"password": people.PASSWORD}
        )
        for person in Person.objects.working().order_by("role", "username"):
            self.stdout.write(
                f"  {person.username:<8} {person.get_role_display():<19} {person.name}, {person.title}"
            )
        self.stdout.write(
            _("To see the engine work: open a case of the category “Try the engine”, and wait a minute.")
        )
