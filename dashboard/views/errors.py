"""Error pages: what happened, is my data safe, what next. The 500 page needs neither database nor session."""

import logging
import secrets
import sys
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from branches.choices import Role
from dashboard.context_processors import LARGE_TEXT_COOKIE, site_facts

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ErrorPage:
    """The words of one error page."""

    status: int
    icon: str
    title: str
    text: str
    actions: tuple[tuple[str, str], ...] = ()  # (label, address); the address "back" goes one page back


def answer(request: HttpRequest, page: ErrorPage) -> HttpResponse:
    """Render an error page in the frame that fits the reader; JSON and htmx callers get the sentence alone."""
    if _wants_json(request):
        return JsonResponse({"status": page.status, "title": page.title, "detail": page.text}, status=page.status)
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    context = {"page": page, "layout": "base.html" if signed_in else "base_public.html"}
    template = "errors/fragment.html" if getattr(request, "htmx", False) else "errors/error.html"
    return HttpResponse(render_to_string(template, context, request), status=page.status)


def _wants_json(request: HttpRequest) -> bool:
    accepted = request.headers.get("Accept", "")
    return request.path.startswith("/api/") or ("application/json" in accepted and "text/html" not in accepted)


def _home_label(request: HttpRequest) -> tuple[str, str]:
    user = getattr(request, "user", None)
    return ("回工作台" if user is not None and user.is_authenticated else "回首页", "/")


def bad_request(request, exception=None):
    """Answer 400: the request could not be understood."""
    text = "可能是网址不完整，或者页面放得太久。什么都没有改动。"
    return answer(
        request,
        ErrorPage(400, "file-earmark-x", "这个请求没看懂", text, (("返回上一页", "back"), _home_label(request))),
    )


def permission_denied(request, exception=None):
    """Answer 403, naming the posts of the reader so that he knows whom to ask. A view may raise with a sentence."""
    said = str(exception) if exception else ""
    roles = sorted(Role(role).label for role in getattr(getattr(request, "reach", None), "roles", ()))
    if said:
        text = said
    elif roles:
        text = f"您的任职是“{'”“'.join(roles)}”，看不到这一页。确实需要，请联系本单位管理员。"
    else:
        text = "您现在没有任职，看不到这一页。请联系上级委员会的专干。"
    return answer(request, ErrorPage(403, "lock", "这一页不在您的权限里", text, (_home_label(request),)))


def page_not_found(request, exception=None):
    """Answer 404: the same words for a row that does not exist and for one outside the reader's scope."""
    text = "网址可能写错，也可能这条记录已合并。可以按姓名、车牌或编号再找。"
    actions = (_home_label(request),)
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return answer(
            request, ErrorPage(404, "search", "没有这一页，或者不在您的辖区", text, (("去查找", "/search/"), *actions))
        )
    text = "网址可能写错，也可能这一页已经撤下。"
    return answer(request, ErrorPage(404, "search", "没有这一页", text, actions))


def wrong_method(request):
    """Answer 405 to an address that only a button may call: mostly one comes here after signing in anew."""
    text = "可能是登录过期以后又回到了这里。什么都没有改动，请打开原来的页面，再点一次。"
    return answer(request, ErrorPage(405, "arrow-clockwise", "这一步要在页面上点", text, (_home_label(request),)))


def server_error(request):
    """Answer 500 with a number that the log also carries. Touches no database, no session, no user."""
    number = f"{secrets.token_hex(2)}-{secrets.token_hex(1)}".upper()
    logger.error("error %s at %s %s", number, request.method, request.path, exc_info=sys.exc_info())
    text = f"已记下，编号 {number}。没有保存的内容可能还在上一页，请返回看看；再出错，请把编号告诉管理员。"
    page = ErrorPage(500, "tools", "系统出错了，不是您的问题", text, (("返回上一页", "back"), ("回首页", "/")))
    if _wants_json(request):
        return JsonResponse({"status": 500, "title": page.title, "detail": text, "number": number}, status=500)
    context = {
        "page": page,
        "layout": "base_public.html",
        "site": site_facts(),
        "large_text": request.COOKIES.get(LARGE_TEXT_COOKIE) == "1",
    }
    template = "errors/fragment.html" if request.headers.get("HX-Request") else "errors/error.html"
    try:
        return HttpResponse(render_to_string(template, context), status=500)
    except Exception:  # the frame itself may be what is broken; the number must still reach the reader
        logger.exception("the page for error %s could not be rendered", number)
        return HttpResponse(f"{page.title}。{text}", status=500, content_type="text/plain; charset=utf-8")


def csrf_failure(request, reason=""):
    """Answer a failed CSRF check (403): mostly a page left open too long, so say that."""
    logger.warning("csrf check failed at %s: %s", request.path, reason)
    text = "页面放得太久，或者在另一个窗口重新登录过。什么都没有改动。请返回上一页，刷新后再提交。"
    return answer(
        request,
        ErrorPage(403, "arrow-clockwise", "这一页已经过期", text, (("返回上一页", "back"), _home_label(request))),
    )


def conflict(request, message: str, *, reload_url: str = "back"):
    """Answer 409: somebody changed the row first. `message` says who and when, as far as the reader may know."""
    label = "返回对照" if reload_url == "back" else "看最新的内容"
    return answer(
        request, ErrorPage(409, "people", "刚才有人先改了", message, ((label, reload_url), _home_label(request)))
    )


def too_large(request, size: int | None, limit: int):
    """Answer 413: a file over the limit, both in bytes."""
    said = f"这个文件 {size / 1048576:,.0f} MB，" if size else "这个文件超过了上限，"
    text = f"{said}上限是 {limit / 1048576:,.0f} MB。把不用的工作表删掉，或分成几个文件。"
    return answer(request, ErrorPage(413, "file-earmark-zip", "文件太大", text, (("重新选文件", "back"),)))


def too_many(request, retry_after: int):
    """Answer 429 with Retry-After in seconds."""
    wait = f"{retry_after} 秒" if retry_after < 120 else f"{-(-retry_after // 60)} 分钟"
    text = f"请等 {wait}再试。没有数据丢失。"
    response = answer(
        request, ErrorPage(429, "hourglass-split", "操作太快了", text, (("返回上一页", "back"), _home_label(request)))
    )
    response.headers["Retry-After"] = str(retry_after)
    return response


def unavailable(request, minutes: int = 10):
    """Answer 503: the site is being upgraded or a part it needs is down; Retry-After in seconds."""
    text = f"大约 {minutes} 分钟后恢复。已保存的内容都在，正在写入的会自动接着写。"
    response = answer(request, ErrorPage(503, "cone-striped", "系统正在维护", text, (("再试一次", request.path),)))
    response.headers["Retry-After"] = str(minutes * 60)
    return response
