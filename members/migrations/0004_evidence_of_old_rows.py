"""Say of rows from before the evidence was asked for what they already say: data only, no column."""

from django.db import migrations
from django.db.models import F

LEFT = ("removed", "transferred_out", "deceased")
BEFORE = "登记时已有，未记文号"


def fill(apps, schema_editor):
    """Whoever was tied to a unit had reported in; whoever had left keeps his last unit."""
    affiliations = apps.get_model("members", "Affiliation").objects
    affiliations.filter(until_date__isnull=True).update(status="reported_in", reported_in_date=F("from_date"))
    affiliations.filter(until_date__isnull=False).update(
        status="ended", reported_in_date=F("from_date"), end_reason=BEFORE
    )
    members = apps.get_model("members", "PartyMember").objects
    for member in members.filter(status__in=("suspended", *LEFT)).iterator():
        left = {}
        if member.status in LEFT:
            left = {
                "last_organization": member.formal_organization,
                "formal_organization": None,
                "external_organization": "",
            }
        members.filter(pk=member.pk).update(
            status_from_date=member.updated_at.date(), status_document=BEFORE, **left
        )


class Migration(migrations.Migration):
    dependencies = [("members", "0003_membership_columns")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
