from django.apps import AppConfig
from django.contrib.admin import apps as admin


class EscalationSiteConfig(AppConfig):
    name = "escalation_site"
    default = True

    def ready(self):
        from escalation_site import checks  # noqa: F401  (registers them)


class ConsoleConfig(admin.AdminConfig):
    """Django's admin as the managers' console."""

    default_site = "cases.console.ConsoleSite"
    default = False
