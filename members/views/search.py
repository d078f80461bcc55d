"""Search: posted, answered in the same response, so that no name or number stands in an address or a log."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from branches.capabilities import Capability
from members.lists.paging import Cursor
from members.rules.search import Kind, classify
from members.views.lists import asked_list, list_context, open_query

HINT = "可以查：姓名（全名或名字的开头）、拼音首字母、车牌、手机号或后四位、身份证号。"


@login_required
@require_http_methods(["GET", "POST"])
def search(request):
    """Answer with the drivers a typed text means, within the reader's scope and the conditions in force."""
    if not request.reach.has(Capability.DRIVER_VIEW):
        raise PermissionDenied
    if request.method == "GET":
        return HttpResponseRedirect(reverse("members:driver_list"))
    token = request.POST.get("token", "")
    query = open_query(token) if token else classify(request.POST.get("q", ""))
    if query is None or query.kind == Kind.NOTHING:
        asked = asked_list(request, request.POST)
        context = list_context(request, asked, None, post=False) | {"not_understood": HINT}
        return render(request, "members/driver_list.html", context, status=422)
    if query.kind == Kind.ID_NUMBER and not request.reach.has(Capability.DRIVER_IDENTITY_FIND_BY_ID_NUMBER):
        raise PermissionDenied("按身份证号查人不在您的权限里。")
    if query.sensitive and not request.reach.has(Capability.DRIVER_IDENTITY_MASKED):
        raise PermissionDenied("按号码查人不在您的权限里。")
    if query.kind == Kind.PLATE and not request.reach.has(Capability.VEHICLE_VIEW):
        raise PermissionDenied("按车牌查人不在您的权限里。")
    asked = asked_list(request, request.POST, query)
    cursor = Cursor.read(request.POST.get("at", "")) if request.POST.get("at") else None
    return render(request, "members/driver_list.html", list_context(request, asked, cursor, post=True))
