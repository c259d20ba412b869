"""A lecture given many times: made, moved and seen in a real browser."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE
from tests.journeys.making import lecture, register, somebody
from tests.stack import Stack

Visit = Callable[..., Page]
BEIJING = ZoneInfo("Asia/Shanghai")


def test_a_lecture_is_repeated_and_all_its_dates_are_moved(
    visit: Visit, house_running: Stack, editor: str
) -> None:
    starts = datetime.now(BEIJING).replace(hour=14, minute=0, second=0, microsecond=0)
    activity = lecture(house_running, editor, starts_at=(starts + timedelta(days=7)).isoformat())
    email = somebody()
    register(house_running, activity, email)
    here = f"/staff/activities/{activity['id']}"

    page = visit(here, staff="editor")
    page.get_by_role("link", name="重复举办").click()
    page.get_by_role("button", name="查看日期").click()
    expect(page.locator("[name='keep']")).to_have_count(4)
    page.locator("[name='keep']").nth(1).uncheck()
    page.get_by_role("button", name="生成场次").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    expect(page.get_by_role("main")).to_contain_text("14:00–16:00")

    page.goto(f"{here}/edit")
    day = page.locator("#field-starts_at").input_value()[:10]
    page.locator("#field-starts_at").fill(f"{day}T09:30")
    page.locator("#field-ends_at").fill(f"{day}T11:30")
    page.get_by_label("全部未结束的场次").check()
    page.get_by_role("button", name="保存修改").click()
    expect(page.locator("tbody ins")).to_have_count(4)
    page.locator("[id='field-note.zh-CN']").fill("讲师下午另有公务。")
    page.get_by_role("button", name="重新预览通知").click()
    expect(page.locator(".letter").first).to_contain_text("讲师下午另有公务。")
    page.get_by_role("button", name="保存并发送通知").click()
    expect(page.get_by_role("main")).to_contain_text("09:30–11:30")
    assert "讲师下午另有公务。" in house_running.mail(email, "变更")["text"]

    resident = visit(f"/activities/{activity['slug']}", size=PHONE)
    resident.get_by_role("link", name="本系列全部场次").click()
    expect(resident.locator("article.entry")).to_have_count(4)
    expect(resident.locator("article.entry h3")).to_contain_text(["09:30–11:30"] * 4)


def test_a_picture_is_chosen_and_seen(visit: Visit, house_running: Stack, editor: str) -> None:
    activity = lecture(house_running, editor)
    taken = io.BytesIO()
    Image.new("RGB", (2400, 1200), (120, 160, 150)).save(taken, "JPEG")
    page = visit(f"/staff/activities/{activity['id']}/picture", staff="editor")
    page.get_by_role("button", name="保存图片").click()
    expect(page.locator(".error-summary a")).to_have_count(2)
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": taken.getvalue()}
    page.locator("#field-picture").set_input_files(file)  # type: ignore[arg-type]
    page.locator("[id='field-alt.zh-CN']").fill("讲座现场")
    page.get_by_role("button", name="保存图片").click()
    page.wait_for_url(re.compile(rf"/{activity['id']}$"))

    resident = visit(f"/activities/{activity['slug']}")
    picture = resident.get_by_role("img", name="讲座现场")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 1600)
