import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0004_versions_filled")]

    operations = [
        migrations.AlterField(
            model_name="sessionversion",
            name="performed_on",
            field=models.DateField(verbose_name="date of treatment"),
        ),
        migrations.AlterField(
            model_name="sessionversion",
            name="practitioner",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.practitioner"),
        ),
        migrations.AlterField(
            model_name="sessionversion",
            name="product",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.product"),
        ),
    ]
