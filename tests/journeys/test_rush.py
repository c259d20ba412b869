"""Opening by lot and verified contact, as a resident meets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE
from tests.journeys.making import lecture, seats_left, somebody
from tests.journeys.test_pages import axe, looked_at  # noqa: F401 - a fixture
from tests.stack import Stack

Visit = Callable[..., Page]


def fill_in(page: Page, email: str) -> None:
    """The form, sent."""
    page.locator("[name=name]").fill("王芳")
    page.locator("[name=email]").fill(email)
    page.locator("[name='consents.privacy_version']").check()
    page.locator("main form button[type=submit]").click()


def test_who_waits_for_the_opening_is_let_in_by_lot(
    visit: Visit,
    house_running: Stack,
    editor: str,
    axe: str,  # noqa: F811
) -> None:
    """The browser's work, the waiting room, the draw, the form; under the pages' strict policy."""
    opens_at = datetime.now(UTC) + timedelta(seconds=8)
    activity = lecture(
        house_running, editor, fair_queue=True, registration_opens_at=opens_at.isoformat()
    )
    page = visit(f"/activities/{activity['slug']}/register", language="en", size=PHONE)
    expect(page).to_have_url(re.compile(r"/queue$"))
    assert looked_at(page, "en", axe) == []
    # Pressed while the browser still works or after: the form goes when the work is done.
    page.get_by_role("button", name="Take a place in line").click()
    expect(page.locator("#queue-state h2")).to_have_text(
        re.compile("You are in the waiting room|It is your turn")
    )
    go = page.get_by_role("link", name="Go to the form")
    expect(go).to_be_visible()
    assert datetime.now(UTC) >= opens_at
    assert looked_at(page, "en", axe) == []
    go.click()
    fill_in(page, somebody())
    expect(page.get_by_role("heading", level=1)).to_have_text("You are in")
    assert seats_left(house_running, activity) == 49


def test_a_place_counts_when_the_code_from_the_mail_is_entered(
    visit: Visit,
    house_running: Stack,
    editor: str,
    axe: str,  # noqa: F811
) -> None:
    activity = lecture(house_running, editor, verify_contact=True)
    email = somebody()
    page = visit(f"/activities/{activity['slug']}/register", size=PHONE)
    fill_in(page, email)
    expect(page).to_have_url(re.compile(r"/verify$"))
    assert looked_at(page, "zh-CN", axe) == []
    text = house_running.mail(email)["text"]
    link = re.search(r"http\S+/verify/\S+", text)
    assert link, text
    with page.context.expect_page() as opened:
        page.evaluate("url => { window.open(url); }", link[0])
    assert looked_at(opened.value, "zh-CN", axe) == []
    # The mail was read and its link opened; the place does not count yet.
    code = re.search(r"(?<!\d)\d{6}(?!\d)", text)
    assert code, text
    page.locator("[name=code]").fill(code[0])
    page.get_by_role("button", name="确认报名").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("报名成功")
