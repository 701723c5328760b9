import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0005_versions_required'),
    ]

    operations = [
        migrations.CreateModel(
            name='LotDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('QUARANTINED', 'quarantined'), ('IN_USE', 'in use'), ('RECALLED', 'recalled'), ('SPENT', 'used up')], max_length=12)),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ProductCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gtin', models.CharField(max_length=14, unique=True, verbose_name='GTIN')),
            ],
        ),
        migrations.CreateModel(
            name='VialDiscard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.DecimalField(decimal_places=2, max_digits=8)),
                ('reason', models.CharField(max_length=120, verbose_name='reason')),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='vial',
            name='serial',
            field=models.CharField(blank=True, max_length=20, verbose_name='serial number'),
        ),
        migrations.AddField(
            model_name='vialuse',
            name='shared_confirmed',
            field=models.BooleanField(default=False, help_text='Whoever signed confirmed that this vial had been drawn from for another patient before.'),
        ),
        migrations.AddConstraint(
            model_name='vial',
            constraint=models.UniqueConstraint(condition=models.Q(('serial', ''), _negated=True), fields=('lot', 'serial'), name='vial_one_per_lot_and_serial'),
        ),
        migrations.AddField(
            model_name='lotdecision',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='lotdecision',
            name='clinic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinic.clinic'),
        ),
        migrations.AddField(
            model_name='lotdecision',
            name='lot',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='clinic.lot'),
        ),
        migrations.AddField(
            model_name='productcode',
            name='presentation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='clinic.presentation'),
        ),
        migrations.AddField(
            model_name='vialdiscard',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='vialdiscard',
            name='vial',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='discards', to='clinic.vial'),
        ),
        migrations.AddIndex(
            model_name='lotdecision',
            index=models.Index(fields=['lot', '-at', '-id'], name='lot_decision_newest_first'),
        ),
        migrations.AddConstraint(
            model_name='lotdecision',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='lot_decision_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='productcode',
            constraint=models.CheckConstraint(condition=models.Q(('gtin', ''), _negated=True), name='product_code_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='vialdiscard',
            constraint=models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='vial_discard_units_positive'),
        ),
        migrations.AddConstraint(
            model_name='vialdiscard',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='vial_discard_has_a_reason'),
        ),
    ]
