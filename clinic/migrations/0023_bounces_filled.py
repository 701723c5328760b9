import uuid

from django.db import migrations
from django.db.models import Exists, OuterRef
from django.utils import timezone


def name_each_suppression(apps, schema_editor):
    """Give every suppression that was there before the id by which people name it."""
    suppression = apps.get_model("clinic", "Suppression")
    for pk in suppression.objects.filter(public_id=None).values_list("pk", flat=True):
        suppression.objects.filter(pk=pk).update(public_id=uuid.uuid4())


def have_everybody_looked_at(apps, schema_editor):
    """From now on somebody's address is looked at before their window opens: the engine finds out when."""
    patient, follow_up = apps.get_model("clinic", "Patient"), apps.get_model("clinic", "FollowUp")
    waiting = follow_up.objects.filter(patient=OuterRef("pk"), state="ACTIVE")
    patient.objects.filter(Exists(waiting)).update(next_check_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("clinic", "0022_bounces")]

    operations = [
        migrations.RunPython(name_each_suppression, migrations.RunPython.noop),
        migrations.RunPython(have_everybody_looked_at, migrations.RunPython.noop),
    ]
