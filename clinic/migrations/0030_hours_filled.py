"""Every closure and kind of visit that there is gets the name by which it is called outside the database."""

import uuid

from django.db import migrations


def name_them(apps, schema_editor):
    for model in ('Closure', 'VisitKind'):
        rows = apps.get_model('clinic', model).objects
        named = list(rows.only('pk'))
        for row in named:
            row.public_id = uuid.uuid4()
        rows.bulk_update(named, ['public_id'], batch_size=500)


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0029_hours'),
    ]

    operations = [migrations.RunPython(name_them, migrations.RunPython.noop)]
