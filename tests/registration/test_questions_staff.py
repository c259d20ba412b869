"""How staff write questions: the editor's pages, the districts, what answers hold in place."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.chassis.problems import Problem
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.questions import service
from tests.conftest import principal
from tests.registration.ground import an_activity, at_once, edit, register

API = "/api/registration/v1"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
MEAL: dict[str, Any] = {
    "id": "meal",
    "kind": "choice",
    "label": {"zh-CN": "用餐", "en": "Meal"},
    "options": [
        {"value": "halal", "label": {"zh-CN": "清真", "en": "Halal"}},
        {"value": "none", "label": {"zh-CN": "不用餐", "en": "No meal"}},
    ],
}
DETAIL: dict[str, Any] = {
    "id": "detail",
    "kind": "text",
    "label": {"zh-CN": "忌口", "en": "Anything else"},
    "shown_when": {"question": "meal", "is": ["halal"]},
}
Desk = Callable[..., TestClient]


@pytest.fixture
def desk(client: Callable[..., TestClient], staff: Callable[..., dict[str, str]]) -> Desk:
    """``desk("city-editor")``: the browser of somebody who is signed in."""

    def make(role: str = "city-editor", district: str | None = None) -> TestClient:
        return client("registration", cookies=staff(role, district), headers=SAME_SITE)

    return make


def place(activity: uuid.UUID) -> str:
    return f"/staff/activities/{activity}/questions"


def asked(activity: uuid.UUID) -> list[dict[str, Any]]:
    with database.transaction() as session:
        return session.get_one(Activity, activity).questions


def ids(activity: uuid.UUID) -> list[str]:
    return [question["id"] for question in asked(activity)]


def typed(activity: uuid.UUID, **changes: Any) -> dict[str, Any]:
    """The form of a question, filled in over the present version."""
    with database.transaction() as session:
        version = session.get_one(Activity, activity).version
    return {"version": str(version), "label.zh-CN": "您要去哪里？", "required": "on"} | changes


def test_a_question_is_added_edited_moved_and_deleted(desk: Desk) -> None:
    activity = an_activity(questions=[MEAL])
    browser, here = desk(), place(activity)
    answer = browser.post(f"{here}/new?kind=text", data=typed(activity, max="20"))
    assert answer.status_code == 303, answer.text
    added = asked(activity)[1]
    assert added == {
        "id": added["id"],
        "kind": "text",
        "label": {"zh-CN": "您要去哪里？"},
        "required": True,
        "max": 20,
    }
    one = f"{here}/{added['id']}"
    page = html.unescape(browser.get(f"{one}/edit").text)
    assert 'value="您要去哪里？"' in page
    changes = {"label.en": "Where to?", "required": "", "shown_when": ["meal:halal", "meal:none"]}
    assert browser.post(f"{one}/edit", data=typed(activity, **changes)).status_code == 303
    changed = asked(activity)[1]
    assert changed["label"] == {"zh-CN": "您要去哪里？", "en": "Where to?"}
    assert changed["shown_when"] == {"question": "meal", "is": ["halal", "none"]}
    assert "required" not in changed
    # It depends on the other one, so it cannot come before it.
    refused = browser.post(f"{one}/move", data={"direction": "up"})
    assert refused.status_code == 422
    assert "第 1 个问题的显示条件有误" in refused.text
    browser.post(f"{one}/edit", data=typed(activity))
    assert browser.post(f"{one}/move", data={"direction": "up"}).status_code == 303
    assert ids(activity) == [added["id"], "meal"]
    browser.post(f"{one}/move", data={"direction": "up"})
    browser.post(f"{one}/move", data={"direction": "down"})
    assert ids(activity) == ["meal", added["id"]]
    assert "目前还没有人回答" in browser.get(f"{one}/delete").text
    assert browser.post(f"{one}/delete").status_code == 303
    assert ids(activity) == ["meal"]
    assert browser.post(f"{one}/delete").status_code == 303
    assert browser.get(f"{one}/edit").status_code == 404


def test_answers_to_choose_from_keep_their_values(desk: Desk) -> None:
    activity = an_activity()
    browser, here = desk(), place(activity)
    rows = {
        "option.1.zh-CN": "清真", "option.1.en": "Halal", "option.2.zh-CN": " ",
        "option.3.zh-CN": "素食",
    }  # fmt: skip
    answer = browser.post(f"{here}/new?kind=choice", data=typed(activity, **rows))
    assert answer.status_code == 303, answer.text
    (before,) = asked(activity)
    assert [one["label"] for one in before["options"]] == [
        {"zh-CN": "清真", "en": "Halal"},
        {"zh-CN": "素食"},
    ]
    page = browser.get(f"{here}/{before['id']}/edit").text
    hidden = re.findall(r'name="(option\.\d+\.value)" value="([^"]*)"', page)
    rows = dict(hidden) | {"option.1.zh-CN": "清真餐", "option.2.zh-CN": "素食"}
    assert browser.post(f"{here}/{before['id']}/edit", data=typed(activity, **rows)).is_redirect
    (after,) = asked(activity)
    assert [one["value"] for one in after["options"]] == [one["value"] for one in before["options"]]
    assert after["options"][0]["label"] == {"zh-CN": "清真餐"}


def test_more_rows_keep_what_was_typed(desk: Desk) -> None:
    activity = an_activity()
    browser = desk()
    rows = {"option.1.zh-CN": "甲", "more": "yes"}
    page = browser.post(f"{place(activity)}/new?kind=choices", data=typed(activity, **rows))
    assert page.status_code == 200
    assert 'name="option.1.zh-CN"' in page.text
    assert 'value="甲"' in page.text
    assert 'name="option.8.zh-CN"' in page.text
    assert asked(activity) == []


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("text", {"label.zh-CN": ""}, "label"),
        ("text", {"max": "many"}, "max"),
        ("text", {"max": "500"}, "max"),
        ("number", {"min": "9", "max": "3"}, "max"),
        ("date", {"min": "31.12."}, "min"),
        ("choice", {"option.1.zh-CN": "甲"}, "options"),
        ("choice", {"option.1.zh-CN": "甲", "option.2.zh-CN": "x" * 300}, "options"),
        ("text", {"shown_when": ["meal:halal", "rules:yes"]}, "shown_when"),
        ("text", {"shown_when": ["nonsense"]}, "shown_when"),
    ],
)
def test_a_refused_question_is_said_beside_its_field(
    desk: Desk, kind: str, changes: dict[str, Any], field: str
) -> None:
    rules = {"id": "rules", "kind": "consent", "label": {"zh-CN": "同意"}}
    activity = an_activity(questions=[MEAL, rules])
    page = desk().post(
        f"{place(activity)}/new?kind={kind}",
        data=typed(activity, **{"hint.en": "kept as it was"} | changes),
    )
    assert page.status_code == 422
    assert f'href="#field-{field}"' in page.text
    assert f'id="field-{field}"' in page.text
    assert 'value="kept as it was"' in page.text
    assert ids(activity) == ["meal", "rules"]


def test_two_editors_at_once_do_not_write_over_each_other(desk: Desk) -> None:
    activity = an_activity(questions=[MEAL])
    browser, here = desk(), place(activity)
    opened = typed(activity)
    assert browser.post(f"{here}/new?kind=text", data=opened).status_code == 303
    # The same form once more is no second question.
    again = browser.post(f"{here}/new?kind=text", data=opened)
    assert again.status_code == 409
    assert "您要去哪里" in again.text
    assert len(asked(activity)) == 2


def test_what_was_chosen_has_to_stay(desk: Desk, key: Callable[..., dict[str, str]]) -> None:
    activity = an_activity(questions=[MEAL])
    register(activity, 1, answers={"meal": "halal"})
    register(activity, 2, answers={"meal": "halal"})
    browser, here = desk(), place(activity)
    rows = {"option.1.value": "none", "option.1.zh-CN": "不用餐", "option.2.zh-CN": "素食"}
    page = browser.post(f"{here}/meal/edit", data=typed(activity, **rows))
    assert page.status_code == 422
    assert "已有 2 份报名选择了“清真”" in page.text
    headers = key("city-editor") | {"Accept-Language": "en"}
    patch = {"questions": [{"id": "meal", "kind": "text", "label": "Meal"}]}
    call = f"{API}/activities/{activity}"
    answer = browser.patch(call, json=patch, headers=headers)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "questions.0.kind"
    assert error["message"].startswith("2 registrations have answered this question")
    # What nobody chose may go, and so may the question as a whole.
    rows = {"option.1.value": "halal", "option.1.zh-CN": "清真", "option.2.zh-CN": "素食"}
    assert browser.post(f"{here}/meal/edit", data=typed(activity, **rows)).status_code == 303
    assert "已有 2 份报名回答了这个问题" in browser.get(f"{here}/meal/delete").text
    assert browser.post(f"{here}/meal/delete").status_code == 303
    assert asked(activity) == []


def test_a_question_on_which_another_depends_is_not_deleted(desk: Desk) -> None:
    activity = an_activity(questions=[MEAL, DETAIL])
    refused = desk().post(f"{place(activity)}/meal/delete")
    assert refused.status_code == 422
    assert ids(activity) == ["meal", "detail"]


def test_questions_are_copied_under_free_ids(desk: Desk) -> None:
    source, target = an_activity(questions=[MEAL, DETAIL]), an_activity(questions=[MEAL])
    browser, here = desk(), place(target)
    assert str(source) in browser.get(f"{here}/copy").text
    chosen = typed(target, source=str(source))
    assert browser.post(f"{here}/copy", data=chosen).status_code == 303
    # The same form once more copies nothing again.
    assert browser.post(f"{here}/copy", data=chosen).status_code == 409
    copied = asked(target)
    assert len({question["id"] for question in copied}) == 3
    assert copied[2]["id"] == "detail"
    assert copied[2]["shown_when"]["question"] == copied[1]["id"]
    for wrong in ("", "nonsense", str(uuid.uuid4()), str(target)):
        assert browser.post(f"{here}/copy", data={"source": wrong}).status_code == 422
    many = an_activity(questions=[MEAL | {"id": f"m{n}"} for n in range(19)])
    page = browser.post(f"{here}/copy", data=typed(target, source=str(many)))
    assert page.status_code == 422
    assert len(asked(target)) == 3


def test_the_list_shows_them_as_the_resident_sees_them(desk: Desk) -> None:
    activity = an_activity(questions=[MEAL, DETAIL])
    register(activity, 1, answers={"meal": "halal", "detail": "x"})
    page = html.unescape(desk().get(place(activity), params={"lang": "en"}).text)
    assert "A choice of one answer: Halal, No meal" in page
    assert "Only if your answer to “Meal” is “Halal”." in page
    assert 'name="answers.meal"' in page
    assert 'data-label="Answered" class="number">1<' in page
    empty = desk().get(place(an_activity())).text
    assert "还没有问题" in empty
    overview = desk().get(f"/staff/activities/{activity}").text
    assert f'href="{place(activity)}"' in overview


PAGES = ["", "/new?kind=choice", "/meal/edit", "/meal/delete", "/copy"]
ACTS = ["/new?kind=text", "/meal/edit", "/meal/move", "/meal/delete", "/copy"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("role", "district", "status"),
    [("district-editor", "110105", 403), ("district-editor", "110102", 200)],
)
def test_pages_are_for_their_district(
    desk: Desk, page: str, role: str, district: str, status: int
) -> None:
    activity = an_activity(questions=[MEAL])
    assert desk(role, district).get(place(activity) + page).status_code == status


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("role", "district"), [("viewer", None), ("check-in", None), ("district-editor", "110105")]
)
def test_acts_are_for_editors_of_the_district(
    desk: Desk, act: str, role: str, district: str | None
) -> None:
    other = an_activity(questions=[MEAL])
    activity = an_activity(questions=[MEAL])
    form = typed(activity, source=str(other), direction="down")
    assert desk(role, district).post(place(activity) + act, data=form).status_code == 403
    assert asked(activity) == [MEAL]


def test_a_district_does_not_copy_from_another(desk: Desk) -> None:
    foreign = an_activity(questions=[MEAL], district="110105")
    own = an_activity()
    browser = desk("district-editor", "110102")
    assert str(foreign) not in browser.get(f"{place(own)}/copy").text
    answer = browser.post(f"{place(own)}/copy", data={"source": str(foreign)})
    assert answer.status_code == 422
    assert asked(own) == []


@pytest.mark.parametrize("status", ["cancelled", "completed"])
def test_what_is_over_is_shown_and_left_as_it_is(desk: Desk, status: str) -> None:
    activity = an_activity(questions=[MEAL])
    edit(activity, status=status)
    browser = desk()
    page = browser.get(place(activity))
    assert page.status_code == 200
    assert "/meal/delete" not in page.text
    assert browser.post(f"{place(activity)}/meal/delete").status_code == 409
    assert browser.post(f"{place(activity)}/new", data=typed(activity)).status_code == 409
    assert asked(activity) == [MEAL]


def test_an_unknown_kind_and_an_unknown_question_are_calm(desk: Desk) -> None:
    activity = an_activity()
    browser = desk()
    assert browser.get(f"{place(activity)}/new?kind=riddle").status_code == 422
    for path in ("/gone/edit", "/gone/delete", "/%00/edit"):
        assert browser.get(place(activity) + path).status_code in (404, 422)
    assert browser.post(f"{place(activity)}/gone/move").status_code == 404
    assert browser.get(place(uuid.uuid4())).status_code == 404


def test_of_two_edits_at_once_none_brings_back_what_the_other_deleted() -> None:
    editor = principal("city-editor")

    def delete(activity: uuid.UUID, question: str) -> bool:
        try:
            service.delete(editor, activity, question)
        except Problem as problem:
            assert problem.kind == "edited-meanwhile"
            return False
        return True

    for _round in range(4):
        note = {"id": "note", "kind": "text", "label": {"en": "Note"}}
        activity = an_activity(questions=[MEAL, note])
        meal_gone, note_gone = at_once(
            partial(delete, activity, "meal"), partial(delete, activity, "note")
        )
        assert ids(activity) == ["meal"] * (not meal_gone) + ["note"] * (not note_gone)
        assert meal_gone or note_gone
