from django.db import migrations, models
from django.db.models import Count

# Of two rows of one person, the one that says most about them is kept.
ORDER = ["subject", "access", "former"]


def keep_one(apps, schema_editor):
    """Who was named again, while it stood on record that they were once, had two rows on a case."""
    Party = apps.get_model("cases", "Party")
    twice = Party.objects.values("case", "person").annotate(n=Count("pk")).filter(n__gt=1).order_by()
    for case, person in list(twice.values_list("case", "person")):
        rows = sorted(Party.objects.filter(case=case, person=person), key=lambda row: ORDER.index(row.kind))
        Party.objects.filter(pk__in=[row.pk for row in rows[1:]]).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0040_causes'),
    ]

    operations = [
        migrations.RunPython(keep_one, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name='party',
            name='party_once',
        ),
        migrations.AddConstraint(
            model_name='party',
            constraint=models.UniqueConstraint(fields=('case', 'person'), name='party_once_a_person'),
        ),
    ]
