"""What journeys do with a broadcast: look whom it reaches, have it approved, send it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

Visit = Callable[..., Page]


def reached(page: Page) -> int:
    """The number of people in the panel beside the form."""
    return int("".join(filter(str.isdigit, page.locator("#reach-people").inner_text())) or 0)


def press(page: Page, name: str) -> None:
    """An act of the broadcast's page: its link asks, the button on the next page does it."""
    asks = page.get_by_role("link", name=f"{name}…")
    path = asks.get_attribute("href") or ""
    asks.click()
    page.wait_for_url(f"**{path}")
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url(lambda url: not url.endswith(path))


def approve_and_send(visit: Visit, author: Page) -> Page:
    """A second person approves what the author submitted, and sends it: their page."""
    page = visit(author.url.partition("?")[0], staff="duty")
    press(page, "批准")
    press(page, "发送")
    return page
