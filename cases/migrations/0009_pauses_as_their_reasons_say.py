from django.db import migrations


def as_its_reason_says(apps, schema_editor):
    """Until now a pause stopped what its reason said at any time; from now on what it said last."""
    Pause, PauseReason = apps.get_model("cases", "Pause"), apps.get_model("cases", "PauseReason")
    for reason in PauseReason.objects.all():
        Pause.objects.filter(reason=reason).update(stops=reason.stops)


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0008_what_a_pause_stops'),
    ]

    operations = [migrations.RunPython(as_its_reason_says, migrations.RunPython.noop)]
