"""How many visits are asked for, as shipped: a local custom, which an administrator ends and replaces."""

from datetime import date

from django.db import migrations

FROM = date(2018, 10, 28)
SOURCE = "地方做法：全国没有统一次数；出厂值，请按本地规定改"


def load(apps, schema_editor):
    """Write the row for all when there is none."""
    target = apps.get_model("activities", "VisitTarget")
    if not target.objects.exists():
        target.objects.create(frequency="quarter", times=1, from_date=FROM, source=SOURCE)


class Migration(migrations.Migration):
    dependencies = [("activities", "0003_instructors_and_conferences")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
