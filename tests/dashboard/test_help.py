"""Help pages exist beside each task and name what the product knows."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from dashboard.views.help import TOPICS

# The codes of rejected rows and of warnings, as the roster keys have them (tests/rosters/README.md).
CODES = {
    "name_missing", "name_too_long", "id_missing", "id_numeric_cell", "id_length", "id_characters", "id_birthdate",
    "id_checksum", "duplicate_in_file", "out_of_scope", "phone_invalid", "plate_invalid", "organization_unknown",
    "date_invalid", "choice_unknown", "sex_mismatch", "birth_mismatch", "area_unknown", "phone_shared",
    "name_differs", "traditional_folded",
}  # fmt: skip


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.slug)
def test_every_topic_has_its_page_signed_in_and_out(client, db, sign_in, county_clerk, topic):
    for reader in (client, sign_in(county_clerk)):
        answer = reader.get(f"/help/{topic.slug}/")
        assert answer.status_code == 200
        assert f"<h1>{topic.title}" in answer.content.decode()


def test_every_code_of_a_roster_row_is_explained(client, db):
    page = client.get("/help/roster-errors/").content.decode()
    explained = set(re.findall(r'<tr id="([a-z_]+)"', page))
    assert explained == CODES


def test_help_links_in_templates_lead_to_pages_that_exist():
    slugs = {topic.slug for topic in TOPICS}
    for template in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        named = set(re.findall(r"help_link\.html\" with topic=\"([a-z-]+)\"", text))
        named |= set(re.findall(r"help_topic' '([a-z-]+)'", text)) | set(re.findall(r"\bhelp=\"([a-z-]+)\"", text))
        assert named <= slugs, template.name


def test_an_unknown_topic_is_not_found(client, db):
    assert client.get("/help/no-such-topic/").status_code == 404


def test_the_style_page_is_for_system_administrators(client, sign_in, county_clerk, system_admin):
    assert client.get("/help/design/").status_code == 404
    assert sign_in(county_clerk).get("/help/design/").status_code == 404
    assert sign_in(system_admin).get("/help/design/").status_code == 200
