"""Journeys drive the whole house with a real browser: Debian's Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from playwright.sync_api import Request as BrowserRequest

from services.notifications.webhooks.signing import new_secret
from tests import prepared
from tests.journeys.making import Reminded, remind
from tests.journeys.sights import sights  # noqa: F401 - a fixture
from tests.stack import Stack, running

PHONE = {"width": 375, "height": 780}
DESK = {"width": 1280, "height": 900}

# How long a page may take to come to what a test waits for, in milliseconds: so long that a busy
# machine never fails it. No test waits longer than it must.
PATIENCE = 45_000
expect.set_options(timeout=PATIENCE)

# With it a test hands in, as a mail provider does, what came back.
RETURNS_SECRET = new_secret()


@pytest.fixture(scope="session")
def servers() -> None:
    """In place of the servers of the other tests: a house brings its own."""


@pytest.fixture
def clean() -> None:
    """In place of emptying tables: journeys share a house and tell each other apart by name."""


# Not longer than these tests: an idle house takes time from those that come after.
@pytest.fixture(scope="package")
def house_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One house for all journeys of this test process."""
    data = prepared.copy(tmp_path_factory, tmp_path_factory.mktemp("house") / "data")
    with running(data, LINGBAO_RETURNS_SECRET=RETURNS_SECRET) as stack:
        yield stack


@pytest.fixture(scope="package")
def editor(house_running: Stack) -> str:
    """The API key of a city editor."""
    return house_running.key("city-editor")


@pytest.fixture(scope="package", autouse=True)
def reminded(house_running: Stack, editor: str) -> Reminded:
    """Activities whose reminders fall due a minute from now, while the other journeys go on."""
    return remind(house_running, editor, due_in=timedelta(minutes=1))


# The first is the same browser without a window to draw: it takes half the processor time.
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)


def chromium() -> str:
    """Where the browser is."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert program, (
        "The browser tests need Chromium. On Debian: apt-get install chromium fonts-noto-cjk"
    )
    return program


# Not longer than these tests: Playwright keeps an event loop in the thread that others run in.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; `make test` installs it where it can."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=chromium(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield found
        found.close()


@pytest.fixture(scope="package")
def session_of(browser: Browser, house_running: Stack) -> Callable[[str], list[Any]]:
    """``session_of("editor")``: the cookies of a sample member of staff, who signs in once."""
    kept: dict[str, list[Any]] = {}

    def cookies(name: str) -> list[Any]:
        if name not in kept:
            context = browser.new_context(base_url=house_running.url)
            answer = context.request.post(
                "/staff/sign-in",
                form={
                    "email": f"{name}@lingbao.example",
                    "password": house_running.password,
                    "next": "/staff",
                },
            )
            assert urlsplit(answer.url).path == "/staff", answer.url
            kept[name] = list(context.cookies())
            context.close()
        return kept[name]

    return cookies


@pytest.fixture
def visit(
    browser: Browser, house_running: Stack, session_of: Callable[[str], list[Any]]
) -> Iterator[Callable[..., Page]]:
    """``visit("/activities", language="en", size=PHONE, script=False)``: a fresh visitor's page.

    ``staff="editor"`` comes signed in as that sample member of staff. Whatever the console
    complains of, and every request that leaves the house, fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # A page that answers 4xx on purpose is reported as a failed load; what a page was asking
        # for when it was left is reported as broken off.
        broken_off = ("htmx:afterRequest", "htmx:sendAbort", "htmx:sendError")
        expected = ("Failed to load resource", *broken_off)
        if message.type == "error" and not any(one in message.text for one in expected):
            complaints.append(message.text)

    def asked(request: BrowserRequest) -> None:
        if not request.url.startswith((house_running.url, "data:", "about:")):
            complaints.append(f"left the house: {request.url}")

    def open_page(
        path: str,
        *,
        language: str = "zh-CN",
        size: dict[str, int] = DESK,
        script: bool = True,
        staff: str | None = None,
    ) -> Page:
        context = browser.new_context(
            base_url=house_running.url,
            locale=language,
            viewport={"width": size["width"], "height": size["height"]},
            java_script_enabled=script,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if staff is not None:
            context.add_cookies(session_of(staff))
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", asked)
        answer = page.goto(path)
        assert answer is not None
        assert answer.status < 500, f"{path}: {answer.status}"
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
