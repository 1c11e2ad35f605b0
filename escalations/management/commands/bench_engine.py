"""Measure the engine on this machine and this database server, beside what it is compared with."""

import json
import os
import platform
import subprocess
import sys
import uuid
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from escalations.benchmark.rounds import Bench

HERE = "DESK_BENCH_HERE"


class Command(BaseCommand):
    help = "Measure the engine in a database of its own, made on the configured server and dropped after."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--cases", type=int, default=1_000_000, help="open cases, each with a pending timer"
        )
        parser.add_argument("--due", type=int, default=20_000, help="of which so many fire in each run")
        parser.add_argument("--workers", type=int, default=2, help="engines at once, at most")
        parser.add_argument("--json", action="store_true", help="print nothing but the figures, as JSON")

    def handle(self, *, cases, due, workers, **options):
        if connection.vendor != "postgresql":
            raise CommandError(
                _("The yardstick is one PostgreSQL statement; set DATABASE_URL to a PostgreSQL server.")
            )
        if min(cases, due, workers) < 1:
            raise CommandError(_("--cases, --due and --workers must each be at least 1."))
        if os.environ.get(HERE) != settings.DATABASES["default"]["NAME"]:
            return self.elsewhere()
        call_command("migrate", verbosity=0)
        try:
            figures = Bench(cases=cases, due=due, workers=workers, told=self.told).run()
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.show(
            {"date": timezone.now().date().isoformat(), "machine": machine(), **figures}, options["json"]
        )

    def elsewhere(self):
        """Run again in a new database: what is measured never touches anybody's cases."""
        name = f"desk_bench_{uuid.uuid4().hex[:10]}"
        with psycopg.connect(
            **connection.get_connection_params() | {"dbname": "postgres"}, autocommit=True
        ) as admin:
            admin.execute(f'CREATE DATABASE "{name}"')
            try:
                url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
                done = subprocess.run(
                    [sys.executable, *sys.argv], env={**os.environ, "DATABASE_URL": url, HERE: name}
                )
            finally:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        if done.returncode:
            raise CommandError(_("The measurement failed."), returncode=done.returncode)

    def told(self, what):
        self.stderr.write(f"{timezone.now():%H:%M:%S} {what}")

    def show(self, figures, as_json):
        if as_json:
            self.stdout.write(json.dumps(figures, indent=2))
            return
        for key, value in figures.items():
            self.stdout.write(f"{key}: {value}")


def machine():
    """What the figures belong to: processors, memory, versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (server,) = cursor.fetchone()
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()},"
        f" PostgreSQL {server.split()[0]}"
    )
