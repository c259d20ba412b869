"""Staff and the people of an activity: one is cancelled with a reason, another written to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.journeys.making import lecture, register, somebody
from tests.stack import Stack

Visit = Callable[..., Page]


@pytest.mark.parametrize("script", [True, False], ids=["script", "bare"])
def test_from_the_list_to_the_people(
    visit: Visit, house_running: Stack, editor: str, tmp_path: Path, script: bool
) -> None:
    activity = lecture(house_running, editor)
    goes, stays = somebody(), somebody()
    register(house_running, activity, goes, name="周丽")
    register(house_running, activity, stays, name="=安娜", language="en")
    place = f"/staff/activities/{activity['id']}/registrations"
    page = visit(f"{place}?sort=name", staff="editor", script=script)
    expect(page.locator("tbody a")).to_have_text(["=安娜", "周丽"])

    page.locator("tr", has_text="周丽").get_by_role("checkbox").check()
    page.get_by_role("button", name="取消报名").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("取消1份报名")
    page.locator("#field-reason").fill("同一时间您已报名另一场。")
    page.get_by_role("button", name="取消1份报名").click()
    expect(page.get_by_role("status").first).to_contain_text("已取消")
    assert "同一时间您已报名另一场。" in house_running.mail(goes, "报名已取消")["text"]

    page.goto(f"{place}?status=confirmed")
    page.get_by_label("当前列表的全部1份（含其他页）").check()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="下载 XLSX（Excel）").click()
    file = tmp_path / "list.xlsx"
    waiting.value.save_as(file)
    assert activity["token"] in waiting.value.suggested_filename
    sheet = load_workbook(file).active
    assert sheet is not None
    assert [cell.value for cell in sheet["A"]] == ["姓名", "=安娜"]
    assert sheet["A2"].data_type == "s"

    page.get_by_label("当前列表的全部1份（含其他页）").check()
    page.get_by_role("button", name="发送消息").click()
    page.locator("[id='field-message.en.subject']").fill("Please come to the east gate")
    page.locator("[id='field-message.en.body']").fill("It is **closer**.")
    page.locator("input[name='channels'][value='sms']").uncheck()
    page.get_by_role("button", name="预览").click()
    expect(page.locator(".prose strong")).to_have_text("closer")
    page.get_by_role("button", name="发给1份报名").click()
    expect(page.get_by_role("main")).to_contain_text("Please come to the east gate")
    mail = house_running.mail(stays, "east gate")
    assert "It is closer." in mail["text"]
