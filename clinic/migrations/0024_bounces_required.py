import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0023_bounces_filled")]

    operations = [
        migrations.AlterField(
            model_name="suppression",
            name="public_id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
    ]
