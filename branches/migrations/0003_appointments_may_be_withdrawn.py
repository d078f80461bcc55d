"""An appointment that is withdrawn before it begins has an empty period: it was never in force."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("branches", "0002_reference_tables")]

    operations = [
        migrations.RemoveConstraint(model_name="appointment", name="branches_appointment_period"),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("until_at__isnull", True), ("until_at__gte", models.F("from_at")), _connector="OR"),
                name="branches_appointment_period",
                violation_error_message="结束时间不能早于开始时间。",
            ),
        ),
    ]
