"""Each escalation says whose it is, so that one index finds a customer's latest ones."""

import django.db.models.deletion
from django.db import migrations, models


def fill(apps, schema_editor):
    """Those that are there already say what new ones say."""
    Escalation, Case = apps.get_model("escalations", "Escalation"), apps.get_model("cases", "Case")
    case = Case.objects.filter(pk=models.OuterRef("case"))
    Escalation.objects.using(schema_editor.connection.alias).update(
        customer_id=models.Subquery(case.values("customer_id")[:1])
    )


def customer(**fields):
    return models.ForeignKey(
        to="cases.customer",
        on_delete=django.db.models.deletion.PROTECT,
        db_constraint=False,
        db_index=False,
        editable=False,
        related_name="+",
        verbose_name="customer",
        **fields,
    )


class Migration(migrations.Migration):
    dependencies = [("cases", "0021_second_escalation"), ("escalations", "0008_second_escalation")]
    operations = [
        migrations.AddField("escalation", "customer", customer(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=False),
        migrations.AlterField("escalation", "customer", customer()),
        migrations.AddIndex(
            "escalation",
            models.Index(fields=["customer", "started_at"], name="escalation_of_customer"),
        ),
    ]
