from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class EscalationsConfig(AppConfig):
    name = "escalations"
    verbose_name = _("Escalations")

    def ready(self):
        # Models are loaded only now; the others register themselves.
        from . import closing, expectations, installation, leaving, listening, reactions  # noqa: F401
        from .operations import options  # noqa: F401

        post_migrate.connect(installation.after_migrating, sender=self, dispatch_uid="escalations_default")
