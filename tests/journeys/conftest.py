"""A real browser for the journeys: Debian's chromium, driven by Playwright, and axe-core for accessibility.

Mark every journey with `pytest.mark.browser`. Without a chromium they are skipped and say so.
"""

import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = Path(__file__).parent / "axe.min.js"
OVERFLOW = """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
  [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
    .filter(e => !e.closest('.table-wrap,.chips-scroll,.tabs'))
    .slice(0, 4).map(e => e.tagName + '.' + e.className)"""


@pytest.fixture(scope="session")
def browser():
    """Start one chromium for all journeys."""
    path = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not path:
        pytest.skip("no chromium found: journeys are not run")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: journeys are not run")
    # Playwright's loop runs in this thread; the ORM calls of a test are as synchronous as ever.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)


@pytest.fixture
def page(browser, live_server):
    """Open a fresh page at 1280 × 900 whose relative addresses go to the live server.

    Fails afterwards when the page asked another host for anything, broke the content security policy or threw.
    """
    context = browser.new_context(
        base_url=live_server.url, locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1280, "height": 900}
    )
    context.set_default_timeout(15_000)
    opened = context.new_page()
    faults = []

    def only_here(route):
        if route.request.url.startswith((live_server.url, "data:", "blob:")):
            route.continue_()
        else:
            faults.append(f"asked for {route.request.url}")
            route.abort()

    context.route("**/*", only_here)
    opened.on("pageerror", lambda error: faults.append(f"threw {error}"))
    opened.on(
        "console",
        # Without an address it is no file of the page: axe copies elements, with the style a script gave them.
        lambda message: (
            faults.append(message.text)
            if "Content Security Policy" in message.text and message.location["url"]
            else None
        ),
    )
    yield opened
    context.close()
    assert faults == []


@pytest.fixture
def sign_in(live_server):
    """Return a function: page, user → the page is signed in as that user (no form: see the sign-in journey)."""

    def signed_in(page, user):
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        return page

    return signed_in


# On a busy machine a page is measured before it is laid out anew: styles that load, a width that changes.
SETTLED = """width => document.fonts.ready.then(() => new Promise(done => {
    const look = () => (!width || innerWidth === width) ? requestAnimationFrame(() => requestAnimationFrame(done))
                                                        : requestAnimationFrame(look);
    look(); }))"""


@pytest.fixture
def axe():
    """Return a function: page → list of accessibility violations, each "rule: selector, selector"; empty is good."""
    source = AXE.read_text(encoding="utf-8")

    def violations(page) -> list[str]:
        page.evaluate(SETTLED, 0)
        page.evaluate(source)
        return page.evaluate(
            """rules => axe.run(document, {runOnly: rules}).then(found => found.violations.map(
                 one => one.id + ': ' + one.nodes.slice(0, 3).map(node => node.target.join(' ')).join(', ')))""",
            RULES,
        )

    return violations


@pytest.fixture
def too_wide():
    """Return a function: page, width → the elements that stick out of the screen at that width; empty is good."""

    def sticking_out(page, width: int) -> list[str]:
        page.set_viewport_size({"width": width, "height": 780 if width < 768 else 900})
        page.evaluate(SETTLED, width)
        return page.evaluate(OVERFLOW)

    return sticking_out
