from django.db import migrations, models


class Migration(migrations.Migration):
    """What held those with an owner and those without is parted; the queue is never without either."""

    dependencies = [
        ('cases', '0042_waiting_in_order'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='standing',
            index=models.Index(condition=models.Q(('owner__isnull', False), ('status__in', ('new', 'open'))), fields=['owner', 'sort_at', 'case'], name='standing_owned_queue'),
        ),
        migrations.AddIndex(
            model_name='standing',
            index=models.Index(condition=models.Q(('owner__isnull', True), ('status__in', ('new', 'open'))), fields=['team', 'sort_at', 'case'], name='standing_ownerless_queue'),
        ),
        migrations.RemoveIndex(
            model_name='standing',
            name='standing_owner_queue',
        ),
    ]
