"""Staff write a template, see what a reader gets as they write, and begin a broadcast with it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.making import somebody
from tests.stack import Stack, eventually

Visit = Callable[..., Page]


def _settled(page: Page) -> None:
    """Let the preview catch up: leaving while it is asked for is noted in the console."""
    page.wait_for_timeout(700)
    page.wait_for_load_state("networkidle")


def test_from_a_template_to_a_broadcast(visit: Visit, house_running: Stack) -> None:
    page = visit("/staff/templates/new", staff="editor")
    name = f"洪水 {uuid.uuid4().hex[:6]}"
    page.locator("#field-name").fill(name)
    page.locator("[id='field-message.zh-CN.subject']").fill("{{ name }}，洪水提醒")
    page.locator("[id='field-message.zh-CN.body']").fill("请**远离**河岸。")
    sms = page.locator("[id='field-message.zh-CN.sms']")
    sms.fill("{{ country }}洪水。")
    _settled(page)
    page.get_by_role("button", name="保存模板").click()
    expect(page.locator(".field-error")).to_contain_text("没有“country”这个词语")
    expect(sms).to_have_value("{{ country }}洪水。")

    sms.fill("")
    sms.press_sequentially("{{ countries }}洪水。")
    counted = page.locator("[data-count-for='field-message.zh-CN.sms']")
    [places, parts] = re.findall(r"\d+", counted.inner_text())
    panel = page.locator("#template-preview")
    expect(panel).to_contain_text("【领保中心】泰国、马来西亚洪水。")
    shown = panel.locator(".sms-bubble").first.inner_text()
    assert (len(shown), f"共{parts}条") == (
        int(places),
        panel.get_by_text("共").first.inner_text()[:3],
    )

    _settled(page)
    page.get_by_role("button", name="保存模板").click()
    mail = page.frame_locator(".mail-frame").first
    expect(mail.locator("strong")).to_have_text("远离")
    trial = somebody()
    page.locator("#field-to").fill(trial)
    page.get_by_role("button", name="发送测试").click()
    eventually(lambda: len(house_running.inbox(trial)) == 1)
    assert house_running.inbox(trial)[0]["subject"] == "【测试】王小明，洪水提醒"

    page.get_by_role("link", name="用它新建群发").click()
    expect(page.locator("#field-title")).to_have_value(name)
    expect(page.locator("[id='field-message.zh-CN.sms']")).to_have_value("{{ countries }}洪水。")
    page.locator("[name='audience.districts'][value='110102']").check()
    page.get_by_role("button", name="保存草稿").first.click()
    page.goto(page.url)
    page.goto(page.url.partition("/staff")[0] + "/staff/templates")
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("row", name=name)).to_be_visible()
