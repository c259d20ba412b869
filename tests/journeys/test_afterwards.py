"""After an activity: thanks, survey, certificate, one's own data; and what staff make of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.afterwards import Past, a_past_lecture, answer, survey
from tests.journeys.conftest import PHONE
from tests.journeys.making import link
from tests.stack import Stack

Visit = Callable[..., Page]
EVIL = "讲得好 <img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def past(house_running: Stack, editor: str) -> Past:
    """A lecture that ended an hour ago; four people came."""
    return a_past_lecture(house_running, editor, 4)


def test_who_came_answers_prints_and_is_forgotten(
    visit: Visit, house_running: Stack, past: Past
) -> None:
    stack, email, ticket = house_running, past.emails[0], past.tickets[0]
    mail = stack.mail(email, "/feedback/")
    page = visit(link(stack, mail["text"], "/feedback/"), size=PHONE, script=False)
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".error-summary a")).to_have_count(1)
    page.get_by_role("group", name="总的来说").get_by_label("5 分").check()
    page.get_by_label("还有什么想告诉我们的").fill(EVIL)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("感谢您的意见")
    page.get_by_role("link", name="修改答复").click()
    expect(page.get_by_label("还有什么想告诉我们的")).to_have_value(EVIL)

    page.goto(ticket)
    page.get_by_role("link", name="参加证明").click()
    expect(page.locator(".sheet")).to_contain_text("王芳")
    page.emulate_media(media="print")
    expect(page.locator(".site-head")).to_be_hidden()
    expect(page.locator(".site-foot")).to_be_hidden()
    expect(page.locator(".sheet")).to_be_visible()
    sheet = page.pdf(prefer_css_page_size=True)
    assert b"/Count 1" in sheet
    assert b"[0 0 594.95" in sheet or b"[0 0 595" in sheet  # A4, in points
    page.emulate_media(media="screen")
    code = page.locator(".sheet-code").inner_text()

    page.goto(f"{ticket}/data")
    expect(page.locator("main")).to_contain_text(email)
    page.get_by_role("link", name="立即删除我的信息").click()
    page.get_by_role("button", name="确认删除").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("您的个人信息已删除")
    page.goto(ticket)
    expect(page.get_by_role("heading", level=1)).to_contain_text("已经删除")

    stranger = visit("/certificates", language="en", size=PHONE, script=False)
    stranger.get_by_label("Code of the certificate").fill(code.lower())
    stranger.get_by_role("button", name="Check").click()
    expect(stranger.locator("main")).to_contain_text("The certificate is genuine")
    expect(stranger.locator("main")).not_to_contain_text("王")


def test_staff_see_plots_and_look_through_the_texts(
    visit: Visit, house_running: Stack, past: Past
) -> None:
    for place, ticket in enumerate(past.tickets[1:]):
        path = survey(house_running, ticket)
        answer(house_running, path, overall=str(3 + place), comment=f"{EVIL} {place}")
    here = f"/staff/activities/{past.activity['id']}/feedback"
    page = visit(here, staff="editor")
    plot = page.locator("[data-chart] svg")
    expect(plot).to_have_count(1)
    expect(plot.first).to_contain_text("5 分")
    expect(page.locator("table").first.locator("tbody tr")).to_have_count(5)
    expect(page.locator("main img")).to_have_count(0)

    first = page.locator(".comments > li").first
    first.get_by_role("button", name="隐藏", exact=True).click()
    expect(page.locator(".error-summary")).to_contain_text("请简要说明原因")
    first.get_by_label("隐藏原因").fill("与活动无关")
    first.get_by_role("button", name="隐藏", exact=True).click()
    expect(page.locator(".comments")).to_contain_text("与活动无关")
    page.locator(".comments > li").first.get_by_role("button", name="显示", exact=True).click()
    expect(page.locator(".comments .status-good")).to_have_count(1)
    viewer = visit(here, staff="viewer", script=False)
    expect(viewer.locator(".comments > li")).to_have_count(1)
    expect(viewer.locator("[data-chart]").first).to_be_hidden()
    expect(viewer.locator("table")).to_have_count(1)
