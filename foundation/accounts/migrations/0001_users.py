"""Users."""
import django.core.validators
import django.utils.timezone
import foundation.accounts.models
import foundation.protection.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', foundation.accounts.models.UsernameField(error_messages={'unique': '这个用户名已经有人用了，换一个，例如在后面加数字。'}, help_text='英文字母、数字和 . _ -，不分大小写。', max_length=32, unique=True, validators=[django.core.validators.MinLengthValidator(2, '用户名至少 2 个字符。'), django.core.validators.RegexValidator('^[A-Za-z0-9._-]+\\Z', '用户名只能用英文字母、数字和 . _ -，不能有空格和汉字。')], verbose_name='用户名')),
                ('name', models.CharField(max_length=50, verbose_name='姓名')),
                ('phone', foundation.protection.fields.ProtectedField(blank=True, default='', mask='phone', verbose_name='电话')),
                ('phone_index', foundation.protection.fields.BlindIndexField(blank=True, db_index=True, editable=False, null=True, verbose_name='电话索引')),
                ('is_active', models.BooleanField(default=True, help_text='停用的账号不能登录，历史记录保留。', verbose_name='启用')),
                ('is_staff', models.BooleanField(default=False, verbose_name='可进管理后台')),
                ('must_change_password', models.BooleanField(default=False, verbose_name='下次登录须改密码')),
                ('second_factor_required', models.BooleanField(default=False, help_text='由所任职务决定。', verbose_name='须用动态验证码')),
                ('password_changed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='密码修改时间')),
                ('activated_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='启用时间')),
                ('last_seen_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='最近使用时间')),
                ('locked_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='锁定时间')),
                ('lock_reason', models.CharField(blank=True, default='', max_length=200, verbose_name='锁定原因')),
                ('large_text', models.BooleanField(default=False, verbose_name='大字版')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='开通时间')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': '用户',
                'verbose_name_plural': '用户',
                'ordering': ['username'],
            },
        ),
    ]
