"""Indexes that migrations build while people work."""

from django.db import migrations


class BuildIndex(migrations.AddIndex):
    """AddIndex that keeps nobody from writing on PostgreSQL, for a migration that says `atomic = False`.

    What is broken off leaves an index that is written and never read: begun again, it is built anew.
    """

    atomic = False

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            return super().database_forwards(app_label, schema_editor, from_state, to_state)
        model = to_state.apps.get_model(app_label, self.model_name)
        name = schema_editor.quote_name(self.index.name)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        schema_editor.add_index(model, self.index, concurrently=True)
