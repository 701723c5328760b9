"""Every rule that there is gets the name by which it is called outside the database."""

import uuid

from django.db import migrations


def name_them(apps, schema_editor):
    rules = apps.get_model('clinic', 'LabelRule').objects
    named = list(rules.only('pk'))
    for rule in named:
        rule.public_id = uuid.uuid4()
    rules.bulk_update(named, ['public_id'])


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0015_upkeep'),
    ]

    operations = [migrations.RunPython(name_them, migrations.RunPython.noop)]
