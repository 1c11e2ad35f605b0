"""What must be right before the product starts, and what else must be right before customers depend on it."""

import os

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

BROKERS = ("sqla+", "redis://", "rediss://", "redis+socket://", "amqp://", "amqps://", "memory://")
ENGINES = ("sqlite3", "postgresql")


@register(Tags.files)
def folder_is_writable(app_configs, **kwargs):
    if os.access(settings.VAR_DIR, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"{settings.VAR_DIR} cannot be written to.",
            hint="Make it writable, or name another folder in VAR_DIR.",
            id="desk.E001",
        )
    ]


@register(Tags.compatibility)
def database_is_known(app_configs, **kwargs):
    engine = settings.DATABASES["default"]["ENGINE"]
    if engine.rsplit(".", 1)[-1] in ENGINES:
        return []
    return [
        Error(
            f"The history needs SQLite or PostgreSQL to write it; {engine} is neither.",
            hint="Set DATABASE_URL to sqlite:///… or postgresql://…",
            id="desk.E002",
        )
    ]


@register(Tags.compatibility)
def broker_is_known(app_configs, **kwargs):
    if settings.BROKER_URL.startswith(BROKERS):
        return []
    return [
        Error(
            f"No broker is spoken to as {settings.BROKER_URL.split(':', 1)[0]}://.",
            hint="Set BROKER_URL to redis://…, amqp://… or sqla+sqlite:///…",
            id="desk.E003",
        )
    ]


@register(Tags.security, deploy=True)
def secret_is_secret(app_configs, **kwargs):
    if not settings.SECRET_KEY.startswith("insecure-"):
        return []
    return [
        Error(
            "SECRET_KEY is the one that everybody can read in the sources.",
            hint="Set SECRET_KEY to 50 or more random characters.",
            id="desk.E004",
        )
    ]


@register(Tags.compatibility, deploy=True)
def services_are_shared(app_configs, **kwargs):
    """One machine's files serve one machine; several web and worker processes need servers."""
    found = []
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(
            Warning(
                "The database is a file on this machine.",
                hint="Set DATABASE_URL to a PostgreSQL.",
                id="desk.W001",
            )
        )
    if settings.BROKER_URL.startswith("sqla+"):
        found.append(
            Warning(
                "The broker is a file on this machine.", hint="Set BROKER_URL to a Redis.", id="desk.W002"
            )
        )
    return found


@register(Tags.urls, deploy=True)
def address_is_public(app_configs, **kwargs):
    """Links in mails are made from SITE_URL."""
    if settings.SITE_URL.startswith("https://"):
        return []
    return [
        Warning(
            f"Mails would link to {settings.SITE_URL}.",
            hint="Set SITE_URL to the https:// address that people use.",
            id="desk.W003",
        )
    ]
