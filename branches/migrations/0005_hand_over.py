"""What an outgoing holder leaves to his successor."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("branches", "0004_terms_and_branch_files"),
    ]

    operations = [
        migrations.CreateModel(
            name="HandOver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "note",
                    models.TextField(
                        blank=True,
                        help_text="正在等谁、约好了什么、要当心什么。不要写证件号和手机号",
                        max_length=2000,
                        verbose_name="给接任者的话",
                    ),
                ),
                (
                    "noted_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="写下的时间"),
                ),
                ("content", models.JSONField(default=list, editable=False, verbose_name="交接清单")),
                (
                    "counted_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="清点时间"),
                ),
                (
                    "acknowledged_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="确认接手时间"),
                ),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="接手人",
                    ),
                ),
                (
                    "appointment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hand_over",
                        to="branches.appointment",
                        verbose_name="任职",
                    ),
                ),
            ],
            options={
                "verbose_name": "交接",
                "verbose_name_plural": "交接",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("note", ""), ("noted_at__isnull", True)),
                            models.Q(models.Q(("note", ""), _negated=True), ("noted_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="branches_handover_noted",
                        violation_error_message="交接说明要有写下的时间。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True)),
                            models.Q(
                                ("acknowledged_at__isnull", False),
                                ("acknowledged_by__isnull", False),
                                ("counted_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="branches_handover_acknowledged",
                        violation_error_message="确认接手要有接手人、时间和清点过的清单。",
                    ),
                ],
            },
        ),
    ]
