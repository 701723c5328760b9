"""A real browser that fails a test for what a person might overlook.

An error in the console, a request to anywhere else, a breach of the content security policy: each fails the test that
caused it. `sign_in` spares a test the sign-in page, `looks` shows a page in every way that people see it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Condition

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.core.signals import request_finished, request_started
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
OWN_ADDRESSES = ("http://localhost:", "http://127.0.0.1:", "data:", "about:", "blob:")
NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}


@dataclass
class Watch:
    """What went wrong in the browser so far. A test that means to meet an error says which: `expected.append("404")`."""

    problems: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"console {message.type}: {message.text[:300]}")

    def on_error(self, error: WebError) -> None:
        self.problems.append(f"script: {str(error.error)[:300]}")

    def on_request(self, request: Request) -> None:
        if not request.url.startswith(OWN_ADDRESSES):
            self.problems.append(f"foreign request: {request.url[:300]}")

    def unexpected(self) -> list[str]:
        return [problem for problem in self.problems if not any(text in problem for text in self.expected)]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    names = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    return {**browser_type_launch_args, "executable_path": found, "args": CHROMIUM_FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return {**browser_context_args, "viewport": WIDE, "locale": "en-GB", "timezone_id": "Europe/Berlin"}


@pytest.fixture
def watch(context: BrowserContext) -> Iterator[Watch]:
    """Notices what goes wrong on any page of this test and fails it at the end."""
    watching = Watch()
    context.on("console", watching.on_console)
    context.on("weberror", watching.on_error)
    context.on("request", watching.on_request)
    yield watching
    assert watching.unexpected() == []


class InHand:
    """Counts the requests that the server is answering, so that no test empties the tables under one of them."""

    def __init__(self) -> None:
        self._changed, self._number = Condition(), 0
        request_started.connect(self._begin, weak=False)
        request_finished.connect(self._end, weak=False)

    def none_left(self, *, seconds: float) -> bool:
        """Wait until nothing is being answered; False if something still is after so long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._number <= 0, timeout=seconds)

    def _begin(self, **_told: object) -> None:
        with self._changed:
            self._number += 1

    def _end(self, **_told: object) -> None:
        with self._changed:
            self._number = max(self._number - 1, 0)
            self._changed.notify_all()


@pytest.fixture
def page(page: Page, watch: Watch) -> Iterator[Page]:
    """A page that is watched. What it had asked for when the test ended is answered before the tables are emptied."""
    page.set_default_timeout(10_000)
    in_hand = InHand()
    yield page
    if "/treatments/" in page.url:
        # What was typed and not yet kept is sent as the page goes; it takes a moment to arrive.
        page.goto("about:blank")
        page.wait_for_timeout(200)
    page.close()
    in_hand.none_left(seconds=3)
    request_started.disconnect(in_hand._begin)
    request_finished.disconnect(in_hand._end)


@pytest.fixture
def site(live_server, settings) -> str:
    """The address of the pages, which links in letters then start with too."""
    settings.SITE_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def sign_in(context: BrowserContext, site: str) -> Callable:
    """Sign `user` in, in this test's browser."""

    def signed_in(user) -> None:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        name = django_settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])

    return signed_in


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Assert that a page has no accessibility fault that can be found by machine (WCAG 2.2 A and AA)."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

    def check(page: Page) -> None:
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}, "resultTypes": ["violations"]})
        faults = [
            f"{violation['id']}: {violation['help']} — {node['html'][:160]}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]
        assert faults == [], f"{page.url}\n" + "\n".join(faults)

    return check


@pytest.fixture
def looks(axe: Callable[[Page], None]) -> Callable[[Page], None]:
    """Assert that a page is accessible light and dark, wide and on a narrow phone, where it must not scroll sideways."""

    def check(page: Page) -> None:
        for viewport in (WIDE, NARROW):
            page.set_viewport_size(viewport)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                axe(page)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= viewport["width"], f"{page.url} is {width} px wide on a screen of {viewport['width']} px"
        page.set_viewport_size(WIDE)

    return check
