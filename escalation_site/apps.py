from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import Tags, register


class EscalationSiteConfig(AppConfig):
    name = "escalation_site"
    default = True

    def ready(self):
        from escalation_site import checks  # noqa: F401  (registers them)


class ConsoleConfig(SimpleAdminConfig):
    """Django's admin as the managers' console. It is loaded with the addresses (escalation_site/urls.py) and
    where it is checked: half of what a worker would load, and 24 MB, and it needs none of it."""

    default_site = "cases.console.ConsoleSite"
    default = False

    def ready(self):
        register(check_dependencies, Tags.admin)
        register(check_console, Tags.admin)


def check_console(app_configs, **kwargs):
    """Django's own check, of a console that is there."""
    admin.autodiscover()
    return check_admin_app(app_configs, **kwargs)
