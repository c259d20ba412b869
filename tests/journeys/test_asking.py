"""People say whether they are safe, and whoever is on duty sees it at once."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.asking import ask
from tests.stack import Stack

Visit = Callable[..., Page]


def test_a_call_for_help_shows_without_reloading(
    visit: Visit, house_running: Stack, editor: str
) -> None:
    asked = ask(house_running, editor)
    duty = visit(f"/staff/broadcasts/{asked.broadcast}", staff="duty")
    expect(duty.locator(".page-head .status")).to_have_text("已发送")
    expect(duty.locator("#answers")).to_contain_text("尚未回复")
    expect(duty.locator("#answers [role='alert']")).to_have_count(0)

    resident = visit(asked.way, language="en", script=False)
    expect(resident.get_by_role("heading", level=1)).to_have_text("Are you safe?")
    resident.get_by_text("Add where you are").click()
    resident.locator("#field-note").fill("二楼")
    resident.get_by_role("button", name="I need help").click()
    expect(resident.locator(".answered")).to_contain_text("You told us that you need help")

    expect(duty.locator("#answers [role='alert']")).to_contain_text("1")
    duty.locator("#answers [role='alert'] a").click()
    expect(duty.locator(".loud")).to_contain_text("二楼")

    resident.get_by_role("button", name="I am safe").click()
    expect(resident.locator(".answered")).to_contain_text("You told us that you are safe")
    expect(duty.locator("#answers [role='alert']")).to_have_count(0)
