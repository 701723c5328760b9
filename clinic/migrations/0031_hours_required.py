import uuid

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0030_hours_filled'),
    ]

    operations = [
        migrations.AlterField(
            model_name='closure',
            name='public_id',
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AlterField(
            model_name='visitkind',
            name='public_id',
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
    ]
