from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0018_upkeep_amendment_drafts'),
    ]

    operations = [
        migrations.AddField(
            model_name='templatepoint',
            name='view',
            field=models.CharField(blank=True, choices=[('FACE_FRONT', 'FACE_FRONT'), ('FACE_RIGHT', 'FACE_RIGHT'), ('FACE_LEFT', 'FACE_LEFT'), ('HEAD_BACK', 'HEAD_BACK'), ('NECK_FRONT', 'NECK_FRONT'), ('AXILLAE', 'AXILLAE'), ('ARM_RIGHT', 'ARM_RIGHT'), ('ARM_LEFT', 'ARM_LEFT'), ('LEG_RIGHT', 'LEG_RIGHT'), ('LEG_LEFT', 'LEG_LEFT')], default='', max_length=16),
            preserve_default=False,
        ),
    ]
