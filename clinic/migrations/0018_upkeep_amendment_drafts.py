import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0017_upkeep_required'),
    ]

    operations = [
        migrations.AddField(
            model_name='treatmentdraft',
            name='session',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='amendment_draft', to='clinic.injectionsession'),
        ),
        migrations.AlterField(
            model_name='treatmentdraft',
            name='condition',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='treatment_drafts', to='clinic.condition'),
        ),
        migrations.AddConstraint(
            model_name='treatmentdraft',
            constraint=models.UniqueConstraint(condition=models.Q(('session__isnull', True)), fields=('condition',), name='treatment_draft_one_per_condition'),
        ),
    ]
