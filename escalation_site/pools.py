"""Connections to PostgreSQL, lent by a pool in each process that serves: none is made for one page alone."""

import os

from django.conf import settings
from django.db import connections

# What a parent process had open: kept, for nobody can close it here without disturbing the parent.
_inherited = []


def borrow():
    """From now on this process borrows its connections; called before it has any, by web and workers.

    A command has one connection and ends; it is told at once, and why, that there is no server.
    """
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("postgresql") and settings.DATABASE_POOL["max_size"]:
        database["OPTIONS"]["pool"] = settings.DATABASE_POOL


def forget_inherited():
    """A forked process has its parent's pools and connections, but not the threads that tend them: it begins
    anew."""
    for connection in connections.all(initialized_only=True):
        pools = getattr(connection, "_connection_pools", None)
        if pools is not None:
            _inherited.append((dict(pools), connection.connection))
            pools.clear()
            connection.connection = None


os.register_at_fork(after_in_child=forget_inherited)
