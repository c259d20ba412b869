"""A question is asked on a telephone, triaged, answered by mail, made public and found."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE
from tests.journeys.making import a_word, somebody
from tests.stack import Stack

Visit = Callable[..., Page]


def test_a_question_becomes_an_answer_for_everybody(visit: Visit, house_running: Stack) -> None:
    word = a_word()
    email = somebody()
    asker = visit("/questions/ask", size=PHONE)
    _ask(asker, word, email)
    house_running.mail(email, "您的咨询已收到")
    desk = visit("/staff/questions?view=new", staff="editor")
    _answer(desk, word)
    mail = house_running.mail(email, "现答复如下")
    assert "请带" in mail["text"]
    assert "邮轮公司" not in mail["text"]
    asker.reload()
    expect(asker.locator(".answer-panel strong")).to_have_text("护照原件")
    _make_public(desk, word)
    reader = visit(f"/search?q={word}", size=PHONE)
    reader.get_by_role("link", name=word).click()
    expect(reader.get_by_role("heading", level=1)).to_contain_text(word)
    reader.get_by_role("button", name="有帮助", exact=True).click()
    expect(reader.locator("#helpful")).to_contain_text("您认为有帮助")


def _ask(asker: Page, word: str, email: str) -> None:
    text = asker.locator("#field-text")
    text.press_sequentially("护照丢了")
    # While it is being typed: the number to call, and what others asked.
    similar = asker.locator("#similar")
    expect(similar.get_by_role("link", name="+86 10 12308")).to_be_visible()
    expect(similar).to_contain_text("在国外护照丢了怎么办？")
    text.fill(f"王女士想问：{word}邮轮靠岸几个小时，下船要带护照原件吗？")
    expect(similar.get_by_role("link", name="+86 10 12308")).to_be_hidden()
    asker.get_by_role("button", name="提交咨询").click()
    expect(asker.locator(".error-summary")).to_contain_text("请填写电子邮箱或手机号码")
    expect(text).to_have_value(f"王女士想问：{word}邮轮靠岸几个小时，下船要带护照原件吗？")
    asker.locator("#field-email").fill(email)
    asker.get_by_label("我已阅读").check()
    asker.get_by_role("button", name="提交咨询").click()
    expect(asker.get_by_role("heading", level=1)).to_have_text("您的咨询已收到")


def _answer(desk: Page, word: str) -> None:
    desk.get_by_role("link", name=word).click()
    desk.get_by_role("button", name="由我办理").click()
    expect(desk.get_by_role("button", name="由我办理")).to_be_hidden()
    desk.locator("#field-note").fill("已向邮轮公司核实")
    desk.get_by_role("button", name="保存备注").click()
    expect(desk.locator(".entry-note")).to_contain_text("已向邮轮公司核实")
    desk.locator("#field-text").fill("请带**护照原件**下船，另备一份复印件。")
    desk.get_by_role("button", name="发送答复").click()
    expect(desk.locator(".entry-answer")).to_contain_text("护照原件")


def _make_public(desk: Page, word: str) -> None:
    desk.get_by_role("link", name="转为公开答复").click()
    expect(desk.locator(".traces")).to_contain_text("王女士")
    desk.locator("[id='field-question.zh-CN']").fill(f"{word}邮轮靠岸下船要带护照吗？")
    desk.locator("[id='field-question.en']").fill(f"Do I take my passport ashore? {word}")
    desk.locator("[id='field-answer.zh-CN']").fill("请带原件。王女士不必带复印件。")
    desk.locator("[id='field-answer.en']").fill("Please take the original.")
    desk.get_by_role("button", name="存为草稿").click()
    desk.get_by_role("link", name="发布", exact=True).click()
    desk.get_by_role("button", name="立即发布").click()
    expect(desk.locator(".notice")).to_contain_text("可能指向具体的人")
    desk.get_by_label("王女士").check()
    desk.get_by_role("button", name="立即发布").click()
    expect(desk.get_by_role("link", name="查看公众页面")).to_be_visible()
