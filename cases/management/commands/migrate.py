"""Django's own; and where it fails half-way, the database's writers and guards stand again all the same."""

from django.core.management.commands import migrate

from cases import installation


class Command(migrate.Command):
    def handle(self, *args, **options):
        try:
            return super().handle(*args, **options)
        except BaseException:
            # Else they come back with the next migration alone, and who works till then leaves no trace.
            installation.after_migrating(options["database"])
            raise
