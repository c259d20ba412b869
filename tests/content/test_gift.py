"""GIFT: what Moodle writes is understood, and what we write is read back as the same items."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
import pytest

from services.chassis.problems import Invalid
from services.content.banks import json_file
from services.content.banks.files import Read, decoded
from services.content.banks.gift import reader, writer
from services.content.banks.merging import plain
from services.content.banks.schemas import ITEMS, ItemIn, item_of

# The examples of Moodle's documentation and of its own tests, in our words.
MOODLE = r"""
// A comment that says nothing [tag:colours] [id:q-17] [tag:with a \] bracket]
::Q1:: What stands between orange and green? {
    =yellow # right; good!
    ~red # [html]wrong, it is <b>yellow</b>
    ~[plain]blue # wrong
}

$CATEGORY: $course$/top/Safety//first/Journeys

::Colours:: Which are light? {
    ~%50%yellow # right
    ~%-100%red
    ~%50%off-white
    ####A light colour reflects much.
}

Grant is buried in Grant's tomb.{FALSE#No, he is.#Nobody is.}

::Twelve:: Twelve {=12 =%50%XII#In numerals.} is a dozen.

[html]<p>Match the <em>capital</em>.</p><p>Think.</p>{
    =Japan -> Tokyo
    =Thailand -> Bangkok
    = -> Paris
}

::Order:: First to last? {>3 ALL VERTICAL ABSOLUTE_POSITION SHOW none
Police
Embassy
NO
####In this order.}

::Escapes\:\: all of them:: 1 \= 1 \{set\} \\ back\nnext {T}
"""

WRONG = """::One:: Right? {T}

::Two:: How many? {#12:1}
::still two:: {T}

::Three:: Tell us all. {}

::Four:: A text alone

::Five:: Which? {~this ~that}

::Six:: Which? {=here

::Seven:: Numbers {#3}

::Eight:: Pairs {=a -> b =c}

::Nine:: Good? {F}

::Nine:: Good again? {F}
"""


def items(found: list[Read]) -> list[ItemIn]:
    assert [one.problem for one in found if one.problem] == []
    return [one.item for one in found if one.item is not None]


def test_what_moodle_writes_is_understood() -> None:
    found = reader.read(MOODLE, "en")
    single, multiple, truth, short, matching, ordering, escapes = items(found)
    assert [one.place for one in found] == [3, 11, 18, 20, 22, 28, 34]
    assert (single.name, single.tags, found[0].item_id) == (
        "Q1",
        ["colours", "with a ] bracket"],
        "q-17",
    )
    choices: Any = single.content.model_dump()["choices"]
    assert [(one["text"]["en"], one["credit"]) for one in choices] == [
        ("yellow", 100),
        ("red", 0),
        ("blue", 0),
    ]
    assert choices[1]["feedback"] == {"en": "wrong, it is yellow"}
    assert multiple.kind == "multiple"
    assert multiple.tags == ["Journeys"]
    assert multiple.explanation == {"en": "A light colour reflects much."}
    assert [one["credit"] for one in multiple.content.model_dump()["choices"]] == [50, -100, 50]
    assert truth.content.model_dump() == {
        "answer": False,
        "wrong_feedback": {"en": "No, he is."},
        "right_feedback": {"en": "Nobody is."},
    }
    assert short.text == {"en": "Twelve _____ is a dozen."}
    assert [one["credit"] for one in short.content.model_dump()["answers"]["en"]] == [100, 50]
    assert matching.text == {"en": "Match the capital.\nThink."}
    assert len(matching.content.model_dump()["answers"]) == 3
    assert [one["text"]["en"] for one in ordering.content.model_dump()["steps"]] == [
        "Police",
        "Embassy",
        "NO",
    ]
    assert escapes.text == {"en": "1 = 1 {set} \\ back\nnext"}


def test_each_wrong_question_is_refused_by_its_line_and_spoils_no_other() -> None:
    found = {one.place: one for one in reader.read(WRONG, "zh-CN")}
    said = {place: str(one.problem) for place, one in found.items() if one.problem}
    assert [place for place, one in found.items() if one.item] == [1, 18, 20]
    assert list(said) == [3, 6, 8, 10, 12, 14, 16]
    assert "empty line" in said[3] or "空行" in said[3]
    assert "=c" in said[16]


# --- round trips ----------------------------------------------------------------------------------

PIECES = [
    *("护照", "~", "=", "#", "{", "}", ":", "\\", "\\n", "%50%", "->", "//", "[html]", "[plain]"),
    *("$CATEGORY:", "TRUE", "::", "####", " ", "12308", "<b>", "&amp;", "]", "[tag:x]", "“”", "*"),
]


class Maker:
    """Makes items of every kind with texts that GIFT has signs for."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def line(self) -> str:
        words = self.chance.choices(PIECES, k=self.chance.randint(1, 6))
        return " ".join("".join(words).split()) or self.line()

    def lines(self, least: int) -> list[str]:
        wanted = self.chance.randint(least, 6)
        found: dict[str, str] = {}
        while len(found) < wanted:
            text = self.line()
            found.setdefault(text.replace("->", "→"), text)
        return list(found.values())

    def said(self) -> dict[str, str]:
        return {"zh-CN": self.line()} if self.chance.random() < 0.5 else {}

    def content(self, kind: str) -> dict[str, Any]:
        if kind in ("single", "multiple"):
            texts = self.lines(2)
            right = 1 if kind == "single" else self.chance.randint(1, len(texts))
            return {
                "choices": [
                    {"text": {"zh-CN": text}, "correct": at < right, "feedback": self.said()}
                    for at, text in enumerate(texts)
                ]
            }
        if kind == "true-false":
            said = {"right_feedback": self.said(), "wrong_feedback": self.said()}
            return {"answer": self.chance.random() < 0.5, **said}
        if kind == "matching":
            answers = [
                {"id": f"a{at}", "text": {"zh-CN": text}} for at, text in enumerate(self.lines(2))
            ]
            pairs = [
                {"text": {"zh-CN": text}, "answer": self.chance.choice(answers)["id"]}
                for text in self.lines(2)
            ]
            return {"pairs": pairs, "answers": answers}
        if kind == "short-answer":
            credits = [100, 50, 33.33333, 100, 20, 12.5]
            accepted = [
                {"text": text, "credit": credit, "feedback": self.said().get("zh-CN", "")}
                for text, credit in zip(self.lines(1), credits, strict=False)
            ]
            return {"answers": {"zh-CN": accepted}}
        return {"steps": [{"text": {"zh-CN": text}} for text in self.lines(2)]}

    def item(self, number: int) -> ItemIn:
        kind = self.chance.choice(list(ITEMS))
        return item_of(
            {
                "name": f"{number} {self.line()}",
                "kind": kind,
                "text": {"zh-CN": "\n".join(self.lines(1))},
                "content": self.content(kind),
                "explanation": self.said(),
                "source": self.chance.choice([None, self.line()]),
                "tags": [self.chance.choice(["签证", "x]y", "b\\"])],
            }
        )


@pytest.mark.parametrize("seed", range(2))
def test_what_is_written_is_read_back_as_the_same_items(seed: int) -> None:
    maker = Maker(seed)
    made = [maker.item(number) for number in range(150)]
    text = writer.write("题库", [(None, item) for item in made], "zh-CN")
    back = items(reader.read(text, "zh-CN"))
    assert list(map(plain, back)) == list(map(plain, made))
    # And once more: what was read is written as it stood.
    assert writer.write("题库", [(None, item) for item in back], "zh-CN") == text
    bank = json_file.write({"zh-CN": "题库"}, {}, [(None, item) for item in made])
    jsonschema.validate(bank | {"items": bank["items"][:30]}, json_file.schema())
    assert list(map(plain, items(json_file.read(json.dumps(bank))))) == list(map(plain, made))


def test_an_import_is_written_as_an_export_reads_it() -> None:
    first = items(reader.read(MOODLE, "en"))
    text = writer.write("Bank", [(None, item) for item in first], "en")
    assert list(map(plain, items(reader.read(text, "en")))) == list(map(plain, first))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_characters_come_in_any_encoding_of_an_office(encoding: str) -> None:
    text = "::护照:: 丢了怎么办？{=报警 ~等待}"
    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize("data", [b"", b" \n", b"\x89PNG\x00\x01\x02\xff", b"x" * (2 << 20) + b"y"])
def test_what_is_no_text_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        decoded(data)
    assert str(refusal.value.errors[0].message)


def test_a_comment_made_to_keep_a_reader_busy_does_not() -> None:
    (found,) = reader.read("// [tag:" + "\\" * 20_000 + "\n" + "x" * 50 + " {T}", "en")
    assert found.item is not None
    assert found.item.tags == []
