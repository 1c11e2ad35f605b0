from django.db import migrations, models

from cases.index_building import BuildIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('cases', '0041_parties_once'),
    ]

    operations = [
        BuildIndex(
            model_name='standing',
            index=models.Index(condition=models.Q(('is_waiting', True)), fields=['sort_at', 'case'], name='standing_all_waiting'),
        ),
    ]
