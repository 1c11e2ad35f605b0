"""What Django and simple-history would create by default and we leave out: indexes, and checks of keys."""

from django.apps import apps
from django.db import connection, models

APPS = ("cases", "escalations")


def create():
    """Create what is not there: (indexes, checks of keys)."""
    return _create_indexes(), _create_checks()


def _models():
    return [m for name in APPS for m in apps.get_app_config(name).get_models()]


def _is_audited(model):
    return hasattr(model._meta, "simple_history_manager_attribute")


def indexes():
    """(table, column) of every key of our models; of the audited ones, every key and indexed column of their
    history too, and what simple-history itself indexes there."""
    for model in _models():
        keys = [f for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey)]
        for field in keys:
            yield model._meta.db_table, field.column
        if _is_audited(model):
            past, kept = model.history.model._meta.db_table, model.history.model._meta.concrete_fields
            kept = {field.column for field in kept}  # a column that nothing changes is not in the history
            for field in model._meta.concrete_fields:
                if (field in keys or field.db_index or field.unique) and field.column in kept:
                    yield past, field.column
            yield from ((past, column) for column in ("history_date", "history_user_id"))


def checks():
    """(table, column, the table referred to) of every key of our models, and of each history's actor."""
    people = apps.get_model("cases", "Person")._meta.db_table
    for model in _models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and not hasattr(model, "instance_type"):
                yield model._meta.db_table, field.column, field.related_model._meta.db_table
        if _is_audited(model):
            yield model.history.model._meta.db_table, "history_user_id", people


def _create_indexes():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indrelid::regclass::text, a.attname FROM pg_index i"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
            " WHERE i.indnatts = 1 AND i.indpred IS NULL"
        )
        there = set(cursor.fetchall())
        missing = sorted(set(indexes()) - there)
        for number, (table, column) in enumerate(missing):
            cursor.execute(f'CREATE INDEX "by_default_{number}" ON "{table}" ("{column}")')
    return len(missing)


def _create_checks():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f'"
        )
        there = set(cursor.fetchall())
        missing = sorted(check for check in set(checks()) if check[:2] not in there)
        for table, column, other in missing:
            cursor.execute(
                f'ALTER TABLE "{table}" ADD FOREIGN KEY ("{column}") REFERENCES "{other}"'
                " DEFERRABLE INITIALLY DEFERRED"
            )
    return len(missing)
