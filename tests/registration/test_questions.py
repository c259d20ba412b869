"""Questions and answers by themselves: what may be asked, what is taken, what is left out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from services.chassis.i18n import speaking, words_of
from services.chassis.problems import Invalid
from services.chassis.validation import field_errors
from services.registration.database import pages
from services.registration.questions.answers import checked
from services.registration.questions.asking import asked, values_of
from services.registration.questions.columns import answered, cell, columns
from services.registration.questions.schemas import Questions, as_stored, readable


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """Nothing here touches a database; the sentences are read in English."""
    assert pages, "they bring the Chinese along"
    with words_of("registration"), speaking("en"):
        yield


@pytest.fixture(autouse=True)
def seats_add_up() -> None:
    """No seats here."""


class Sheet(BaseModel):
    questions: Questions


def question(kind: str = "text", **changes: Any) -> dict[str, Any]:
    return {"id": "asked", "kind": kind, "label": {"zh-CN": "问题", "en": "Asked"}} | changes


MEALS = question(
    "choice",
    id="meal",
    label={"zh-CN": "用餐", "en": "Meal"},
    options=[
        {"value": "halal", "label": {"zh-CN": "清真", "en": "Halal"}},
        {"value": "none", "label": {"zh-CN": "不用餐", "en": "No meal"}},
    ],
)
DAYS = question("choices", options=["一", "二", "三"], max=2)


def refusals(*questions: object) -> dict[str, str]:
    """Why a list of questions is no such list: sentences by field."""
    with pytest.raises(ValidationError) as caught:
        Sheet.model_validate({"questions": list(questions)})
    return {error.field: str(error.message) for error in field_errors(caught.value.errors())}


def refused(questions: list[dict[str, Any]], answers: dict[str, Any]) -> dict[str, str]:
    """Why answers are not taken: sentences by field."""
    with pytest.raises(Invalid) as caught:
        checked(questions, answers)
    return {error.field: str(error.message) for error in caught.value.errors}


TAKEN: list[tuple[dict[str, Any], object, object]] = [
    (question(), "  一句话 ", "一句话"),
    (question(), 7, "7"),
    (question(max=4), "四个字啊", "四个字啊"),
    (question("long-text"), "一\r\n二", "一\n二"),
    (MEALS | {"id": "asked"}, "halal", "halal"),
    (DAYS, "二", ["二"]),
    (DAYS, ["三", "一", "三", ""], ["一", "三"]),
    (question("number"), "４２", 42),
    (question("number"), " －１．５ ", -1.5),
    (question("number"), 3, 3),
    (question("number", min=1, max=3), "3", 3),
    (question("date"), "2026-12-31", "2026-12-31"),
    (question("date"), "２０２６年２月３日", "2026-02-03"),
    (question("date"), "2026/2/3", "2026-02-03"),
    (question("date", min="2026-01-01"), "2026-01-01", "2026-01-01"),
    (question("country"), "泰国", "TH"),
    (question("country"), " thailand ", "TH"),
    (question("country"), "ｔｈ", "TH"),
    (question("consent"), "yes", True),
    (question("consent"), True, True),
    (question("consent"), "on", True),
]


@pytest.mark.parametrize(("asked_for", "given", "kept"), TAKEN, ids=itertools.count())
def test_what_is_answered_is_normalised(
    asked_for: dict[str, Any], given: object, kept: object
) -> None:
    assert checked([asked_for], {"asked": given}) == {"asked": kept}


REFUSED: list[tuple[dict[str, Any], object]] = [
    (question(), "x" * 201),
    (question(), "a\nb"),
    (question(), "a\u202eb"),
    (question(), ["a", "b"]),
    (question(), True),
    (question(min=3), "ab"),
    (question(max=2), "abc"),
    (question("long-text"), "x" * 2_001),
    (question("long-text"), "a\u0000b"),
    (MEALS | {"id": "asked"}, "Halal"),
    (MEALS | {"id": "asked"}, ["halal", "none"]),
    (MEALS | {"id": "asked"}, True),
    (DAYS, ["一", "四"]),
    (DAYS, ["一", "二", "三"]),
    (DAYS | {"min": 2}, ["一"]),
    (question("number"), "many"),
    (question("number"), "1e400"),
    (question("number"), float("nan")),
    (question("number"), float("inf")),
    (question("number"), True),
    (question("number"), "9" * 400),
    (question("number", min=1), "0"),
    (question("number", max=1), "1.5"),
    (question("date"), "2026-02-30"),
    (question("date"), "0000-01-01"),
    (question("date"), "soon"),
    (question("date"), 20261231),
    (question("date", min="2026-01-01"), "2025-12-31"),
    (question("date", max="2026-01-01"), "2026-01-02"),
    (question("country"), "Atlantis"),
    (question("country"), ["TH"]),
    (question("consent"), "perhaps"),
]


@pytest.mark.parametrize(("asked_for", "given"), REFUSED, ids=itertools.count())
def test_what_cannot_be_taken_has_a_sentence_in_each_language(
    asked_for: dict[str, Any], given: object
) -> None:
    english = refused([asked_for], {"asked": given})
    assert list(english) == ["answers.asked"]
    assert english["answers.asked"].endswith((".", "。"))
    with speaking("zh-CN"):
        assert refused([asked_for], {"asked": given})["answers.asked"].endswith("。")


@pytest.mark.parametrize(
    "kind", ["text", "long-text", "choice", "choices", "number", "date", "country", "consent"]
)
@pytest.mark.parametrize("blank", [None, "", "  ", [], ["", None]])
def test_blank_is_no_answer_and_not_enough_where_one_is_needed(kind: str, blank: object) -> None:
    asks = question(kind, options=["a", "b"] if kind in ("choice", "choices") else [])
    assert checked([asks], {"asked": blank}) == {}
    assert checked([asks], {}) == {}
    needed = asks | {"required": True}
    assert list(refused([needed], {"asked": blank})) == ["answers.asked"]
    assert list(refused([needed], {})) == ["answers.asked"]


@pytest.mark.parametrize("given", [False, "no", "off", "false"])
def test_not_agreeing_is_no_answer(given: object) -> None:
    assert checked([question("consent")], {"asked": given}) == {}
    assert refused([question("consent", required=True)], {"asked": given})


def depending(on: str, *values: str, **changes: Any) -> dict[str, Any]:
    return question(
        **{"id": "detail", "required": True, "shown_when": {"question": on, "is": list(values)}}
        | changes
    )


@pytest.mark.parametrize(
    ("decider", "value", "decisive"),
    [
        (MEALS, "halal", "none"),
        (DAYS | {"id": "meal"}, "一", "二"),
        (question("consent", id="meal"), "yes", None),
    ],
    ids=["choice", "choices", "consent"],
)
def test_a_question_is_asked_when_another_answer_says_so(
    decider: dict[str, Any], value: str, decisive: str | None
) -> None:
    asks = [decider, depending("meal", value)]
    assert checked(asks, {"meal": value, "detail": "x"})["detail"] == "x"
    assert list(refused(asks, {"meal": value})) == ["answers.detail"]
    # Otherwise it is neither needed nor kept, whatever a form without scripts sends along.
    assert "detail" not in checked(asks, {"meal": decisive, "detail": "x" * 9_000})
    assert checked(asks, {"detail": "x"}) == {}


def test_what_depends_on_a_hidden_question_is_hidden() -> None:
    second = depending("meal", "halal", id="where", kind="choice", options=["in", "out"])
    asks = [MEALS, second, depending("where", "out")]
    assert checked(asks, {"meal": "none", "where": "out", "detail": "x"}) == {"meal": "none"}
    assert checked(asks, {"meal": "halal", "where": "out", "detail": "x"})["detail"] == "x"


def test_an_error_is_not_followed_by_those_that_come_of_it() -> None:
    asks = [MEALS | {"required": True}, depending("meal", "halal")]
    assert list(refused(asks, {"meal": "pizza"})) == ["answers.meal"]


def test_each_wrong_answer_is_said_and_what_was_not_asked_is_refused() -> None:
    asks = [MEALS, question("number", id="age", required=True)]
    found = refused(asks, {"meal": "x", "age": "old", "shoe": "42"})
    assert sorted(found) == ["answers.age", "answers.meal", "answers.shoe"]
    assert refused([], {"shoe": 1}) == {"answers.shoe": "This activity does not ask this question."}


@pytest.mark.parametrize(
    ("questions", "field"),
    [
        ([{"id": "Not A Slug", "kind": "text", "label": "x"}], "questions.0.id"),
        ([question("riddle")], "questions.0.kind"),
        ([question(label={})], "questions.0.label"),
        ([question(label={"fr": "Nom"})], "questions.0.label.fr"),
        ([question(label="x\u0000")], "questions.0.label.zh-CN"),
        ([question(label="\ud800")], "questions.0.label.zh-CN"),
        ([question(extra=1)], "questions.0.extra"),
        ([question("choice")], "questions.0.options"),
        ([question("choice", options=["a"])], "questions.0.options"),
        ([question("choice", options=["a", "a"])], "questions.0.options"),
        ([question("choices", options=[str(n) for n in range(21)])], "questions.0.options"),
        ([question("text", options=["a", "b"])], "questions.0.options"),
        ([question("text", max=201)], "questions.0.max"),
        ([question("text", max=0)], "questions.0.max"),
        ([question("text", max=1.5)], "questions.0.max"),
        ([question("country", min=1)], "questions.0.min"),
        ([question("number", min="soon")], "questions.0.min"),
        ([question("number", min="2026-01-01")], "questions.0.min"),
        ([question("number", min="nan")], "questions.0.min"),
        ([question("number", min=5, max=4)], "questions.0.max"),
        ([question("date", min=4)], "questions.0.min"),
        ([question("date", min="2026-02-02", max="2026-02-01")], "questions.0.max"),
        ([question(), question()], "questions"),
        ([depending("meal", "halal"), MEALS], "questions"),
        ([depending("detail", "x")], "questions"),
        ([MEALS, depending("meal", "pizza")], "questions"),
        ([question(id="free"), depending("free", "x")], "questions"),
        ([question("consent", id="rules"), depending("rules", "no")], "questions"),
        ([MEALS, depending("meal")], "questions.1.shown_when.is"),
        ([question(id=f"q{n}") for n in range(21)], "questions"),
        (
            [question(id=f"q{n}", label={"zh-CN": "长" * 200, "en": "x" * 200},
                      hint={"zh-CN": "长" * 200, "en": "x" * 200}, kind="choice",
                      options=[{"value": str(v), "label": "选" * 200} for v in range(20)])
             for n in range(20)],
            "questions",
        ),
        (["text"], "questions.0"),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused_beside_its_field(
    questions: list[object], field: str
) -> None:
    found = refusals(*questions)
    assert field in found
    with speaking("zh-CN"):
        assert refusals(*questions)[field].endswith("。")


def test_a_short_form_of_a_question_will_do() -> None:
    sheet = Sheet.model_validate(
        {"questions": [{"kind": "choice", "label": "几人", "options": ["一人", "两人"]}]}
    )
    assert sheet.model_dump()["questions"] == [
        {
            "id": "question-1",
            "kind": "choice",
            "label": {"zh-CN": "几人"},
            "options": [
                {"value": "一人", "label": {"zh-CN": "一人"}},
                {"value": "两人", "label": {"zh-CN": "两人"}},
            ],
        }
    ]


def test_what_is_stored_reads_back_the_same() -> None:
    asks = [MEALS, depending("meal", "halal", kind="date", min="2026-01-01", required=False)]
    stored = as_stored(readable(asks))
    assert stored[1]["shown_when"] == {"question": "meal", "is": ["halal"]}
    assert as_stored(readable(stored)) == stored
    assert Sheet.model_validate({"questions": stored}).model_dump()["questions"] == stored


@pytest.mark.parametrize(
    "stored",
    [
        [{"label": "?"}, 3, None, [], {"id": {}, "kind": "text"}],
        [{"id": "asked", "kind": "text", "label": "旧的", "colour": "red"}],
        [question(), question("number")],
        [depending("gone", "x")],
        {"not": "a list"},
    ],
)
def test_what_older_versions_stored_is_read_safely(stored: Any) -> None:
    assert len(readable(stored)) <= 1
    assert len(asked(stored if isinstance(stored, list) else [])) <= 1


def test_columns_are_headings_and_words() -> None:
    asks = [MEALS, DAYS, question("country", id="to"), question("date", id="on"),
            question("consent", id="ok"), question("number", id="n")]  # fmt: skip
    assert columns(asks)[0] == ("meal", "Meal")
    found = [
        cell(asks[0], "halal"),
        cell(asks[1], ["一", "三"]),
        cell(asks[2], "TH"),
        cell(asks[3], "2026-12-31"),
        cell(asks[4], True),
        cell(asks[5], 1.5),
        cell(asks[5], None),
    ]
    assert found == ["Halal", "一, 三", "Thailand", "31 December 2026", "Yes", "1.5", ""]
    with speaking("zh-CN"):
        assert columns(asks)[0] == ("meal", "用餐")
        assert cell(asks[1], ["一", "三"]) == "一、三"
        assert cell(asks[2], "TH") == "泰国"
        assert cell(asks[3], "2026-12-31") == "2026年12月31日"
    assert answered(asks, {"n": 3, "gone": "x"}) == [("Asked", "3")]


@pytest.mark.parametrize("answer", ["pizza", ["a", 3], 7, {"a": 1}, True])
@pytest.mark.parametrize("asks", [MEALS, DAYS, question("date"), question("country"), {"x": 1}])
def test_an_answer_to_another_question_is_still_written_somehow(
    asks: dict[str, Any], answer: object
) -> None:
    assert cell(asks, answer)


def test_a_form_shows_what_was_answered() -> None:
    asks = [DAYS, question("number", id="n"), question("consent", id="ok")]
    assert values_of(asks, {"asked": ["一"], "n": 3, "ok": True, "gone": 1}) == {
        "answers.asked": ["一"],
        "answers.n": "3",
        "answers.ok": True,
    }


def test_a_condition_is_a_sentence() -> None:
    with_meal = asked([MEALS, depending("meal", "halal", "none")])[1]
    assert with_meal.only_if == "Only if your answer to “Meal” is “Halal” or “No meal”."
    agreed = asked([question("consent", id="ok"), depending("ok", "yes")])[1]
    assert agreed.only_if == "Only if you agreed to “Asked”."
    with speaking("zh-CN"):
        with_meal = asked([MEALS, depending("meal", "halal", "none")])[1]
        assert with_meal.only_if == "“用餐”选择“清真”或“不用餐”的人填写。"


def test_countries_are_sorted_as_each_language_does() -> None:
    names = [name for _code, name in asked([question("country")])[0].options]
    assert names.index("Albania") < names.index("Thailand") < names.index("Zambia")
    with speaking("zh-CN"):
        names = [name for _code, name in asked([question("country")])[0].options]
    assert names.index("澳大利亚") < names.index("法国") < names.index("泰国")
