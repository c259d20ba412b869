"""A quiz in a room: the screen, two telephones of which one goes on later, a certificate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.conftest import PHONE
from tests.stack import Stack

Visit = Callable[..., Page]
API = "/api/content/v1"


def both(chinese: str, english: str) -> dict[str, str]:
    return {"zh-CN": chinese, "en": english}


ITEMS: list[dict[str, Any]] = [
    {
        "name": "护照",
        "kind": "single",
        "text": both("遗失护照后先做什么？", "You lose your passport. What comes first?"),
        "content": {
            "choices": [
                {"text": both("向当地警方报案", "Report it to the police"), "correct": True},
                {"text": both("立即回国", "Fly home at once"), "correct": False},
            ]
        },
        "explanation": both("报案证明是补办证件的材料。", "The record is asked for later."),
    },
    {
        "name": "热线",
        "kind": "true-false",
        "text": both("12308 全天有人接听。", "12308 is answered day and night."),
        "content": {"answer": True},
    },
    {
        "name": "号码",
        "kind": "short-answer",
        "text": both("领事保护热线的号码是什么？", "Which number is the hotline?"),
        "content": {"answers": {"zh-CN": [{"text": "12308"}]}},
    },
]


def a_quiz(stack: Stack, key: str) -> dict[str, Any]:
    """A public quiz of three questions for a room, reached by its code."""

    def made(path: str, body: Any = None, expected: int = 201) -> dict[str, Any]:
        status, found = stack.call("POST", f"{API}{path}", body, key)
        assert status == expected, found
        return dict(found)

    bank = made("/banks", {"name": both("现场题库", "Bank for a room")})
    for item in ITEMS:
        made(f"/banks/{bank['id']}/items", item)
    quiz = made(
        "/quizzes",
        {
            "title": both("现场小测", "A quiz in the room"),
            "purpose": "cohort",
            "draws": [{"bank_id": bank["id"], "tags": [], "count": len(ITEMS)}],
            "minutes": 30,
        },
    )
    return made(f"/quizzes/{quiz['id']}/publish", expected=200)


def answer(page: Page, place: int) -> None:
    """Answer the question in this place, rightly, whichever it is."""
    expect(page.locator(".quiz-bar")).to_contain_text(f"第{place}题")
    text = page.get_by_role("heading", level=1).inner_text()
    if "护照" in text:
        page.get_by_label("向当地警方报案").check()
    elif "全天" in text:
        page.get_by_label("正确", exact=True).check()
    else:
        page.locator("input[name=text]").fill("１２３０８")


def onward(page: Page, place: int) -> None:
    """To the next question, or from the last to the overview."""
    page.get_by_role("button", name="下一题" if place < 3 else "检查并交卷").click()
    if place < 3:
        expect(page.locator(".quiz-bar")).to_contain_text(f"第{place + 1}题")


def test_a_quiz_is_taken_in_a_room(visit: Visit, house_running: Stack, editor: str) -> None:
    quiz = a_quiz(house_running, editor)
    screen = visit(f"/staff/quizzes/{quiz['id']}/live", staff="editor")
    expect(screen.locator(".live-code")).to_have_text(f"{quiz['code'][:3]} {quiz['code'][3:]}")
    finished = screen.locator("[data-figure=finished]")
    expect(finished).to_have_text("0")

    bare = visit("/quizzes", size=PHONE, script=False)
    bare.get_by_label("测验码").fill(quiz["code"].lower())
    bare.get_by_role("button", name="打开测验").click()
    bare.get_by_role("button", name="开始答题").click()
    answer(bare, 1)
    onward(bare, 1)
    bare.close()  # and another day:
    bare = bare.context.new_page()
    bare.goto(f"/q/{quiz['code']}")
    bare.get_by_role("link", name="继续答题").click()
    expect(bare.locator(".quiz-bar")).to_contain_text("第2题")

    phone = visit(f"/q/{quiz['code']}", size=PHONE)
    phone.get_by_role("button", name="开始答题").click()
    expect(phone.locator("[data-quiz-clock]")).to_contain_text("剩余 29:")
    expect(screen.locator("[data-figure=taking]")).to_have_text("2")
    for place in (1, 2, 3):
        answer(phone, place)
        phone.locator("h1").click()  # out of the field, so that it is kept
        expect(phone.locator("[data-quiz-state]")).to_have_text("答案已保存。")
        onward(phone, place)
    phone.get_by_role("button", name="交卷").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("成绩：100%")
    expect(finished).to_have_text("1")
    for place in (2, 3):
        answer(bare, place)
        onward(bare, place)
    bare.get_by_role("button", name="交卷").click()
    expect(bare.get_by_role("heading", level=1)).to_have_text("成绩：100%")
    expect(finished).to_have_text("2")

    phone.get_by_label("证书上的姓名").fill("王小明")
    phone.get_by_role("button", name="生成证书").click()
    expect(phone.locator(".sheet")).to_contain_text("王小明")
    code = phone.locator(".sheet-code").inner_text()
    stranger = visit("/quizzes/certificates", language="en", size=PHONE, script=False)
    stranger.get_by_label("Code of the certificate").fill(code.lower())
    stranger.get_by_role("button", name="Check").click()
    expect(stranger.locator("main")).to_contain_text("The certificate is genuine")
    expect(stranger.locator("main")).not_to_contain_text("小")
