"""Rules that were read as every treatment's, though their words say "at the first treatment" or name one muscle."""

from django.db import migrations

FIRST = '-EYE-FIRST'
MUSCLE = '-MUSCLE-SCM'


def say_what_they_are_about(apps, schema_editor):
    rules = apps.get_model('clinic', 'LabelRule').objects.exclude(catalogue_mark='')
    rules.filter(code__endswith=FIRST).update(only_first=True)
    rules.filter(code__endswith=MUSCLE).update(muscle='Sternocleidomastoid')


def forget(apps, schema_editor):
    rules = apps.get_model('clinic', 'LabelRule').objects
    rules.filter(code__endswith=FIRST).update(only_first=False)
    rules.filter(code__endswith=MUSCLE).update(muscle='')


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0008_checks'),
    ]

    operations = [migrations.RunPython(say_what_they_are_about, forget)]
