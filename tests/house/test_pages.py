"""What every template and static file keeps to: strict CSP, nothing external, only icons we carry, short words."""

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from dashboard.templatetags.portal import icons

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OWN_STATIC = sorted(path for folder in ("css", "js", "img") for path in (ROOT / "static" / folder).rglob("*.*"))
VENDOR = ROOT / "static" / "vendor"

# Links a person clicks (the registers of ICP and police numbers), and names of XML vocabularies: nothing is fetched.
ALLOWED = re.compile(r"https://beian\.(miit|mps)\.gov\.cn/|http://www\.w3\.org/")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_templates_carry_no_inline_script_style_or_handler(path):
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "inline script"
    assert not re.search(r"<style\b", text), "inline style sheet"
    assert not re.search(r"<[a-z][^<>]*\sstyle=", text), "style attribute"
    assert not re.search(r"<[a-z][^<>]*\son[a-z]+=", text), "inline handler"
    assert "javascript:" not in text


@pytest.mark.parametrize("path", TEMPLATES + OWN_STATIC, ids=_name)
def test_nothing_points_to_another_host(path):
    text = path.read_text(encoding="utf-8")
    foreign = re.findall(r"(?:https?:)?//[a-z0-9][a-z0-9.-]*\.[a-z]{2,}[^\s\"')]*", text)
    assert [found for found in foreign if not ALLOWED.match(found)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_templates_compile_and_name_only_icons_we_carry(path):
    get_template(path.relative_to(ROOT / "templates").as_posix())
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"{% icon [\"']([^\"']+)[\"']", text)) | set(re.findall(r"\bicon=[\"']([^\"']+)[\"']", text))
    assert named <= set(icons())


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_templates_speak_in_our_voice(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search("操作成功|系统异常|暂无数据|数据校验失败|您无权访问", text), "see the voice in docs/design.md"
    assert "！" not in text, "no exclamation marks"


def test_navigation_names_only_icons_we_carry():
    from dashboard.navigation import GROUPS
    from dashboard.views.help import TOPICS

    assert {entry.icon for group in GROUPS for entry in group} | {topic.icon for topic in TOPICS} <= set(icons())


def test_the_icons_are_those_of_the_list():
    assert sorted(icons()) == sorted((ROOT / ".ci" / "icons.txt").read_text().split())


def test_vendored_files_are_those_that_were_checked_in():
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    listed = {}
    for line in lines:
        digest, name = line.split("  ", 1)
        listed[name] = digest
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest, name
    carried = {_name(path) for path in VENDOR.rglob("*") if path.is_file() and path.name != "SHA256SUMS"}
    assert carried <= set(listed)


def test_every_vendored_library_has_its_licence():
    for folder in VENDOR.iterdir():
        if folder.is_dir():
            assert (folder / "LICENSE").is_file(), folder.name
    assert (ROOT / "tests" / "journeys" / "axe.LICENSE").is_file()


def test_our_css_uses_nothing_newer_than_chrome_90():
    for path in (ROOT / "static" / "css").glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r":has\(|@layer|@container|color-mix\(|oklch\(|\bdvh\b", text), path.name
        assert not re.search(r"[{;]\s*&", text), f"nesting in {path.name}"
        assert text.count("{") == text.count("}"), path.name
