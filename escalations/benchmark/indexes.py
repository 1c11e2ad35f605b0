"""The indexes that Django and simple-history would create by default and we leave out."""

from django.apps import apps
from django.db import connection, models

APPS = ("cases", "escalations")


def wanted_by_default():
    """(table, column) of every key of our models; of the audited ones, every key and indexed column of their
    history too, and what simple-history itself indexes there."""
    for model in (m for name in APPS for m in apps.get_app_config(name).get_models()):
        keys = [f for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey)]
        for field in keys:
            yield model._meta.db_table, field.column
        if hasattr(model._meta, "simple_history_manager_attribute"):
            past = model.history.model._meta.db_table
            for field in model._meta.concrete_fields:
                if field in keys or field.db_index or field.unique:
                    yield past, field.column
            yield from ((past, column) for column in ("history_date", "history_user_id"))


def create():
    """Create those that are not there; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indrelid::regclass::text, a.attname FROM pg_index i"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
            " WHERE i.indnatts = 1 AND i.indpred IS NULL"
        )
        there = set(cursor.fetchall())
        missing = sorted(set(wanted_by_default()) - there)
        for number, (table, column) in enumerate(missing):
            cursor.execute(f'CREATE INDEX "by_default_{number}" ON "{table}" ("{column}")')
    return len(missing)
