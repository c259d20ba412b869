"""Banks: a file is looked at before it is taken, and both languages of an item meet."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.content.banks import importing
from services.content.banks.marking import checked, mark, public, readable, solution

API = "/api/content/v1/banks"
Headers = dict[str, str]

CHINESE = """::报警:: 护照丢了先做什么？ {=报警 ~回国}

::号码:: 热线号码是？ {=12308}

::坏的:: 这道题没有答案 {}

::对错:: 使领馆代付房费。{F#不会。}
"""
ENGLISH = """::报警:: Passport lost: what first? {=Tell the police ~Go home}

::号码:: What is the hotline's number? {=12308 =+86 10 12308}

::对错:: A mission pays for hotels. {T}

::多出:: New here {=a ~b}
"""


@pytest.fixture
def city(key: Callable[..., Headers]) -> Headers:
    return key("city-editor")


def made_bank(web: TestClient, headers: Headers, **more: Any) -> str:
    body = {"name": {"zh-CN": "常识", "en": "Basics"}, **more}
    answer = web.post(API, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def handed(web: TestClient, headers: Headers, bank: str, **body: Any) -> dict[str, Any]:
    answer = web.post(f"{API}/{bank}/imports", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_file_is_seen_line_by_line_and_what_is_right_is_taken(
    web: TestClient, city: Headers
) -> None:
    bank = made_bank(web, city)
    report = handed(web, city, bank, format="gift", language="zh-CN", text=CHINESE)
    assert report["counts"] == {"new": 3, "problem": 1}
    assert [(one["place"], one["verdict"]) for one in report["lines"]] == [
        (1, "new"),
        (3, "new"),
        (5, "problem"),
        (7, "new"),
    ]
    here = f"{API}/{bank}"
    assert web.get(here, headers=city).json()["items"] == 0
    taking = f"{here}/imports/{report['id']}/take"
    assert web.post(taking, headers=city).json()["counts"]["new"] == 3
    assert web.post(taking, headers=city).status_code == 404

    # The other language, by title: one says the opposite, one is new, and two meet.
    second = handed(web, city, bank, format="gift", language="en", text=ENGLISH)
    verdicts = {one["name"]: one["verdict"] for one in second["lines"]}
    assert verdicts == {
        "报警": "language",
        "号码": "language",
        "对错": "problem",
        "多出": "new",
    }
    web.post(f"{here}/imports/{second['id']}/take", headers=city)
    rows = {row["name"]: row for row in web.get(f"{here}/items", headers=city).json()["items"]}
    assert rows["报警"]["content"]["choices"][0]["text"] == {
        "zh-CN": "报警",
        "en": "Tell the police",
    }
    assert (rows["报警"]["version"], set(rows["号码"]["content"]["answers"])) == (
        2,
        {"zh-CN", "en"},
    )
    # The same files again change nothing.
    again = handed(web, city, bank, format="gift", language="zh-CN", text=CHINESE)
    assert again["counts"] == {"unchanged": 3, "problem": 1}
    refused = web.post(f"{here}/imports/{again['id']}/take", headers=city)
    assert (refused.status_code, refused.json()["type"]) == (409, "nothing-to-take")
    # Out in both ways, and into another bank as the same.
    whole = web.get(f"{here}/export.json", headers=city)
    other = made_bank(web, city)
    assert handed(web, city, other, format="json", text=whole.text)["counts"] == {"new": 4}
    gift = web.get(f"{here}/export.gift?language=en", headers=city).text
    assert gift.count("::") == 2 * 3  # 对错 has no English
    assert handed(web, city, bank, format="gift", language="en", text=gift)["counts"] == {
        "unchanged": 3
    }
    # What nobody decided about is forgotten after a day.
    assert importing.forget_old(utc_now()) == 0
    assert importing.forget_old(utc_now() + timedelta(days=1, minutes=1)) == 3


def test_files_that_are_none_are_refused_as_a_whole(web: TestClient, city: Headers) -> None:
    bank = made_bank(web, city)
    for body in (
        {"format": "gift", "text": "x {T}"},
        {"format": "gift", "language": "en", "text": "// nothing"},
        {"format": "json", "text": "{"},
        {"format": "json", "text": "[]"},
        {"format": "json", "text": '{"items": [1], "version": 7}'},
    ):
        answer = web.post(f"{API}/{bank}/imports", json=body, headers=city)
        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["message"]
    named = '{"items": [{"name": "x", "kind": "single", "text": {"en": "?"}, "content": {}}]}'
    found = handed(web, city, bank, format="json", text=named)
    assert "content.choices" in found["lines"][0]["problem"]


def test_a_district_draws_from_the_citys_banks_and_changes_its_own_alone(
    web: TestClient, key: Callable[..., Headers], city: Headers
) -> None:
    xicheng, chaoyang = key("district-editor", "110102"), key("district-editor", "110105")
    citys, own = made_bank(web, city), made_bank(web, xicheng)
    item = {"name": "a", "kind": "true-false", "text": {"en": "x"}, "content": {"answer": True}}
    assert web.post(f"{API}/{own}/items", json=item, headers=xicheng).status_code == 201
    assert web.post(f"{API}/{own}/items", json=item, headers=xicheng).status_code == 422
    assert web.get(f"{API}/{citys}/items", headers=xicheng).status_code == 200
    for bank, caller in ((citys, xicheng), (own, chaoyang)):
        assert web.post(f"{API}/{bank}/items", json=item, headers=caller).status_code == 403
        assert web.delete(f"{API}/{bank}", headers=caller).status_code == 403
    assert web.get(f"{API}/{own}/export.json", headers=chaoyang).status_code == 403
    assert web.get(f"{API}/{own}").status_code == 401
    assert {one["id"] for one in web.get(API, headers=chaoyang).json()["items"]} == {citys}
    assert web.delete(f"{API}/{own}", headers=xicheng).status_code == 204


CHOICES = {
    "choices": [
        {"id": "a", "text": {"en": "A"}, "credit": 50.0},
        {"id": "b", "text": {"en": "B"}, "credit": 50.0},
        {"id": "c", "text": {"en": "C"}, "credit": -100.0},
    ]
}
PAIRS = {
    "pairs": [
        {"id": "p", "text": {"en": "Japan"}, "answer": "t"},
        {"id": "q", "text": {"en": "Thailand"}, "answer": "b"},
    ],
    "answers": [{"id": one, "text": {"en": one.upper()}} for one in "tbx"],
}
WORDS = {
    "answers": {
        "zh-CN": [{"text": "１２３０８", "credit": 100, "feedback": ""}],
        "en": [
            {"text": "Take care", "credit": 100, "feedback": "yes"},
            {"text": "care", "credit": 50, "feedback": ""},
        ],
    }
}
STEPS = {"steps": [{"id": one, "text": {"en": one}} for one in "abcd"]}


@pytest.mark.parametrize(
    ("kind", "content", "response", "worth"),
    [
        ("multiple", CHOICES, ["a", "b"], 1),
        ("multiple", CHOICES, ["a", "a", "zz"], 0.5),
        ("multiple", CHOICES, ["a", "b", "c"], 0),
        ("multiple", CHOICES, "a", 0),
        ("single", CHOICES, "c", 0),
        ("true-false", {"answer": False}, "false", 1),
        ("true-false", {"answer": False}, False, 1),
        ("true-false", {"answer": False}, "maybe", 0),
        ("matching", PAIRS, {"p": "t", "q": "x", "zz": "b"}, 0.5),
        ("matching", PAIRS, ["p"], 0),
        ("short-answer", WORDS, " 12 308。", 1),
        ("short-answer", WORDS, "ＴＡＫＥ  care!", 1),
        ("short-answer", WORDS, "care", 0.5),
        ("short-answer", WORDS, "\ud800\0", 0),
        ("ordering", STEPS, ["a", "b", "c", "d"], 1),
        ("ordering", STEPS, ["d", "a", "b", "c"], 2 / 3),
        ("ordering", STEPS, ["d", "c", "b", "a"], 0),
        ("ordering", STEPS, None, 0),
    ],
)
def test_what_a_response_is_worth(kind: str, content: Any, response: object, worth: float) -> None:
    assert mark(kind, content, response) == pytest.approx(worth)
    assert checked(kind, content, response) is not None or worth == 0
    assert isinstance(readable(kind, content, response), list)
    assert solution(kind, content) or kind == "single"


@pytest.mark.parametrize(
    ("kind", "content"),
    [("multiple", CHOICES), ("matching", PAIRS), ("ordering", STEPS), ("short-answer", WORDS)],
)
def test_nothing_of_the_key_is_in_what_a_page_may_show(kind: str, content: Any) -> None:
    for seed in range(30):
        shown = public(kind, content, seed)
        assert set(re.findall(r"'(\w+)':", str(shown))) <= {
            *("choices", "prompts", "answers", "steps", "id", "text", "en")
        }
        assert shown == public(kind, content, seed)
        assert shown.get("steps") != STEPS["steps"]


def test_staff_write_an_item_on_the_page_and_nothing_typed_is_lost(
    web: TestClient, staff: Callable[..., Headers], city: Headers
) -> None:
    bank = made_bank(web, city)
    web.cookies.update(staff("city-editor"))
    web.headers["Origin"] = "http://testserver"
    place = f"/staff/banks/{bank}/items"
    assert "单选题" in web.get(f"{place}/new").text
    typed = {
        "name": "护照",
        "text.zh-CN": "护照丢了？",
        "text.en": "Passport lost?",
        "content.choices.0.text.zh-CN": "报警",
        "content.choices.0.text.en": "Police",
        "content.choices.2.text.zh-CN": "等待",
        "content.choices.2.text.en": "Wait",
        "tags": "证件，基础",
    }
    refused = web.post(f"{place}/new?kind=single", data=typed)
    assert refused.status_code == 422
    assert "请标出哪个答案正确" in refused.text
    assert 'value="等待"' in refused.text
    more = web.post(f"{place}/new?kind=single", data=typed | {"more": "1", "right": "2"})
    assert more.text.count('name="right"') == 7
    done = web.post(f"{place}/new?kind=single", data=typed | {"right": "2", "_once": "x"})
    assert done.status_code == 303
    assert web.post(f"{place}/new?kind=single", data=typed | {"right": "2", "_once": "x"})
    rows = web.get(f"{API}/{bank}/items", headers=city).json()["items"]
    assert len(rows) == 1
    assert [choice["credit"] for choice in rows[0]["content"]["choices"]] == [0, 100]
    assert rows[0]["tags"] == ["证件", "基础"]
    here = f"{place}/{rows[0]['id']}"
    assert "Wait" in web.get(f"{here}?lang=en").text
    form = web.get(f"{here}/edit?lang=zh-CN").text
    assert 'name="right" value="1" checked' in form
    assert web.post(f"{here}/edit", data=typed | {"version": "0", "right": "2"}).status_code == 409
    assert web.post(f"{here}/retire").status_code == 303
    assert web.get(f"/staff/banks/{bank}?retired=yes").text.count("护照丢了") == 1

    page = web.get(f"/staff/banks/{bank}/import")
    assert "GIFT" in page.text
    sent = web.post(
        f"/staff/banks/{bank}/import",
        data={"language": "zh-CN"},
        files={"file": ("a.txt", CHINESE.encode("gb18030"))},
    )
    report = web.get(sent.headers["location"])
    assert "收入 3 道合格题目" in report.text
    assert "论述题无法自动评分" in report.text
    taken = web.post(f"{sent.headers['location']}/take")
    assert "已收入题库" in web.get(taken.headers["location"]).text
    empty = web.post(f"/staff/banks/{bank}/import", data={"language": "en"})
    assert empty.status_code == 422
    assert web.get(f"/staff/banks/{uuid.uuid4()}").status_code == 404
    for path in ("/staff/banks", "/staff/banks/new", f"/staff/banks/{bank}/remove"):
        assert web.get(f"{path}?lang=en").status_code == 200
    assert web.get(f"/staff/banks/{bank}/export.gift").headers["content-disposition"]


@pytest.mark.parametrize("name", ["\\ud800", "a\\u0000b"])
def test_signs_that_no_database_takes_are_a_line_of_the_report(
    web: TestClient, city: Headers, name: str
) -> None:
    text = f'{{"format": "lingbao-question-bank", "items": [{{"name": "{name}"}}]}}'
    report = handed(web, city, made_bank(web, city), format="json", text=text)
    assert report["counts"] == {"problem": 1}


def test_half_a_sign_in_a_call_is_left_out(web: TestClient, city: Headers) -> None:
    body = b'{"format": "gift", "language": "zh-CN", "text": "::a:: b\\ud800 {T}"}'
    answer = web.post(
        f"{API}/{made_bank(web, city)}/imports",
        content=body,
        headers={**city, "Content-Type": "application/json"},
    )
    assert answer.status_code in (201, 422), answer.text
