"""What follows a registration: an offer from the waiting list, a lost link, a ticket on paper."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE
from tests.journeys.making import invitation, lecture, link, mails, register, somebody
from tests.stack import Stack, eventually

API = "/api/registration/v1"


def test_a_place_comes_free_is_offered_accepted_and_found_again(
    visit: Callable[..., Page], house_running: Stack, editor: str
) -> None:
    activity = lecture(house_running, editor, capacity=1)
    holder = register(house_running, activity, somebody())
    address = somebody()
    register(house_running, activity, address)
    eventually(lambda: mails(house_running, address))
    token = holder["manage_url"].rpartition("/")[2]
    house_running.call("DELETE", f"{API}/registrations/{token}")

    eventually(lambda: len(mails(house_running, address)) == 2)
    offer = mails(house_running, address)[-1]
    assert "名额" in offer["subject"]
    assert not offer["calendar"]  # it comes when the place is accepted
    page = visit(link(house_running, offer["text"], "/registrations/"), size=PHONE)
    expect(page.get_by_role("heading", level=1)).to_have_text("已为您保留名额")
    page.get_by_role("button", name="接受名额").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("报名成功")
    eventually(lambda: len(mails(house_running, address)) == 3)
    assert invitation(mails(house_running, address)[-1])["UID"]

    page.goto("/registrations")
    page.get_by_role("button", name="发送链接").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.locator("#field-email").fill(address)
    page.get_by_role("button", name="发送链接").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("请查收信息")
    eventually(lambda: len(mails(house_running, address)) == 4)
    again = visit(
        link(house_running, mails(house_running, address)[-1]["text"], "/registrations/"),
        language="en",
    )
    expect(again.get_by_role("heading", level=1)).to_have_text("Your registration")


def test_somebody_without_a_telephone_is_registered_at_the_counter(
    visit: Callable[..., Page], house_running: Stack, editor: str
) -> None:
    activity = lecture(house_running, editor, verify_contact=True)
    page = visit(f"/staff/activities/{activity['id']}", staff="xicheng")
    page.get_by_role("link", name="代为报名").click()
    page.get_by_role("button", name="报名", exact=True).click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.locator("#field-name").fill("刘奶奶")
    page.get_by_role("checkbox").last.check()
    page.get_by_role("button", name="报名", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("刘奶奶")
    code = page.locator(".ticket-code").inner_text().replace(" ", "")
    assert len(code) == 8
    expect(page.get_by_role("img", name="入场二维码")).to_be_visible()
    page.get_by_role("link", name="为下一位报名").click()
    expect(page.locator("#field-name")).to_have_value("")
