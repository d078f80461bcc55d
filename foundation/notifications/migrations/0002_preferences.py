"""What people choose about channels."""

import django.db.models.deletion
import foundation.protection.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_password_records_and_reset_codes'),
        ('notifications', '0001_outbox'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RecipientSettings',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='账号')),
                ('email', foundation.protection.fields.ProtectedField(blank=True, default='', verbose_name='邮箱')),
                ('wecom_id', foundation.protection.fields.ProtectedField(blank=True, default='', verbose_name='企业微信账号')),
                ('digest', models.BooleanField(default=False, verbose_name='不急的每天汇总一次')),
            ],
            options={
                'verbose_name': '收件设置',
                'verbose_name_plural': '收件设置',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('group', models.CharField(choices=[('grievance', '诉求'), ('organisation', '组织与任职'), ('membership', '党员与组织关系'), ('station', '服务站'), ('registry', '登记、导入和导出'), ('account', '账号与安全'), ('other', '其他')], max_length=12, verbose_name='事件类别')),
                ('channel', models.CharField(choices=[('in_app', '站内'), ('email', '邮件'), ('sms', '短信'), ('wecom', '企业微信')], max_length=8, verbose_name='通道')),
                ('is_on', models.BooleanField(verbose_name='开启')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='账号')),
            ],
            options={
                'verbose_name': '通知偏好',
                'verbose_name_plural': '通知偏好',
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('user', 'group', 'channel'), name='notifications_preference_once', violation_error_message='同一类通知在一个通道上只有一个选择。'), models.CheckConstraint(condition=models.Q(('channel', 'in_app'), _negated=True), name='notifications_preference_in_app_stays_on', violation_error_message='站内通知不能关闭。')],
            },
        ),
    ]
