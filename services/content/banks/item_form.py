"""The form of an item: its fields by kind, filled from what is stored and read back.

The fields are called as the parts of the item (``content.choices.0.text.en``), so what is wrong
with a part is said beside its field. Rows that were left empty are no parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from services.chassis.forms import Typed
from services.chassis.i18n import LANGUAGES
from services.chassis.problems import FieldError, Invalid
from services.chassis.validation import field_errors
from services.content.banks.contents import MOST_CHOICES, fresh_mark, shares
from services.content.banks.records import ItemOut
from services.content.banks.schemas import ItemIn, item_of

ROWS: Final[Mapping[str, str]] = {
    "single": "choices",
    "multiple": "choices",
    "matching": "pairs",
    "ordering": "steps",
}
_FEWEST: Final = 4
_MORE: Final = 3

Values = dict[str, Any]


def rows_of(kind: str, values: Mapping[str, Any], *, more: bool = False) -> int:
    """How many rows the form shows: those that are filled, and some to fill."""
    name = ROWS.get(kind)
    numbers = [
        int(parts[2])
        for parts in (key.split(".") for key in values)
        if len(parts) > 3 and parts[1] == name and parts[2].isdecimal() and len(parts[2]) < 4
    ]
    shown = max(_FEWEST, max(numbers, default=-1) + 1) + (_MORE if more else 0)
    return min(shown, MOST_CHOICES)


def filled(item: ItemOut) -> Values:
    """The values of the form for a stored item."""
    values: Values = {"name": item.name, "source": item.source or "", "version": item.version}
    values["tags"] = ", ".join(item.tags)
    values |= _texts("text", item.text) | _texts("explanation", item.explanation)
    content = item.content
    if item.kind == "true-false":
        values["content.answer"] = "true" if content["answer"] else "false"
        values |= _texts("content.right_feedback", content["right_feedback"])
        values |= _texts("content.wrong_feedback", content["wrong_feedback"])
    elif item.kind == "short-answer":
        for tag, answers in content["answers"].items():
            values[f"content.answers.{tag}"] = "\n".join(map(_accepted_line, answers))
    else:
        values |= _filled_rows(item.kind, content)
    return values


def _texts(name: str, texts: Mapping[str, str]) -> Values:
    return {f"{name}.{tag}": texts.get(tag, "") for tag in LANGUAGES}


def _filled_rows(kind: str, content: Mapping[str, Any]) -> Values:
    values: Values = {}
    name = ROWS[kind]
    for at, part in enumerate(_listed(kind, content)):
        row = f"content.{name}.{at}"
        values[f"{row}.id"] = part.get("id", "")
        values |= _texts(f"{row}.text", part["text"])
        if name == "choices":
            values[f"{row}.credit"] = part["credit"]
            values[f"{row}.right"] = "on" if part["credit"] > 0 else ""
            values |= _texts(f"{row}.feedback", part["feedback"])
            if kind == "single" and part["credit"] == 100:
                values["right"] = str(at)
        elif name == "pairs":
            values |= _texts(f"{row}.answer", part["answer"])
    return values


def _listed(kind: str, content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The rows; of matching each with the text of its answer, and at last what misleads."""
    if kind != "matching":
        rows: Sequence[Mapping[str, Any]] = content[ROWS[kind]]
        return rows
    texts = {answer["id"]: answer["text"] for answer in content["answers"]}
    pairs = [{**pair, "answer": texts[pair["answer"]]} for pair in content["pairs"]]
    used = {pair["answer"] for pair in content["pairs"]}
    return pairs + [
        {"id": "", "text": {}, "answer": text} for mark, text in texts.items() if mark not in used
    ]


def _accepted_line(accepted: Mapping[str, Any]) -> str:
    credit = accepted["credit"]
    weight = "" if credit == 100 else f"{credit:g}% "
    feedback = f" # {accepted['feedback']}" if accepted["feedback"] else ""
    return f"{weight}{accepted['text']}{feedback}"


def read(kind: str, typed: Typed) -> ItemIn:
    """The item that was typed.

    Raises:
        Invalid: something cannot be taken, with a sentence beside its field.
    """
    tags = typed.text("tags").replace("，", ",").replace("、", ",").replace(";", ",")
    value = {
        "kind": kind,
        "name": typed.text("name"),
        "text": _typed_texts(typed, "text"),
        "explanation": _typed_texts(typed, "explanation"),
        "source": typed.text("source"),
        "tags": [tag.strip() for tag in tags.split(",") if tag.strip()],
        "content": _content(kind, typed),
    }
    try:
        return item_of(value)
    except ValidationError as error:
        beside = [_beside(kind, one) for one in field_errors(error.errors())]
        # Two parts of a field that both lack something are one sentence beside it.
        said = {(one.field, str(one.message)): one for one in beside}
        raise Invalid(list(said.values())) from error


def _beside(kind: str, error: FieldError) -> FieldError:
    """An error beside the field that the form has for it."""
    parts = error.field.split(".")
    if parts[0] == "tags":
        return FieldError("tags", error.message)
    if kind == "short-answer" and parts[:2] == ["content", "answers"] and len(parts) > 2:
        return FieldError(f"content.answers.{parts[2]}", error.message)
    if parts[:2] == ["content", "answers"] or error.field == f"content.{ROWS.get(kind)}":
        return FieldError("content", error.message)
    return error


def compacted(kind: str, typed: Typed) -> Values:
    """What was typed, for showing it again: rows that were left empty are closed up."""
    values = {name: value for name, value in typed.values().items() if not _of_row(kind, name)} | {
        "right": ""
    }
    for at, (number, _) in enumerate(_numbered(kind, typed)):
        old, new = f"content.{ROWS[kind]}.{number}.", f"content.{ROWS[kind]}.{at}."
        for name, text in typed.fields:
            if name.startswith(old):
                values[new + name.removeprefix(old)] = text
        if typed.text("right") == str(number):
            values["right"] = str(at)
    return values


def _of_row(kind: str, name: str) -> bool:
    return kind in ROWS and name.startswith(f"content.{ROWS[kind]}.")


def _typed_texts(typed: Typed, name: str) -> dict[str, str]:
    return {tag: text for tag in LANGUAGES if (text := typed.text(f"{name}.{tag}").strip())}


def _numbered(kind: str, typed: Typed) -> list[tuple[int, str]]:
    """The rows with something in them: their numbers and the beginning of their fields' names."""
    if kind not in ROWS:
        return []
    rows = [(number, f"content.{ROWS[kind]}.{number}") for number in range(MOST_CHOICES)]
    return [
        (number, row)
        for number, row in rows
        if _typed_texts(typed, f"{row}.text") or _typed_texts(typed, f"{row}.answer")
    ]


def _content(kind: str, typed: Typed) -> Values:
    rows = _numbered(kind, typed)
    if kind == "true-false":
        return {
            "answer": {"true": True, "false": False}.get(typed.text("content.answer")),
            "right_feedback": _typed_texts(typed, "content.right_feedback"),
            "wrong_feedback": _typed_texts(typed, "content.wrong_feedback"),
        }
    if kind == "short-answer":
        lines = {tag: typed.text(f"content.answers.{tag}").splitlines() for tag in LANGUAGES}
        return {
            "answers": {
                tag: [_accepted(line) for line in texts if line.strip()]
                for tag, texts in lines.items()
            }
        }
    if kind == "matching":
        return _pairs(typed, [row for _, row in rows])
    if kind == "ordering":
        return {"steps": [_part(typed, row) for _, row in rows]}
    return {"choices": _choices(kind, typed, rows)}


def _part(typed: Typed, row: str) -> Values:
    known = typed.text(f"{row}.id")
    return ({"id": known} if known else {}) | {"text": _typed_texts(typed, f"{row}.text")}


def _choices(kind: str, typed: Typed, rows: Sequence[tuple[int, str]]) -> list[Values]:
    """The choices with their credits; unusual weights are kept while nobody marks otherwise."""
    single = kind == "single"
    right = [
        typed.text("right") == str(number) if single else bool(typed.text(f"{row}.right"))
        for number, row in rows
    ]
    kept = [_number(typed.text(f"{row}.credit")) for _, row in rows]
    full = 100 if single else 0
    same = all(
        credit is not None and (credit == full if single and is_right else credit > 0) == is_right
        for credit, is_right in zip(kept, right, strict=True)
    )
    if same:
        credits: Sequence[float | None] = kept
    elif single:
        credits = [100.0 if is_right else 0.0 for is_right in right]
    else:
        credits = shares(right) if any(right) else [0.0] * len(right)
    return [
        _part(typed, row) | {"credit": credit, "feedback": _typed_texts(typed, f"{row}.feedback")}
        for (_, row), credit in zip(rows, credits, strict=True)
    ]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _pairs(typed: Typed, rows: Sequence[str]) -> Values:
    """Rows as pairs and answers; the same answer twice is one, and one without prompt misleads."""
    answers: list[Values] = []
    pairs: list[Values] = []
    for row in rows:
        text = _typed_texts(typed, f"{row}.answer")
        answer = next((one for one in answers if one["text"] == text), None)
        if answer is None:
            answer = {"id": fresh_mark(), "text": text}
            answers.append(answer)
        if _typed_texts(typed, f"{row}.text"):
            pairs.append(_part(typed, row) | {"answer": answer["id"]})
    return {"pairs": pairs, "answers": answers}


def _accepted(line: str) -> Values:
    """``50% text # feedback``: the weight and the feedback may be left out."""
    text, _, feedback = line.partition(" # ")
    weight, found, rest = text.strip().partition("% ")
    credit = _number(weight) if found else None
    answer = rest if credit is not None else text
    return {
        "text": answer.strip(),
        "credit": 100.0 if credit is None else credit,
        "feedback": feedback.strip(),
    }
