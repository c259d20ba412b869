"""A school asks for a session in four steps; staff agree to a time, or decline with words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import PHONE
from tests.journeys.making import XICHENG, a_word, invitation, link, somebody
from tests.stack import Stack

Visit = Callable[..., Page]
BEIJING = ZoneInfo("Asia/Shanghai")
WHEN = (datetime.now(BEIJING) + timedelta(days=20)).replace(hour=14, minute=30)


def field(page: Page, name: str) -> Locator:
    return page.locator(f"[id='field-{name}']")


def step_1(page: Page, school: str) -> None:
    page.get_by_label("校园宣讲").check()
    page.locator("[id='field-organisation.name']").fill(school)
    page.get_by_label("学校", exact=True).check()
    page.locator("[id='field-organisation.district']").select_option(XICHENG)
    go_on(page)


def step_2(page: Page, email: str) -> None:
    page.locator("[id='field-contact.name']").fill("赵老师")
    page.locator("[id='field-contact.email']").fill(email)
    go_on(page)


def step_3(page: Page) -> None:
    page.locator("#field-time-1").fill(f"{WHEN:%Y-%m-%dT%H:%M}")
    page.locator("#field-headcount").fill("１２０")
    go_on(page)


def go_on(page: Page) -> None:
    page.get_by_role("button", name="继续").click()


def at_step(page: Page, number: int) -> None:
    expect(page.locator(".steps-words")).to_contain_text(f"{number}")
    expect(page.locator("[name='step']")).to_have_value(str(number))


def ask(page: Page, school: str, email: str) -> None:
    """The four steps and the summary, straight through."""
    step_1(page, school)
    step_2(page, email)
    step_3(page)
    page.locator("#field-destination-1").select_option("TH")
    page.get_by_role("button", name="核对内容").click()
    page.get_by_role("button", name="提交预约").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("我们已收到您的预约")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_going_back_and_forth_loses_nothing(visit: Visit, script: bool) -> None:
    page, email = visit("/bookings", size=PHONE, script=script), somebody()
    go_on(page)
    expect(page.locator(".error-summary li")).to_have_count(4)
    step_1(page, "第八中学")
    at_step(page, 2)
    page.locator("[id='field-contact.name']").fill("赵老师")
    page.get_by_role("button", name="上一步").click()
    at_step(page, 1)
    expect(field(page, "organisation.name")).to_have_value("第八中学")
    expect(field(page, "organisation.district")).to_have_value(XICHENG)
    expect(page.get_by_label("校园宣讲")).to_be_checked()
    go_on(page)
    expect(field(page, "contact.name")).to_have_value("赵老师")
    step_2(page, email)
    step_3(page)
    at_step(page, 4)
    for step in (3, 2, 1):
        page.get_by_role("button", name="上一步").click()
        at_step(page, step)
    for step in (2, 3):
        go_on(page)
        at_step(page, step)
    expect(field(page, "time-1")).to_have_value(f"{WHEN:%Y-%m-%dT%H:%M}")
    go_on(page)
    page.locator("#field-note").fill("共两个班。\n<i>请带手册</i>")
    page.get_by_role("button", name="核对内容").click()

    summary = page.get_by_role("main")
    for word in ("第八中学", "赵老师", email, "14:30", "120", "共两个班。", "<i>请带手册</i>"):
        expect(summary).to_contain_text(word)
    page.get_by_role("button", name="提交预约").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("我们已收到您的预约")


def test_staff_agree_to_a_time(visit: Visit, house_running: Stack) -> None:
    school, email = f"外国语学校 {a_word()}", somebody()
    visitor = visit("/bookings", size=PHONE)
    ask(visitor, school, email)
    received = house_running.mail(email)
    assert received["calendar"] is None

    page = visit("/staff/bookings?status=requested", staff="xicheng")
    page.get_by_role("link", name=school).click()
    page.get_by_role("link", name="约定时间").click()
    page.locator("#field-answer").fill("我们两位同事会提前十分钟到。")
    page.get_by_role("button", name="预览").click()
    expect(page.get_by_role("main")).to_contain_text("我们两位同事会提前十分钟到。")
    assert len(house_running.inbox(email)) == 1
    page.get_by_role("button", name="发出").click()
    expect(page.locator(".page-head")).to_contain_text("已约定")

    mail = house_running.mail(email, "我们两位同事会提前十分钟到。")
    assert mail["calendar_method"] == "REQUEST"
    begins = invitation(mail).decoded("DTSTART").astimezone(BEIJING)
    assert f"{begins:%Y-%m-%d %H:%M}" == f"{WHEN:%Y-%m-%d %H:%M}"
    visitor.goto(link(house_running, mail["text"], "/bookings/"))
    expect(visitor.get_by_role("main")).to_contain_text("我们两位同事会提前十分钟到。")
    expect(visitor.get_by_role("main")).to_contain_text("14:30")


def test_staff_decline_with_words(visit: Visit, house_running: Stack) -> None:
    school, email = f"职业学校 {a_word()}", somebody()
    ask(visit("/bookings", script=False), school, email)

    page = visit("/staff/bookings?status=requested", staff="xicheng", script=False)
    page.get_by_role("link", name=school).click()
    page.get_by_role("link", name="婉拒").click()
    page.get_by_role("button", name="预览").click()
    expect(page.locator(".error-summary a")).to_have_attribute("href", "#field-answer")
    page.locator("#field-answer").fill("那一周宣讲已满，欢迎来听十二月的讲座。")
    page.get_by_role("button", name="预览").click()
    page.get_by_role("button", name="发出").click()

    mail = house_running.mail(email, "那一周宣讲已满，欢迎来听十二月的讲座。")
    assert mail["calendar"] is None
    page.goto(link(house_running, mail["text"], "/bookings/"))
    expect(page.get_by_role("main")).to_contain_text("很抱歉，这次无法安排")
