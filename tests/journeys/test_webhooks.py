"""A city administrator has another system told, and learns at once where calls may not go."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.stack import eventually

Visit = Callable[..., Page]


def test_a_webhook_is_added_and_tried(visit: Visit) -> None:
    page = visit("/staff/webhooks/new", staff="admin", language="en")
    page.get_by_label("Which system it is").fill("Duty desk")
    page.get_by_label("Its address").fill("http://169.254.169.254/latest/meta-data")
    page.get_by_label("A broadcast was cancelled").check()
    page.get_by_role("button", name="Add it and show the secret").click()
    expect(page.get_by_role("alert")).to_contain_text("inside our own network")
    expect(page.get_by_label("Which system it is")).to_have_value("Duty desk")
    expect(page.get_by_label("A broadcast was cancelled")).to_be_checked()

    # Reserved for examples (RFC 2606): it leads nowhere.
    page.get_by_label("Its address").fill("https://duty.invalid/lingbao")
    page.get_by_role("button", name="Add it and show the secret").click()
    expect(page.locator("#webhook-secret")).to_contain_text("whsec_")
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Make a test call").click()
    expect(page.get_by_text("A test call is on its way")).to_be_visible()
    attempt = page.get_by_role("row").filter(has_text="Test call")
    expect(attempt).to_be_visible()

    def has_failed() -> bool:
        page.reload()
        return attempt.get_by_text("The name cannot be found").is_visible()

    eventually(has_failed, every=0.5)
    expect(page.get_by_text("No call has succeeded since")).to_be_visible()
