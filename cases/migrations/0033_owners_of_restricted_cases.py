from django.db import migrations
from django.db.models import Exists, OuterRef


def name_owners(apps, schema_editor):
    """Who owns a restricted case sees it: those who got theirs by an assignment were not named on it."""
    Case, Party = apps.get_model("cases", "Case"), apps.get_model("cases", "Party")
    named = Party.objects.filter(case=OuterRef("pk"), person=OuterRef("owner"))
    unseen = Case.objects.filter(~Exists(named), is_restricted=True, owner__isnull=False)
    Party.objects.bulk_create(
        Party(case_id=case, person_id=owner, kind="access", reason="owns the case")
        for case, owner in unseen.values_list("pk", "owner_id")
    )


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0032_former_parties'),
    ]

    operations = [
        migrations.RunPython(name_owners, migrations.RunPython.noop),
    ]
