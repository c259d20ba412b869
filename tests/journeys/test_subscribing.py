"""A traveller subscribes on a telephone, gets what is to be read before the trip, and leaves."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE
from tests.journeys.making import link, somebody
from tests.journeys.subscribing import in_days
from tests.stack import Stack, eventually

Visit = Callable[..., Page]


def test_from_a_country_s_page_to_the_pack_for_the_trip(visit: Visit, house_running: Stack) -> None:
    stack, email, back = house_running, somebody(), in_days(9)
    page = visit("/advisories/TH", size=PHONE, script=False)
    page.get_by_role("complementary").get_by_role("link", name="订阅安全提醒").click()
    expect(page.get_by_label("国家或地区")).to_have_value("TH")
    expect(page.get_by_role("checkbox", name="我同意")).not_to_be_checked()
    page.get_by_label("出发日期").fill(in_days(3))
    page.get_by_label("返回日期").fill(back)
    page.get_by_label("电子邮件").fill(email)
    page.get_by_role("button", name="订阅安全提醒").click()
    expect(page.get_by_role("alert")).to_contain_text("经您同意")
    expect(page.get_by_label("返回日期")).to_have_value(back)  # nothing is lost
    page.get_by_role("checkbox", name="我同意").check()
    page.get_by_role("button", name="订阅安全提醒").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("还差一步")

    page.goto(link(stack, stack.mail(email, "请确认")["text"], "/subscribe/"))
    page.get_by_role("button", name="确认接收").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("订阅成功")
    expect(page.locator("#trips + ul li")).to_have_count(1)
    page.get_by_role("link", name="停止接收全部安全提醒").click()
    page.get_by_role("button", name="停止接收全部安全提醒").click()
    expect(page.get_by_text("紧急情况下也不发送")).to_be_visible()
    page.get_by_role("button", name="重新接收").click()
    expect(page.get_by_role("status")).to_contain_text("已恢复")


def test_a_code_by_sms_and_choices_in_english(visit: Visit, house_running: Stack) -> None:
    stack, phone = house_running, f"137{uuid.uuid4().int % 10**8:08d}"
    page = visit("/subscribe", language="en", size=DESK)
    page.get_by_label("Mobile telephone").fill(phone)
    page.get_by_role("radio", name="English").check()
    page.get_by_role("checkbox", name="I agree").check()
    page.get_by_role("button", name="Receive safety reminders").click()
    text = stack.mail(f"+86{phone}")["text"]
    code = eventually(lambda: next(word for word in text.split() if word[-6:].isdigit()))[-6:]
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are subscribed")
    page.get_by_label("Countries you follow").fill("Thailand, Atlantis")
    page.get_by_role("button", name="Save my choices").click()
    expect(page.get_by_role("alert")).to_contain_text("Atlantis")
    page.get_by_label("Countries you follow").fill("Thailand, 日本")
    page.get_by_role("radio", name="Once a week").check()
    page.get_by_role("button", name="Save my choices").click()
    expect(page.get_by_role("status")).to_contain_text("saved")
    expect(page.get_by_label("Countries you follow")).to_have_value("Thailand, Japan")
