"""Everything on one machine, under one roof: pages, a worker for the engine, one for delivery, the beat."""

import contextlib
import os
import socket
import sys

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils.translation import gettext as _

from cases.models import Case, Person
from escalation_site.supervisor import Child, Supervisor

WORKER = ["--pool=threads", "--concurrency=2", "--without-gossip", "--without-mingle", "--without-heartbeat"]


class Command(BaseCommand):
    help = "Run web, workers and beat together until Ctrl-C."
    # A folder that cannot be written to should be one line, said before anything else is looked at.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
        parser.add_argument("--port", type=int, default=8000, help="port to listen at")
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="first migrate, and load the example when there is no case yet",
        )

    def handle(self, *, host, port, prepare, **options):
        for folder in (settings.VAR_DIR, settings.STATIC_ROOT):
            check_writable(folder)
        # Held from here on: a restarted web process finds its port still ours.
        with listen(host, port) as door:
            self.check()
            try:
                if prepare:
                    self.prepare()
            except KeyboardInterrupt:
                raise CommandError(_("Stopped before it began.")) from None
            self.say(_("Escalation Desk is at http://localhost:%(port)s (Ctrl-C stops it)") % {"port": port})
            Supervisor(children(door), self.say).run()
        self.say(_("Stopped."))

    def prepare(self):
        try:
            call_command("migrate", verbosity=0, interactive=False)
            if Case.objects.exists():
                self.say_who_is_here()
            else:
                call_command("load_example", stdout=self.stdout, stderr=self.stderr)
        except DatabaseError as error:
            why = " ".join(str(error).split())
            raise CommandError(_("The database refuses: %(why)s") % {"why": why}) from error

    def say_who_is_here(self):
        names = list(Person.objects.working().order_by("username").values_list("username", flat=True)[:13])
        more = ", …" if len(names) > 12 else ""
        self.say(
            _("Log in as before: %(names)s (forgotten: manage.py changepassword NAME)")
            % {"names": ", ".join(names[:12]) + more}
        )

    def say(self, line):
        with contextlib.suppress(OSError):  # the terminal may be gone; stopping cleanly matters more
            self.stdout.write(line)
            self.stdout.flush()


def check_writable(folder):
    """Raises CommandError when what must be kept could not be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        raise CommandError(
            _("%(folder)s cannot be written to: make it writable, or name another folder in VAR_DIR.")
            % {"folder": folder}
        )


def listen(host, port):
    """A socket listening there. Raises CommandError when somebody else does."""
    try:
        return socket.create_server((host, port), backlog=128)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise CommandError(
            _("Cannot listen at %(host)s:%(port)s (%(why)s). Another port: make run PORT=8001")
            % {"host": host, "port": port, "why": why}
        ) from None


def children(door):
    """The four processes; `door` is the listening socket the web process takes over."""
    celery = [sys.executable, "-m", "celery", "--quiet", "--app", "escalation_site"]
    # All has been checked before any is started; each would load every page to check it again.
    checked = {"CELERY_SKIP_CHECKS": "1"}
    web = ["--bind", f"fd://{door.fileno()}", "--worker-class", "gthread", "--threads", "4"]
    quiet = ["--graceful-timeout", "5", "--no-control-socket", "--log-level", "warning"]
    return [
        Child(
            "web",
            [sys.executable, "-m", "gunicorn", "escalation_site.wsgi", *web, *quiet],
            pass_fds=(door.fileno(),),
        ),
        *(
            Child(name, [*celery, *command], environ=checked)
            for name, command in (
                ("engine", ["worker", "--queues", "engine", "--hostname", "engine@%h", *WORKER]),
                ("delivery", ["worker", "--queues", "delivery", "--hostname", "delivery@%h", *WORKER]),
                ("beat", ["beat", "--pidfile="]),
            )
        ),
    ]
