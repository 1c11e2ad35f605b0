"""The console's pages of this app: facts are read, rules are drafted and published, people are kept."""

from django.contrib import admin
from django.contrib.auth.admin import Group  # from where it is registered: it is, whoever asks for us first

from . import (
    absences,
    calendars,
    composing,
    customers,
    engine,
    facts,
    packs,
    patterns,
    people,
    recalculations,
    roster,
    rules,
    skills,
    sla,
    teams,
)

__all__ = [
    "absences",
    "calendars",
    "composing",
    "customers",
    "engine",
    "facts",
    "packs",
    "patterns",
    "people",
    "recalculations",
    "roster",
    "rules",
    "skills",
    "sla",
    "teams",
]

# Roles are a table in code; groups would be a second one.
admin.site.unregister(Group)
