"""Load the shipped divisions and working days. Data only; later years come by `load_workdays`."""

from django.db import migrations

from branches.reference import load_shipped


def load(apps, schema_editor):
    load_shipped(apps.get_model("branches", "Division"), apps.get_model("branches", "Workday"))


class Migration(migrations.Migration):
    dependencies = [("branches", "0001_organizations")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
