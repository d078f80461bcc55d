"""The tags of the design system."""

from datetime import UTC, date, datetime

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string

from dashboard.navigation import GROUPS, navigation
from dashboard.templatetags import portal


def rendered(source: str, **context) -> str:
    return Template("{% load portal %}" + source).render(Context(context))


def test_an_icon_is_drawn_inline_and_hidden_from_screen_readers():
    drawn = rendered('{% icon "house" %}')
    assert drawn.startswith('<svg class="i" viewBox="0 0 16 16" aria-hidden="true"')
    assert "<path" in drawn


def test_an_unknown_icon_is_an_error_not_a_gap():
    with pytest.raises(TemplateSyntaxError, match=r"icons\.txt"):
        rendered('{% icon "no-such-icon" %}')


@pytest.mark.parametrize(("value", "shown"), [(12486, "12,486"), (0, "0"), (None, ""), ("", "")])
def test_counts_have_separators(value, shown):
    assert portal.count(value) == shown


@pytest.mark.parametrize(("part", "whole", "shown"), [(6, 8, "75.0%"), (0, 8, "0.0%"), (0, 0, "—")])
def test_a_share_has_one_decimal_and_none_without_a_whole(part, whole, shown):
    assert portal.share(part, whole) == shown


def test_times_are_shown_in_chinese_time_and_as_short_as_possible():
    now = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
    assert portal.moment(datetime(2026, 11, 24, 6, 1, tzinfo=UTC), now) == "今天 14:01"
    assert portal.moment(datetime(2026, 11, 23, 16, 30, tzinfo=UTC), now) == "今天 00:30"
    assert portal.moment(datetime(2026, 11, 20, 1, 12, tzinfo=UTC), now) == "11-20 09:12"
    assert portal.moment(datetime(2025, 12, 31, 16, 0, tzinfo=UTC), now) == "01-01 00:00"
    assert portal.moment(datetime(2025, 12, 31, 15, 59, tzinfo=UTC), now) == "2025-12-31 23:59"
    assert portal.day(datetime(2026, 11, 23, 16, 30, tzinfo=UTC)) == "2026年11月24日"
    assert portal.day(date(2026, 11, 24)) == "2026年11月24日"
    assert portal.weekday(date(2026, 11, 24)) == "星期二"


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "0 KB"), (10, "1 KB"), (860_000, "840 KB"), (3_355_443, "3.2 MB"), (104_857_600, "100 MB")]
)
def test_file_sizes_are_short(size, shown):
    assert portal.megabytes(size) == shown


class Sample(forms.Form):
    name = forms.CharField(label="姓名", help_text="照身份证填", error_messages={"required": "请填姓名。"})
    sex = forms.ChoiceField(label="性别", choices=[("m", "男"), ("f", "女")], widget=forms.RadioSelect)
    note = forms.CharField(label="备注", required=False, widget=forms.Textarea)
    agreed = forms.BooleanField(label="核对过了", error_messages={"required": "请打勾。"})
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_field_shows_label_hint_error_and_control_in_this_order():
    page = rendered("{% form_field form.name %}", form=Sample({}))
    places = [page.index(part) for part in ('for="id_name"', "照身份证填", "请填姓名。", "<input")]
    assert places == sorted(places)
    assert 'aria-describedby="id_name_helptext id_name_error"' in page
    assert 'aria-invalid="true"' in page
    assert 'class="form-control"' in page


def test_choices_keep_what_was_chosen_and_stand_in_a_fieldset():
    page = rendered('{% form_field form.sex style="seg" %}', form=Sample({"sex": "f"}))
    assert "<legend" in page
    assert page.count(" checked") == 1
    assert page.index('value="f"') < page.index(" checked")


def test_optional_fields_say_so_and_required_ones_do_not():
    assert "选填" in rendered("{% form_field form.note %}", form=Sample())
    assert "选填" not in rendered("{% form_field form.name %}", form=Sample())


def test_the_error_summary_links_to_every_field_with_an_error():
    page = render_to_string("components/form.html", {"form": Sample({"sex": "x"})})
    for anchor in ("#id_name", "#id_sex", "#id_agreed"):
        assert f'href="{anchor}"' in page
        assert f'id="{anchor[1:]}"' in page
    assert 'name="token"' in page


def test_what_people_typed_is_never_markup():
    page = render_to_string("components/change.html", {"label": "姓名", "before": "<b>甲", "after": "<i>乙"})
    assert "<b>" not in page
    assert "<i>" not in page


def test_a_masked_value_offers_the_reveal_only_with_an_address():
    shut = render_to_string("components/masked.html", {"masked": "190****7720"})
    assert "<form" not in shut
    open_ = render_to_string("components/masked.html", {"masked": "190****7720", "reveal_url": "/x/", "field": "phone"})
    assert 'method="post"' in open_
    assert 'name="reason"' in open_


def labels(rf, user) -> set[str]:
    from branches.scope import reach_of

    request = rf.get("/")
    request.user, request.reach = user, reach_of(user)
    return {line["label"] for group in navigation(request) for line in group}


def test_the_navigation_offers_only_what_the_reader_may_open(rf, county_clerk, auditor, outsider):
    assert labels(rf, outsider) == {"工作台", "通知"}
    assert "审计" not in labels(rf, county_clerk)
    assert not labels(rf, auditor) & {"司机", "组织", "企业", "名册导入"}


def test_the_navigation_marks_the_page_that_is_open(rf, county_clerk):
    from branches.scope import reach_of

    request = rf.get("/")
    request.user, request.reach = county_clerk, reach_of(county_clerk)
    assert [line["label"] for group in navigation(request) for line in group if line["current"]] == ["工作台"]


def test_no_entry_stands_twice():
    named = [entry.url_name for group in GROUPS for entry in group]
    assert len(named) == len(set(named))
