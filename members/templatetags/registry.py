"""Filters of the registry's templates: `{% load registry %}`."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()
_EDGE = {"yellow": " plate-yellow", "green": " plate-green", "yellow_green": " plate-green"}
_BESIDE = frozenset({"phone", "group"})  # these stand on one line of a card


@register.filter
def plate(text: str) -> str:
    """Return a plate as it stands on the vehicle: 川D9M113 → 川D·9M113."""
    return f"{text[:2]}·{text[2:]}" if len(text) > 3 else text


@register.filter
def plate_edge(colour: str) -> str:
    """Return the class that colours the edge of a plate."""
    return _EDGE.get(colour, "")


@register.filter
def cell(content: dict) -> SafeString:
    """Return one cell of the driver list. In Python: a template included 400 times costs more than its page."""
    column, text = content["column"], content["text"]
    if column.code == "plates":
        vehicles = content.get("plates", ())
        shown = format_html_join(
            " ", '<span class="plate{}">{}</span>', ((_EDGE.get(one.colour, ""), plate(one.plate)) for one in vehicles)
        )
        return format_html(
            '<td class="inl{}" data-label="{}">{}</td>', "" if vehicles else " none", column.label, shown or "—"
        )
    if content.get("due"):
        return format_html(
            '<td data-label="{}"><span class="due due-{}">{}</span></td>', column.label, content["due"], text
        )
    if content.get("tone") and text:
        return format_html(
            '<td class="inl" data-label="{}"><span class="tag tag-{}">自述{}</span></td>',
            column.label,
            content["tone"],
            text,
        )
    css = content.get("css", "") + (" inl" if column.code in _BESIDE else "") + ("" if text else " none")
    return format_html('<td class="{}" data-label="{}">{}</td>', css.strip(), column.label, text or "—")
