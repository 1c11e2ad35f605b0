"""What must be right before the product starts, and what else must be right before customers depend on it."""

import os
from datetime import timedelta

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

from cases.api.throttles import parsed

BROKERS = ("sqla+", "redis://", "rediss://", "redis+socket://", "amqp://", "amqps://", "memory://")
CACHES = ("redis://", "rediss://", "unix://")
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


@register(Tags.compatibility)
def pool_can_lend(app_configs, **kwargs):
    """The pool would say so only when the first page asks for a connection, and without a name to mend."""
    database, pool = settings.DATABASES["default"], settings.DATABASE_POOL
    if not pool["max_size"] or not database["ENGINE"].endswith("postgresql"):
        return []
    found = []
    if not 0 <= pool["min_size"] <= pool["max_size"]:
        found.append(
            Error(
                f"A pool of {pool['min_size']} to {pool['max_size']} connections cannot be.",
                hint="Set DATABASE_POOL_MIN to at most DATABASE_POOL_MAX; DATABASE_POOL_MAX=0 is no pool.",
                id="desk.E005",
            )
        )
    if pool["timeout"] <= 0:
        found.append(
            Error(
                "Nobody would ever get a connection from the pool.",
                hint="Set DATABASE_POOL_TIMEOUT to the seconds somebody may wait for one.",
                id="desk.E006",
            )
        )
    if database.get("CONN_MAX_AGE", 0) != 0:
        found.append(
            Error(
                "A pool and connections kept by each thread exclude each other.",
                hint="Take conn_max_age out of DATABASE_URL, or set DATABASE_POOL_MAX=0.",
                id="desk.E007",
            )
        )
    return found


@register(Tags.compatibility)
def limits_leave_time(app_configs, **kwargs):
    """An engine that is well is woken every five seconds; a limit below that would cry wolf."""
    shortest = timedelta(seconds=10)
    names = ("ENGINE_SILENT_AFTER", "BACKLOG_LATE_AFTER", "NOTICE_LATE_AFTER")
    return [
        Error(
            f"{name} is so short that an engine which is well would be called ill.",
            hint=f"Set {name} to {shortest.total_seconds():g} or more seconds.",
            id="desk.E008",
        )
        for name in names
        if getattr(settings, name) < shortest
    ]


@register(Tags.compatibility)
def rate_can_be_read(app_configs, **kwargs):
    try:
        parsed(settings.API_RATE)
    except ValueError:
        return [
            Error(
                f"API_RATE “{settings.API_RATE}” is no rate.",
                hint="Set it to a number per s, min, hour or day, as in 600/min; empty is no limit.",
                id="desk.E010",
            )
        ]
    return []


@register(Tags.compatibility)
def cache_can_be_reached(app_configs, **kwargs):
    if not settings.CACHE_URL or settings.CACHE_URL.startswith(CACHES):
        return []
    return [
        Error(
            "CACHE_URL names no Redis.",
            hint="Set it to redis://…, rediss://… or unix://…; or leave it empty: each process counts alone.",
            id="desk.E011",
        )
    ]


@register(Tags.security)
def metrics_token_is_secret(app_configs, **kwargs):
    if not settings.METRICS_TOKEN or len(settings.METRICS_TOKEN) >= 20:
        return []
    return [
        Error(
            "METRICS_TOKEN can be guessed.",
            hint="Set METRICS_TOKEN to 20 or more random characters, or leave it out: then this machine"
            " alone reads /metrics.",
            id="desk.E009",
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
