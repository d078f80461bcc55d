"""Tags of the design system: `{% load portal %}`. docs/design.md shows each with an example."""

import re
from datetime import date, datetime
from functools import lru_cache

from django import forms, template
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from branches.choices import Role
from dashboard import notices
from dashboard.navigation import may_search
from dashboard.navigation import navigation as navigation_of
from foundation.protection.masks import mask_id_number, mask_phone

register = template.Library()
SPRITE = settings.BASE_DIR / "static" / "vendor" / "bootstrap-icons" / "icons.svg"


@lru_cache(maxsize=1)
def icons() -> dict[str, str]:
    """Return the drawing of every icon we carry, by name."""
    return dict(re.findall(r'<symbol id="([a-z0-9-]+)"[^>]*>(.*?)</symbol>', SPRITE.read_text(), re.DOTALL))


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """Return an icon drawn inline; it says nothing to a screen reader, so a word stands beside it.

    Raises TemplateSyntaxError for an icon we do not carry: add its name to .ci/icons.txt and run .ci/vendor.py.
    """
    try:
        drawing = icons()[name]
    except KeyError:
        raise template.TemplateSyntaxError(f"icon {name!r} is not in {SPRITE.name}; see .ci/icons.txt") from None
    return format_html(
        '<svg class="i{}" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{}</svg>',
        f" {classes}" if classes else "",
        mark_safe(drawing),  # noqa: S308 - our own vendored file
    )


@register.simple_tag(takes_context=True)
def navigation(context) -> list:
    """Return the groups of navigation entries this reader may open (dashboard/navigation.py)."""
    request = context.get("request")
    return navigation_of(request) if request is not None else []


@register.simple_tag(takes_context=True)
def search_shown(context) -> bool:
    """Return whether to offer the search box to this reader."""
    request = context.get("request")
    return request is not None and may_search(request)


@register.simple_tag(takes_context=True)
def posts(context) -> list[dict]:
    """Return the reader's running posts as {organization, role}, in words. The one query of `request.reach`."""
    reach = getattr(context.get("request"), "reach", None)
    if reach is None:
        return []
    return [{"organization": post.name, "role": Role(post.role).label} for post in reach.posts]


@register.simple_tag
def url_or_nothing(name: str, *args) -> str:
    """Return the address of a named page, or nothing when the name is unknown."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


# --- figures and times ---------------------------------------------------------------------------------------------
@register.filter
def count(value) -> str:
    """Return a whole number with separators: 12,486. Nothing stays nothing."""
    return "" if value is None or value == "" else f"{int(value):,}"


@register.filter
def share(part, whole) -> str:
    """Return part of whole in percent with one decimal; "—" when there is no whole."""
    return f"{100 * part / whole:.1f}%" if whole else "—"


@register.filter
def yuan(value) -> str:
    """Return an amount of money with separators and two decimals: 18,600.00. Nothing stays nothing."""
    return "" if value is None or value == "" else f"{value:,.2f}"


@register.filter
def day(value) -> str:
    """Return a date in words: 2026年11月22日."""
    value = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return f"{value.year}年{value.month}月{value.day}日" if value else ""


@register.filter
def moment(value, now=None) -> str:
    """Return a time as people read it: 今天 14:05, 11-22 14:05, in another year 2025-11-22 14:05."""
    if not value:
        return ""
    value, now = timezone.localtime(value), timezone.localtime(now)
    if value.date() == now.date():
        return value.strftime("今天 %H:%M")
    return value.strftime("%m-%d %H:%M" if value.year == now.year else "%Y-%m-%d %H:%M")


@register.filter
def weekday(value: date) -> str:
    """Return 星期二."""
    return "星期" + "一二三四五六日"[value.weekday()]


@register.filter
def megabytes(value) -> str:
    """Return a file size: 3.2 MB, 100 MB, 840 KB."""
    if not value:
        return "0 KB"
    return (
        f"{value / 1048576:.1f} MB".replace(".0 MB", " MB") if value >= 1048576 else f"{max(1, round(value / 1024))} KB"
    )


@register.filter
def masked_phone(phone) -> str:
    """Return a phone as everybody who sees the row may see it: 190****7720."""
    return mask_phone(phone) if phone else "—"


@register.filter
def masked_id_number(number) -> str:
    """Return an identity number as everybody who sees the row may see it: 510411********0017."""
    return mask_id_number(number) if number else "—"


# --- forms ----------------------------------------------------------------------------------------------------------
CONTROLS = {
    forms.CheckboxInput: "form-check-input",
    forms.CheckboxSelectMultiple: "form-check-input",
    forms.RadioSelect: "form-check-input",
    forms.Select: "form-select",
}


def _control_class(widget) -> str:
    for kind, css in CONTROLS.items():
        if isinstance(widget, kind):
            return css
    return "form-control"


@register.inclusion_tag("components/field.html")
def form_field(field, style: str = "", label: str = "") -> dict:
    """Show one form field: label, hint, error, control. `style`: "" | "seg" | "chips" for choices."""
    widget = field.field.widget
    kind = "control"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        kind = "choices"
    elif isinstance(widget, forms.CheckboxInput):
        kind = "check"
    attrs = {}
    if kind in {"control", "check"}:
        attrs["class"] = f"{widget.attrs.get('class', '')} {_control_class(widget)}".strip()
    return {
        "field": field,
        "kind": kind,
        "style": style or widget.attrs.get("data-style", ""),
        "label": label or field.label,
        # A field that is needed in one case only says in which (`needed_when`); others that may stay empty say so.
        "optional": getattr(field.field, "needed_when", "")
        or ("选填" if not field.field.required and kind != "check" else ""),
        "control": field.as_widget(attrs=attrs) if kind != "choices" else "",
        "chosen": {str(value) for value in _as_list(field.value())},
    }


def _as_list(value) -> list:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple | set) else [value]


@register.filter
def action_words(action: str) -> str:
    """Return what people call an action of the trail."""
    return notices.action_words(action)


@register.filter
def changed_fields(entry) -> str:
    """Return what people call the fields an entry of the trail names."""
    return "、".join(notices.field_words(entry.object_type, name) for name in entry.fields or ())


@register.filter
def is_chosen(option, chosen) -> bool:
    """Return whether an option of a choice field is among the chosen values."""
    return str(option.data["value"]) in chosen


@register.filter
def summary_errors(form) -> list[tuple[str, str, str]]:
    """Return (anchor, label, message) for every error of a form or formset row, in the order of the fields."""
    found = [("", "", str(message)) for message in form.non_field_errors()]
    for field in form:
        anchor = field.id_for_label or f"id_{field.html_name}"
        found += [(anchor, str(field.label), str(message)) for message in field.errors]
    return found
