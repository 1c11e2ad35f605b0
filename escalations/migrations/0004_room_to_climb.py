"""Each level that an escalation climbs rewrites its row and none of its keys: with room left on its page, PostgreSQL
does so without touching an index."""

from django.db import migrations


def leave_room(apps, schema_editor):
    _fill(schema_editor, "SET (fillfactor = 85)")


def fill_up(apps, schema_editor):
    _fill(schema_editor, "RESET (fillfactor)")


def _fill(schema_editor, how):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE escalations_escalation {how}")


class Migration(migrations.Migration):
    dependencies = [("escalations", "0003_lean_keys")]
    operations = [migrations.RunPython(leave_room, fill_up, elidable=False)]
