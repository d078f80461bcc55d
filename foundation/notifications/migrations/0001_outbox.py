"""The outbox: notifications and their deliveries."""

import django.db.models.deletion
import django.utils.timezone
import foundation.protection.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', foundation.protection.fields.KeyField(max_length=60, verbose_name='事件')),
                ('phone', foundation.protection.fields.ProtectedField(blank=True, default='', verbose_name='收件电话')),
                ('email', foundation.protection.fields.ProtectedField(blank=True, default='', verbose_name='收件邮箱')),
                ('recipient', foundation.protection.fields.KeyField(max_length=48, verbose_name='收件人代号')),
                ('subject', foundation.protection.fields.KeyField(max_length=100, verbose_name='事项')),
                ('title', models.CharField(max_length=100, verbose_name='标题')),
                ('body', models.TextField(blank=True, default='', max_length=2000, verbose_name='正文')),
                ('url', models.CharField(blank=True, default='', max_length=200, verbose_name='链接')),
                ('urgent', models.BooleanField(default=False, verbose_name='紧急')),
                ('dedupe_key', foundation.protection.fields.KeyField(max_length=250, unique=True, verbose_name='去重键')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='产生时间')),
                ('due_at', models.DateTimeField(verbose_name='从何时起显示')),
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='已读时间')),
                ('user', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='收件账号')),
            ],
            options={
                'verbose_name': '通知',
                'verbose_name_plural': '通知',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('in_app', '站内'), ('email', '邮件'), ('sms', '短信'), ('wecom', '企业微信')], max_length=8, verbose_name='通道')),
                ('status', models.CharField(choices=[('waiting', '待发'), ('sent', '已发'), ('bundled', '并入汇总'), ('refused', '被拒绝'), ('quarantined', '已搁置')], default='waiting', max_length=12, verbose_name='状态')),
                ('recipient', foundation.protection.fields.KeyField(max_length=48, verbose_name='收件人代号')),
                ('subject', foundation.protection.fields.KeyField(max_length=100, verbose_name='事项')),
                ('urgent', models.BooleanField(default=False, verbose_name='紧急')),
                ('digest', models.BooleanField(default=False, verbose_name='等每日汇总')),
                ('not_before', models.DateTimeField(blank=True, null=True, verbose_name='不早于')),
                ('due_at', models.DateTimeField(verbose_name='下次发送时间')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='试过次数')),
                ('starts', models.PositiveSmallIntegerField(default=0, verbose_name='启动次数')),
                ('lease_owner', models.CharField(blank=True, default='', max_length=60)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='发出时间')),
                ('error_code', models.CharField(blank=True, default='', max_length=40, verbose_name='错误代码')),
                ('error', models.CharField(blank=True, default='', max_length=200, verbose_name='错误')),
                ('failed_at', models.DateTimeField(blank=True, null=True, verbose_name='最近失败时间')),
                ('bundled_into', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bundled', to='notifications.notification', verbose_name='并入的汇总')),
                ('notification', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notifications.notification', verbose_name='通知')),
            ],
            options={
                'verbose_name': '投递',
                'verbose_name_plural': '投递',
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(fields=['user', '-due_at', '-id'], name='notifications_inbox'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('read_at__isnull', True)), fields=['user', 'due_at'], name='notifications_unread'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(fields=['created_at'], name='notifications_age'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('email', ''), ('phone', ''), ('user__isnull', False)), models.Q(('user__isnull', True), models.Q(('email', ''), ('phone', ''), _negated=True)), _connector='OR'), name='notifications_notification_one_recipient', violation_error_message='收件人是一个账号，或者是电话、邮箱，不能都有或都没有。'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status', 'waiting')), fields=['channel', 'due_at', 'id'], name='notifications_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status', 'waiting'), models.Q(('channel', 'in_app'), _negated=True)), fields=['recipient', 'subject', 'channel', 'id'], name='notifications_in_order'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('bundled_into__isnull', False)), fields=['bundled_into'], name='notifications_bundled'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status__in', ('refused', 'quarantined'))), fields=['-id'], name='notifications_given_up'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('notification', 'channel'), name='notifications_delivery_once_per_channel', violation_error_message='一条通知在一个通道上只投递一次。'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('bundled_into__isnull', True), ('sent_at__isnull', True), ('status', 'waiting')), models.Q(('bundled_into__isnull', True), ('sent_at__isnull', False), ('status', 'sent')), models.Q(('bundled_into__isnull', False), ('sent_at__isnull', True), ('status', 'bundled')), models.Q(('failed_at__isnull', False), ('sent_at__isnull', True), ('status__in', ('refused', 'quarantined')), models.Q(('error_code', ''), _negated=True)), _connector='OR'), name='notifications_delivery_evidence', violation_error_message='投递的状态和它的依据（发出时间、汇总、错误）不符。'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lease_owner', ''), ('lease_until__isnull', True)), models.Q(models.Q(('lease_owner', ''), _negated=True), ('lease_until__isnull', False)), _connector='OR'), name='notifications_delivery_lease_whole', violation_error_message='占用人和占用到期时间要么都有，要么都没有。'),
        ),
    ]
