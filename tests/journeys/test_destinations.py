"""A resident on a telephone misspells where they are going, and is told what matters there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE
from tests.journeys.making import a_word, link, somebody
from tests.stack import Stack

Visit = Callable[..., Page]


@pytest.fixture
def material(house_running: Stack, editor: str) -> str:
    """The title of a published material about Fiji."""
    name = f"斐济出行{a_word()}"
    body = {
        "kind": "checklist",
        "title": {"zh-CN": name, "en": f"Going to Fiji {name[-6:]}"},
        "body": {"zh-CN": "带上**防晒**用品。", "en": "Pack sun cream."},
        "countries": ["FJ"],
    }
    here = "/api/content/v1/materials"
    status, made = house_running.call("POST", here, body, editor)
    assert status == 201, made
    status, made = house_running.call("POST", f"{here}/{made['id']}/publish", {}, editor)
    assert status == 200, made
    return name


def test_from_a_misspelt_country_to_its_reminders(
    visit: Visit, house_running: Stack, material: str
) -> None:
    page = visit("/", size=PHONE, script=False)
    page.get_by_role("banner").get_by_role("button", name="站内搜索").click()
    page.get_by_role("searchbox").fill("飞济")
    page.get_by_role("button", name="搜索").click()
    expect(page.get_by_text("您要找的是不是")).to_be_visible()
    page.get_by_role("link", name="前往斐济").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("前往斐济")
    numbers = page.get_by_role("region", name="求助电话")
    expect(numbers.get_by_role("link", name="917")).to_have_attribute("href", "tel:917")
    expect(page.get_by_role("link", name="cs.mfa.gov.cn")).to_be_visible()
    page.get_by_role("link", name=material).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(material)
    page.get_by_role("main").get_by_role("link", name="斐济").first.click()
    page.get_by_role("main").get_by_role("link", name="订阅安全提醒").last.click()
    email = somebody()
    expect(page.get_by_label("国家或地区")).to_have_value("FJ")
    page.get_by_label("电子邮件").fill(email)
    page.get_by_role("checkbox", name="我同意").check()
    page.get_by_role("button", name="订阅安全提醒").click()
    page.goto(link(house_running, house_running.mail(email, "请确认")["text"], "/subscribe/"))
    page.get_by_role("button", name="确认接收").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("订阅成功")
    expect(page.get_by_role("main")).to_contain_text("斐济")


def test_staff_check_a_mission_and_a_search_in_english_finds_what_is_there(
    visit: Visit, material: str
) -> None:
    page = visit("/staff/destinations", staff="editor", size=DESK)
    page.get_by_label("国家或地区").select_option("JP")
    page.get_by_role("button", name="查看").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="修改").click()
    page.get_by_label("核对日期").fill("2026-11-20")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("tbody")).to_contain_text("2026-11-20")

    page = visit("/", language="en", size=DESK)
    page.get_by_role("banner").get_by_role("searchbox").fill(f"Fiji {material[-6:]}")
    page.keyboard.press("Enter")
    result = page.locator(".result")
    expect(result).to_have_count(1)
    expect(result.locator("mark").first).to_have_text("Fiji")
    expect(page.get_by_role("link", name="Going to Fiji").first).to_be_visible()
    page.get_by_text("Narrow the search").click()
    page.get_by_label("Country or region").select_option("FJ")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("country=FJ"))
    expect(result).to_have_count(1)
