"""The entries of the audit trail and the cuts of its retention."""

import django.core.serializers.json
import django.utils.timezone
import foundation.protection.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Cut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='时间')),
                ('sequence', models.BigIntegerField(unique=True, verbose_name='序号')),
                ('seal', models.CharField(max_length=64, verbose_name='该序号的封印')),
                ('proof', models.CharField(max_length=64, verbose_name='截断凭证')),
            ],
            options={
                'verbose_name': '审计截断',
                'verbose_name_plural': '审计截断',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='时间')),
                ('actor_id', models.BigIntegerField(blank=True, null=True, verbose_name='操作账号')),
                ('actor_name', models.CharField(max_length=150, verbose_name='操作人')),
                ('action', foundation.protection.fields.KeyField(max_length=60, verbose_name='操作')),
                ('object_type', models.CharField(blank=True, max_length=60, verbose_name='对象类型')),
                ('object_id', models.CharField(blank=True, max_length=64, verbose_name='对象编号')),
                ('object_label', models.CharField(blank=True, max_length=200, verbose_name='对象')),
                ('organization_id', models.BigIntegerField(blank=True, null=True, verbose_name='组织')),
                ('person_id', models.BigIntegerField(blank=True, null=True, verbose_name='人员')),
                ('fields', models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='字段')),
                ('details', models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='详情')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='理由')),
                ('request_id', models.CharField(blank=True, max_length=64, verbose_name='请求编号')),
                ('address', models.CharField(blank=True, max_length=45, verbose_name='来源地址')),
                ('sequence', models.BigIntegerField(editable=False, null=True, verbose_name='序号')),
                ('previous_seal', models.CharField(blank=True, editable=False, max_length=64, verbose_name='上一封印')),
                ('seal', models.CharField(blank=True, editable=False, max_length=64, verbose_name='封印')),
            ],
            options={
                'verbose_name': '审计记录',
                'verbose_name_plural': '审计记录',
                'default_permissions': (),
                'indexes': [models.Index(condition=models.Q(('sequence', None)), fields=['id'], name='audit_entry_unsealed'), models.Index(fields=['at'], name='audit_entry_at'), models.Index(fields=['actor_id', '-id'], name='audit_entry_actor'), models.Index(condition=models.Q(('person_id__isnull', False)), fields=['person_id', '-id'], name='audit_entry_person'), models.Index(fields=['object_type', 'object_id', '-id'], name='audit_entry_object'), models.Index(fields=['organization_id', '-id'], name='audit_entry_organization'), models.Index(fields=['action', '-id'], name='audit_entry_action')],
                'constraints': [models.UniqueConstraint(fields=('sequence',), name='audit_entry_sequence_once'), models.CheckConstraint(condition=models.Q(models.Q(('previous_seal', ''), ('seal', ''), ('sequence', None)), models.Q(('sequence__gt', 0), models.Q(('seal', ''), _negated=True), models.Q(('previous_seal', ''), _negated=True)), _connector='OR'), name='audit_entry_sealed_whole')],
            },
        ),
    ]
