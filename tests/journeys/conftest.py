"""Journeys drive the whole house with a real browser: Debian's Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.stack import Stack, running

PHONE = {"width": 375, "height": 780}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def house_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One house for all journeys of this test process."""
    with running(tmp_path_factory.mktemp("house") / "data") as stack:
        yield stack


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; `make test` installs it where it can."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    program = next(filter(None, map(shutil.which, names)), None)
    assert program, (
        "The browser tests need Chromium. On Debian: apt-get install chromium fonts-noto-cjk"
    )
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=program,
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


@pytest.fixture
def visit(browser: Browser, house_running: Stack) -> Iterator[Callable[..., Page]]:
    """``visit("/activities", language="en", size=PHONE, script=False)``: a fresh visitor's page.

    Whatever the console complains of, and every request that leaves the house, fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        path: str, *, language: str = "zh-CN", size: dict[str, int] = DESK, script: bool = True
    ) -> Page:
        context = browser.new_context(
            base_url=house_running.url,
            locale=language,
            viewport={"width": size["width"], "height": size["height"]},
            java_script_enabled=script,
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                # A page that answers 4xx on purpose is reported as a failed load.
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                complaints.append(f"left the house: {request.url}")
                if not request.url.startswith((house_running.url, "data:", "about:"))
                else None
            ),
        )
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots of this run go."""
    return tmp_path_factory.mktemp("pictures")
