"""Staff write a template, see what a reader gets as they write, and send themselves a test."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote_plus

from playwright.sync_api import Locator, Page, expect

from tests.journeys.making import a_word, somebody
from tests.stack import Stack, eventually

Visit = Callable[..., Page]


def _leave(page: Page, field: Locator, typed: str) -> None:
    """Leave a field, and wait for the preview of what was typed: it is not cut off by the next."""
    with page.expect_response(
        lambda answer: (
            answer.url.endswith("/staff/templates/preview")
            and typed in unquote_plus(answer.request.post_data or "")
        )
    ):
        field.blur()


def test_a_template_is_written_and_tried(visit: Visit, house_running: Stack) -> None:
    page = visit("/staff/templates/new", staff="editor")
    name = f"洪水 {a_word()}"
    page.locator("#field-name").fill(name)
    page.locator("[id='field-message.zh-CN.subject']").fill("{{ name }}，洪水提醒")
    page.locator("[id='field-message.zh-CN.body']").fill("请**远离**河岸。")
    sms = page.locator("[id='field-message.zh-CN.sms']")
    sms.fill("{{ country }}洪水。")
    _leave(page, sms, "{{ country }}洪水。")
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

    _leave(page, sms, "{{ countries }}洪水。")
    page.get_by_role("button", name="保存模板").click()
    mail = page.frame_locator(".mail-frame").first
    expect(mail.locator("strong")).to_have_text("远离")
    trial = somebody()
    page.locator("#field-to").fill(trial)
    page.get_by_role("button", name="发送测试").click()
    eventually(lambda: len(house_running.inbox(trial)) == 1)
    assert house_running.inbox(trial)[0]["subject"] == "【测试】王小明，洪水提醒"
