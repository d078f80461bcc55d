"""What the command line of an import understands."""

import pytest
from django.core.management import CommandError, call_command

from members.models import RosterImport
from tests.factories.members import id_number

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("given", [["--accept", "name", "phone"], ["--accept", "name", "--accept", "phone"]])
def test_several_fields_are_accepted_after_one_option_or_several(tree, tmp_path, given):
    path = tmp_path / "roster.csv"
    path.write_text(f"姓名,身份证号\n测试甲,{id_number(1)}\n", "utf-8")
    call_command("import_roster", str(path), "--organization", tree.county.code, *given)
    assert RosterImport.objects.get().accepted_fields == ["name", "phone"]


def test_a_field_that_does_not_exist_is_wrong_use(tree, tmp_path):
    with pytest.raises(CommandError) as refusal:
        call_command("import_roster", str(tmp_path / "x"), "--organization", tree.county.code, "--accept", "colour")
    assert refusal.value.returncode == 2
    assert not RosterImport.objects.exists()
