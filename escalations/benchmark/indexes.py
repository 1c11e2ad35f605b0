"""The indexes that Django and simple-history would create by default and we leave out."""

from django.db import connection, models

from cases.writers import audited_models


def wanted_by_default():
    """(table, column) of every key and every indexed column of the audited models, in both their tables."""
    for model in audited_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and not field.primary_key:
                yield model._meta.db_table, field.column
            if isinstance(field, models.ForeignKey) or field.db_index or field.unique:
                yield model.history.model._meta.db_table, field.column
        for column in ("history_date", "history_user_id"):
            yield model.history.model._meta.db_table, column


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
