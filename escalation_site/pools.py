"""Connections to PostgreSQL are lent by a pool in each process: none is made for a page or a task alone."""

import os

from django.db import connections

# What a parent process had open: kept, for nobody can close it here without disturbing the parent.
_inherited = []


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
