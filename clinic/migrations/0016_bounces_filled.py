import uuid

from django.db import migrations


def name_each_suppression(apps, schema_editor):
    """Give every suppression that was there before the id by which people name it."""
    suppression = apps.get_model("clinic", "Suppression")
    for pk in suppression.objects.filter(public_id=None).values_list("pk", flat=True):
        suppression.objects.filter(pk=pk).update(public_id=uuid.uuid4())


class Migration(migrations.Migration):
    dependencies = [("clinic", "0015_bounces")]

    operations = [migrations.RunPython(name_each_suppression, migrations.RunPython.noop)]
