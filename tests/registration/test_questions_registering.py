"""Answers and parties on the way of a registration: by the form, by calls, on one's own page."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.chassis.problems import Invalid
from services.registration.activities.models import Activity
from services.registration.database import database
from tests.registration.ground import an_activity, edit, person, register, stored, token

API = "/api/registration/v1"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "going",
        "kind": "choice",
        "label": {"zh-CN": "您近期出国吗？", "en": "Are you going abroad?"},
        "required": True,
        "options": [
            {"value": "yes", "label": {"zh-CN": "是", "en": "Yes, soon"}},
            {"value": "no", "label": {"zh-CN": "否", "en": "Not now"}},
        ],
    },
    {
        "id": "where",
        "kind": "country",
        "label": {"zh-CN": "去哪个国家？", "en": "To which country?"},
        "required": True,
        "shown_when": {"question": "going", "is": ["yes"]},
    },
    {
        "id": "topics",
        "kind": "choices",
        "label": {"zh-CN": "想了解什么？", "en": "What interests you?"},
        "options": ["证件", "防骗", "求助"],
    },
    {
        "id": "age",
        "kind": "number",
        "label": {"zh-CN": "年龄", "en": "Your age"},
        "min": 16,
        "max": 120,
    },
    {"id": "leaves", "kind": "date", "label": {"zh-CN": "出发日期", "en": "Day of departure"}},
    {"id": "note", "kind": "long-text", "label": {"zh-CN": "留言", "en": "A note"}},
    {
        "id": "rules",
        "kind": "consent",
        "label": {"zh-CN": "我愿意遵守会场规定。", "en": "I keep the rules of the house."},
        "required": True,
    },
]


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration", headers=SAME_SITE)


def asking(**changes: Any) -> tuple[str, str]:
    """The id and the form's path of an activity that asks."""
    identifier = an_activity(questions=QUESTIONS, **changes)
    with database.transaction() as session:
        slug = session.get_one(Activity, identifier).slug
    return str(identifier), f"/activities/{slug}/register"


def typed(**changes: Any) -> dict[str, Any]:
    """The form, filled in."""
    return {
        "name": "王小明",
        "phone": "13812345678",
        "party_size": "1",
        "consents.privacy_version": "2026-11",
        "answers.going": "yes",
        "answers.where": "TH",
        "answers.topics": ["证件", "求助"],
        "answers.age": "６８",
        "answers.leaves": "2026-12-31",
        "answers.note": "一\r\n二",
        "answers.rules": "yes",
    } | changes


def test_a_form_is_answered_and_kept(browser: TestClient) -> None:
    identifier, form = asking()
    answer = browser.post(form, data=typed())
    assert answer.status_code == 303, answer.text
    (row,) = stored(identifier)  # type: ignore[arg-type]
    assert row.answers == {
        "going": "yes",
        "where": "TH",
        "topics": ["证件", "求助"],
        "age": 68,
        "leaves": "2026-12-31",
        "note": "一\n二",
        "rules": True,
    }
    assert "泰国" not in row.answers_json


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_question_is_asked_in_each_language(browser: TestClient, language: str) -> None:
    _identifier, form = asking()
    text = html.unescape(browser.get(form, params={"lang": language}).text)
    for question in QUESTIONS:
        assert question["label"][language] in text
    condition = {
        "zh-CN": "“您近期出国吗？”选择“是”的人填写。",
        "en": "Only if your answer to “Are you going abroad?” is “Yes, soon”.",
    }
    assert condition[language] in text
    assert ("泰国" if language == "zh-CN" else "Thailand") in text


def test_a_refused_form_keeps_everything_that_was_typed(browser: TestClient) -> None:
    _identifier, form = asking(asks_companions=True, asks_children=True)
    wrong = {
        "party_size": "3",
        "children": "1",
        "companions": ["李雷", "韩梅梅"],
        "answers.age": "15",
        "answers.rules": "",
    }
    page = browser.post(form, data=typed(**wrong))
    assert page.status_code == 422
    text = html.unescape(page.text)
    assert 'href="#field-answers.age"' in text
    assert 'href="#field-answers.rules"' in text
    assert "年龄：请填写不小于 16 的数字" in text or "16" in text
    for name, value in (
        ("answers.age", "15"),
        ("answers.leaves", "2026-12-31"),
        ("companions", "李雷"),
        ("companions", "韩梅梅"),
    ):
        assert re.search(rf'name="{name}"[^>]* value="{value}"', text), name
    for name, value in (
        ("answers.going", "yes"),
        ("answers.topics", "证件"),
        ("answers.topics", "求助"),
    ):
        assert re.search(rf'name="{name}" value="{value}" checked', text), (name, value)
    assert not re.search(r'name="answers.topics" value="防骗" checked', text)
    assert not re.search(r'name="answers.rules" value="yes" checked', text)
    assert '<option value="TH" selected>' in text
    assert re.search(r'name="children"[\s\S]*?<option value="1" selected>', text)
    assert "一\r\n二" in text or "一\n二" in text


def test_what_does_not_apply_is_neither_needed_nor_kept(browser: TestClient) -> None:
    identifier, form = asking()
    answer = browser.post(form, data=typed(**{"answers.going": "no"}))
    assert answer.status_code == 303
    (row,) = stored(identifier)  # type: ignore[arg-type]
    assert "where" not in row.answers


@pytest.mark.parametrize(
    "changes",
    [
        {"answers.": "x"},
        {"answers.unknown": "x"},
        {"answers.going": ["yes", "no"]},
        {"answers.note": "\u0000"},
        {"answers.note": "x" * 20_000},
        {"answers.where": "<script>alert(1)</script>"},
    ],
)
def test_hostile_forms_are_refused_calmly(browser: TestClient, changes: dict[str, Any]) -> None:
    identifier, form = asking()
    page = browser.post(form, data=typed(**changes))
    assert page.status_code == 422
    assert "<script>alert" not in page.text
    assert stored(identifier) == []  # type: ignore[arg-type]


def test_calls_are_held_to_the_same(browser: TestClient) -> None:
    identifier, _form = asking()
    body = person(answers={"going": "yes", "age": 3, "shoe": 1})
    answer = browser.post(f"{API}/activities/{identifier}/registrations", json=body)
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"answers.where", "answers.age", "answers.rules", "answers.shoe"}
    body = person(answers={"going": "no", "rules": True, "topics": ["防骗"]})
    answer = browser.post(f"{API}/activities/{identifier}/registrations", json=body)
    assert answer.status_code == 201, answer.text
    own = answer.json()["manage_url"].rsplit("/", 1)[1]
    change = {"answers": {"going": "yes", "where": "Thailand", "rules": True}}
    answer = browser.patch(f"{API}/registrations/{own}", json=change)
    assert answer.status_code == 200, answer.text
    assert answer.json()["answers"] == {"going": "yes", "where": "TH", "rules": True}
    answer = browser.patch(f"{API}/registrations/{own}", json={"answers": {"going": "yes"}})
    assert answer.status_code == 422


def test_an_activity_of_an_older_version_still_takes_registrations(browser: TestClient) -> None:
    identifier = an_activity(questions=[{"label": "?"}, {"id": "x", "kind": "riddle"}, 7])
    answer = browser.post(f"{API}/activities/{identifier}/registrations", json=person())
    assert answer.status_code == 201
    assert browser.get(f"{API}/activities/{identifier}").json()["questions"] == []


def test_the_interface_says_what_a_question_is(browser: TestClient) -> None:
    schemas = browser.get("/api/registration/openapi.json").json()["components"]["schemas"]
    name = next(name for name in schemas if name in ("Question", "Question-Input"))
    assert set(schemas[name]["properties"]) >= {"id", "kind", "label", "options", "shown_when"}
    activity = next(schemas[name] for name in ("ActivityIn", "ActivityIn-Input") if name in schemas)
    assert f"#/components/schemas/{name}" in str(activity["properties"]["questions"])


# --- parties -------------------------------------------------------------------------------------


def test_a_party_with_children_and_names(browser: TestClient) -> None:
    identifier, form = asking(asks_companions=True, asks_children=True)
    party = {"party_size": "3", "children": "１", "companions": ["李雷", " ", "韩梅梅"]}
    answer = browser.post(form, data=typed(**party))
    assert answer.status_code == 303, answer.text
    (row,) = stored(identifier)  # type: ignore[arg-type]
    assert (row.party_size, row.children, row.companions) == (3, 1, ["李雷", "韩梅梅"])
    own = browser.get(f"{API}/registrations/{token_of(answer)}").json()
    assert (own["children"], own["companions"]) == (1, ["李雷", "韩梅梅"])


def token_of(answer: Any) -> str:
    return str(answer.headers["location"]).split("/registrations/")[1].partition("?")[0]


def test_staff_see_the_party(browser: TestClient, key: Callable[..., dict[str, str]]) -> None:
    identifier = an_activity(asks_companions=True, asks_children=True)
    register(identifier, party_size=2, children=1, companions=["李雷"])
    listed = browser.get(
        f"{API}/activities/{identifier}/registrations", headers=key("city-editor")
    ).json()
    assert listed["items"][0]["children"] == 1
    assert listed["items"][0]["companions"] == ["李雷"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"party_size": 1, "children": 1}, "children"),
        ({"party_size": 2, "children": 2}, "children"),
        ({"party_size": 2, "children": -1}, "children"),
        ({"party_size": 2, "children": "many"}, "children"),
        ({"party_size": 2, "companions": ["甲", "乙"]}, "companions"),
        ({"party_size": 2, "companions": ["a\u202eb"]}, "companions.0"),
        ({"party_size": 2, "companions": ["x" * 81]}, "companions.0"),
        ({"party_size": 2, "companions": "甲"}, "companions"),
    ],
)
def test_a_party_that_cannot_be_is_refused_beside_its_field(
    browser: TestClient, changes: dict[str, Any], field: str
) -> None:
    identifier = an_activity(asks_companions=True, asks_children=True)
    answer = browser.post(f"{API}/activities/{identifier}/registrations", json=person(**changes))
    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.json()["errors"]}


@pytest.mark.parametrize("changes", [{"children": 1}, {"companions": ["甲"]}])
def test_what_is_not_asked_for_is_refused(changes: dict[str, Any]) -> None:
    identifier = an_activity()
    with pytest.raises(Invalid) as caught:
        register(identifier, party_size=2, **changes)
    assert [error.field for error in caught.value.errors] == list(changes)


def test_the_form_asks_for_a_party_only_where_it_should(browser: TestClient) -> None:
    _identifier, plain = asking()
    text = browser.get(plain).text
    assert 'name="children"' not in text
    assert 'name="companions"' not in text
    identifier, full = asking(asks_companions=True, asks_children=True)
    text = browser.get(full).text
    assert text.count('name="companions"') == 3
    assert 'name="children"' in text
    edit(identifier, max_party_size=1)  # type: ignore[arg-type]
    text = browser.get(full).text
    assert 'name="companions"' not in text
    assert 'name="children"' not in text


def test_a_smaller_party_says_what_no_longer_fits(browser: TestClient) -> None:
    identifier = an_activity(asks_companions=True, asks_children=True)
    own = token(register(identifier, party_size=3, children=2, companions=["甲", "乙"]))
    answer = browser.patch(f"{API}/registrations/{own}", json={"party_size": 2})
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"children", "companions"}
    change = {"party_size": 2, "children": 1, "companions": ["甲"]}
    answer = browser.patch(f"{API}/registrations/{own}", json=change)
    assert answer.status_code == 200, answer.text


# --- on one's own page ---------------------------------------------------------------------------


def test_ones_own_page_shows_and_changes_the_answers(browser: TestClient) -> None:
    identifier, form = asking(asks_companions=True, asks_children=True)
    party = {"party_size": "3", "children": "1", "companions": ["李雷", "韩梅梅"]}
    own = f"/registrations/{token_of(browser.post(form, data=typed(**party)))}/change"
    page = browser.get(own).text
    assert re.search(r'name="answers.topics" value="求助" checked', page)
    assert re.search(r'name="answers.rules" value="yes" checked', page)
    assert re.search(r'name="companions"[^>]* value="韩梅梅"', page)
    assert '<option value="TH" selected>' in page
    answer = browser.post(own, data=typed(party_size="1", **{"answers.rules": ""}))
    assert answer.status_code == 422
    # A script takes away what does not apply to whoever comes alone.
    answer = browser.post(own, data=typed(party_size="1", **{"answers.topics": "防骗"}))
    assert answer.status_code == 303, answer.text
    (row,) = stored(identifier)  # type: ignore[arg-type]
    assert (row.party_size, row.children, row.companions) == (1, 0, [])
    assert row.answers["topics"] == ["防骗"]
