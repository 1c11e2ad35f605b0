from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0030_regulatory_packs'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='standing',
            index=models.Index(condition=models.Q(('promised_at__isnull', False), ('status', 'resolved')), fields=['sort_at', 'case'], name='standing_promised_resolved'),
        ),
    ]
