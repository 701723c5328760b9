"""The picture on which each point of a template lies, which templates were kept without until now."""

from django.db import migrations

OF_THE_LEFT = {'FACE_RIGHT': 'FACE_LEFT', 'ARM_RIGHT': 'ARM_LEFT', 'LEG_RIGHT': 'LEG_LEFT'}


def say_on_which_picture(apps, schema_editor):
    """A point of the catalogue lies in its site's view. A free point lies where the treatment it was kept from had it.

    No template names its treatment; where the clinic's treatments had such a point in several pictures, nothing is guessed.
    """
    point = apps.get_model('clinic', 'TemplatePoint')
    injection = apps.get_model('clinic', 'Injection')
    for one in point.objects.filter(view='').select_related('site', 'template'):
        if one.site.code == 'FREE':
            views = set(
                injection.objects.filter(
                    version__session__clinic=one.template.clinic_id,
                    site=one.site_id,
                    side=one.side,
                    point=one.point,
                    x=one.x,
                    y=one.y,
                    units=one.units,
                ).values_list('view', flat=True)
            )
            view = views.pop() if len(views) == 1 else ''
        else:
            view = OF_THE_LEFT.get(one.site.view, one.site.view) if one.side == 'LEFT' else one.site.view
        point.objects.filter(pk=one.pk).update(view=view)


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0019_templates'),
    ]

    operations = [migrations.RunPython(say_on_which_picture, migrations.RunPython.noop)]
