from django.apps import AppConfig
from django.db import connection
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "cases"
    verbose_name = _("Cases")

    def ready(self):
        # Models are loaded only now.
        from . import expectations, installation, reactions  # noqa: F401  (these register themselves)

        connection_created.connect(installation.on_connection, dispatch_uid="desk_context")
        pre_migrate.connect(installation.before_migrating, sender=self, dispatch_uid="desk_lift")
        if connection.vendor == "postgresql":  # elsewhere nothing needs the driver, a tenth of the start
            from . import instants

            connection_created.connect(instants.read_quickly, dispatch_uid="desk_instants")
        post_migrate.connect(installation.after_migrating, sender=self, dispatch_uid="desk_install")
