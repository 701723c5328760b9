import django.db.models.deletion
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0021_engine_guards'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeliveryReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('content_hash', models.CharField(max_length=64, unique=True)),
                ('way', models.CharField(choices=[('FILE', 'file'), ('WEBHOOK', 'over HTTP')], max_length=8)),
                ('kind', models.CharField(choices=[('FAILED', 'could not be delivered'), ('DELAYED', 'delayed'), ('DELIVERED', 'arrived'), ('COMPLAINED', 'called unwanted'), ('REPLIED', 'automatic reply'), ('UNREADABLE', 'cannot be read')], max_length=12)),
                ('status', models.CharField(blank=True, help_text='RFC 3463, such as 5.1.1', max_length=12)),
                ('why', models.CharField(blank=True, help_text='one code: why a person must read it', max_length=24)),
                ('size', models.PositiveIntegerField(help_text='bytes')),
                ('received_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='DomainPace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain_hash', models.CharField(max_length=64, unique=True)),
                ('minute', models.DateTimeField()),
                ('asked', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='UsedSignature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddField(
            model_name='message',
            name='recipient_hash',
            field=models.CharField(blank=True, help_text='keyed hash of the address it was handed over for', max_length=64),
        ),
        migrations.AddField(
            model_name='suppression',
            name='lifted_because',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='suppression',
            name='lifted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='suppression',
            name='message',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinic.message'),
        ),
        migrations.AddField(
            model_name='suppression',
            name='public_id',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='stafftask',
            name='kind',
            field=models.CharField(choices=[('PHONE_OVERDUE', 'phone: the window has closed'), ('PHONE_NO_ADDRESS', 'phone: no usable e-mail address'), ('PHONE_OPTED_OUT', 'phone: gets no such e-mails'), ('PHONE_ASKED', 'phone: asked to be called'), ('PHONE_BOUNCED', 'phone: a letter came back'), ('CHECK_ADDRESS', 'phone: ask for an e-mail address')], max_length=24),
        ),
        migrations.AddIndex(
            model_name='patient',
            index=models.Index(models.F('clinic'), django.db.models.functions.text.Upper('email'), name='patient_by_email'),
        ),
        migrations.AddIndex(
            model_name='suppression',
            index=models.Index(condition=models.Q(('lifted_at__isnull', True)), fields=['clinic', '-at', '-id'], name='suppression_standing'),
        ),
        migrations.AddField(
            model_name='deliveryreport',
            name='message',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='clinic.message'),
        ),
        migrations.AddField(
            model_name='deliveryreport',
            name='settled_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='deliveryreport',
            index=models.Index(condition=models.Q(('settled_at__isnull', True), models.Q(('why', ''), _negated=True)), fields=['-received_at', '-id'], name='delivery_report_waiting'),
        ),
        migrations.AddConstraint(
            model_name='deliveryreport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', True), ('settled_by__isnull', True)), models.Q(('settled_at__isnull', False), ('settled_by__isnull', False)), _connector='OR'), name='delivery_report_settled_by_somebody'),
        ),
    ]
