import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0043_without_an_owner'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(django.db.models.functions.comparison.Coalesce('breached_at', 'late_after', 'ended_at'), models.F('id'), condition=models.Q(('breached_at__isnull', False), ('state', 'missed'), _connector='OR'), name='clock_late_by_time'),
        ),
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(condition=models.Q(('state__in', ('met', 'missed'))), fields=['state', 'ended_at', 'id'], name='clock_ended_by_time'),
        ),
    ]
