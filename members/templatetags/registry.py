"""Filters of the registry's templates: `{% load registry %}`."""

from django import template

register = template.Library()


@register.filter
def plate(text: str) -> str:
    """Return a plate as it stands on the vehicle: 川D9M113 → 川D·9M113."""
    return f"{text[:2]}·{text[2:]}" if len(text) > 3 else text
