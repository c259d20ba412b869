"""Staff plan rooms and lecturers; nobody is planned twice without a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE
from tests.journeys.making import a_word, lecture
from tests.stack import Stack

Visit = Callable[..., Page]


def test_a_lecturer_is_entered_planned_and_not_planned_twice(
    visit: Visit, house_running: Stack, editor: str
) -> None:
    """From an empty form to the public page, on a telephone and without scripts."""
    name = f"林老师{a_word()}"
    first, second = lecture(house_running, editor), lecture(house_running, editor)
    page = visit("/staff/lecturers/new", staff="editor", size=PHONE, script=False)
    page.locator("#field-day-0").fill("上午")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".error-summary")).to_contain_text("星期一")
    page.locator("[id='field-name.zh-CN']").fill(name)
    page.locator("[id='field-about.zh-CN']").fill("讲过一百场。")
    page.locator("#field-day-0").fill("")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)

    def choose(activity_id: str) -> None:
        page.goto(f"/staff/activities/{activity_id}/resources")
        page.get_by_role("checkbox", name=name).check()
        page.get_by_role("button", name="保存").click()

    choose(first["id"])
    expect(page.get_by_role("heading", level=1)).to_contain_text(first["token"])
    expect(page.get_by_role("main")).to_contain_text(name)
    choose(second["id"])
    expect(page.get_by_role("alert").last).to_contain_text(first["token"])
    expect(page.get_by_role("checkbox", name=name)).to_be_checked()
    page.locator("#field-override_reason").fill("两场合并举行")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(second["token"])

    public = visit(f"/activities/{second['slug']}")
    expect(public.get_by_role("main")).to_contain_text("讲过一百场。")


def test_a_room_changes_the_place_and_its_week_shows_it(
    visit: Visit, house_running: Stack, editor: str
) -> None:
    name = f"Hall {a_word()}"
    begins = f"{datetime.now(UTC) + timedelta(days=8):%Y-%m-%d}T02:00:00Z"
    activity = lecture(house_running, editor, starts_at=begins)
    page = visit("/staff/venues/new", staff="editor", language="en")
    page.locator("[id='field-name.en']").fill(name)
    page.locator("#field-district").select_option("110102")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    room = page.url
    page.goto(f"/staff/activities/{activity['id']}/resources")
    page.get_by_role("radio", name=name).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text(name)
    page.goto(f"{room}?week={activity['starts_at'][:10]}")
    expect(page.get_by_role("link", name=activity["token"])).to_be_visible()
    page.get_by_role("link", name="Week after").click()
    expect(page.get_by_role("link", name=activity["token"])).to_have_count(0)
