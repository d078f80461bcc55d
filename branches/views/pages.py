"""The two shapes of every page that changes something: a form, and a confirmation."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse


def form_page(
    request, form, act: Callable, *, success: str = "", next_url=None, template="components/form_page.html", **words
):
    """Show a form; when it is valid call `act(form)` and go on, or show what the verb refused at its fields.

    `next_url` is an address, or a function of what `act` returned that gives an address or a whole answer. Conflict
    and NotAllowed become the page of 409.
    """
    if request.method == "POST" and form.is_valid():
        try:
            result = act(form)
        except ValidationError as error:
            form.add_refusal(error)
        else:
            if success:
                messages.success(request, success)
            onward = next_url(result) if callable(next_url) else next_url
            return onward if isinstance(onward, HttpResponse) else redirect(onward)
    status = 422 if form.is_bound else 200
    return render(request, template, {"form": form, **words}, status=status)


def confirm_page(request, form, act: Callable, **more):
    """Show what will happen and ask for what the verb needs; otherwise as `form_page`."""
    return form_page(request, form, act, template="components/confirm.html", **more)


def crumbs_of(organization, ancestors, visible_ids, *last: str) -> list[tuple[str, str]]:
    """Return the breadcrumbs down to an organisation; units outside the reader's scope are named, not linked.

    With `last` the organisation itself is a link and the words follow.
    """
    trail = [("组织", reverse("branches:organization_list"))]
    trail += [(one.short_name, _address(one) if one.pk in visible_ids else "") for one in ancestors]
    trail.append((organization.short_name, _address(organization) if last else ""))
    return trail + [(word, "") for word in last]


def _address(organization) -> str:
    return reverse("branches:organization_detail", args=[organization.pk])
