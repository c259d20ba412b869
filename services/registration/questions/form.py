"""The form in which staff write one question: what it shows, and what is read from it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from services.chassis.forms import Typed
from services.chassis.i18n import LANGUAGES, lazy, localized
from services.chassis.i18n import gettext as _
from services.chassis.problems import FieldError, Invalid
from services.chassis.validation import field_errors
from services.registration.questions.asking import condition
from services.registration.questions.schemas import (
    MOST_OPTIONS,
    Kind,
    Question,
    ShownWhen,
)

KIND_NAMES: dict[Kind, Any] = {
    "text": lazy("One line of text"),
    "long-text": lazy("Several lines of text"),
    "choice": lazy("A choice of one answer"),
    "choices": lazy("A choice of several answers"),
    "number": lazy("A number"),
    "date": lazy("A day"),
    "country": lazy("A country"),
    "consent": lazy("A sentence to agree to"),
}
# What the two bounds of a question mean, for the kinds that have them.
BOUND_NAMES: dict[Kind, tuple[Any, Any]] = {
    "text": (lazy("At least so many characters"), lazy("At most so many characters")),
    "long-text": (lazy("At least so many characters"), lazy("At most so many characters")),
    "choices": (lazy("At least so many answers"), lazy("At most so many answers")),
    "number": (lazy("Smallest number"), lazy("Largest number")),
    "date": (lazy("First possible day"), lazy("Last possible day")),
}
WITH_OPTIONS: frozenset[Kind] = frozenset({"choice", "choices"})
FEWEST_ROWS = 4
MORE_ROWS = 4


def read(typed: Typed, question_id: str, kind: Kind) -> Question:
    """The question that the form describes.

    Raises:
        Invalid: something cannot be taken, with a sentence for each field.
    """
    body: dict[str, Any] = {
        "id": question_id,
        "kind": kind,
        "label": _texts(typed, "label"),
        "hint": _texts(typed, "hint"),
        "required": bool(typed.text("required")),
        "min": typed.text("min"),
        "max": typed.text("max"),
    }
    if kind in WITH_OPTIONS:
        body["options"] = _options(typed)
    errors = []
    try:
        body["shown_when"] = _shown_when(typed)
    except Invalid as error:
        errors += error.errors
    try:
        question = Question.model_validate(body)
    except ValidationError as error:
        found = {_field(item.field): item.message for item in field_errors(error.errors())}
        errors += [FieldError(field, message) for field, message in found.items()]
    if errors:
        raise Invalid(errors)
    return question


def filled(question: Question) -> dict[str, Any]:
    """What the form of a stored question shows."""
    values: dict[str, Any] = {"required": question.required}
    for name, texts in (("label", question.label), ("hint", question.hint)):
        values |= {f"{name}.{tag}": text for tag, text in texts.items()}
    for place, option in enumerate(question.options, start=1):
        values[f"option.{place}.value"] = option.value
        values |= {f"option.{place}.{tag}": text for tag, text in option.label.items()}
    values["min"] = "" if question.min is None else str(question.min)
    values["max"] = "" if question.max is None else str(question.max)
    if needed := question.shown_when:
        values["shown_when"] = [f"{needed.question}:{value}" for value in needed.values]
    return values


def rows(values: dict[str, Any], *, more: bool) -> range:
    """The places of the answers to choose from: those that are filled, and a few empty ones."""
    used = max(
        (
            place
            for place in range(1, MOST_OPTIONS + 1)
            if any(values.get(f"option.{place}.{tag}") for tag in LANGUAGES)
        ),
        default=0,
    )
    shown = max(used + 2, FEWEST_ROWS) + (MORE_ROWS if more else 0)
    return range(1, min(shown, MOST_OPTIONS) + 1)


def deciders(earlier: Sequence[Question]) -> list[tuple[str, str]]:
    """The answers on which a question may depend, as the sentences of :func:`asking.condition`."""
    known = {question.id: question for question in earlier}
    return [
        (
            f"{question.id}:{value}",
            condition(
                question.model_copy(
                    update={"shown_when": ShownWhen(question=question.id, values=[value])}
                ),
                known,
            ),
        )
        for question in earlier
        for value in question.decides
    ]


def kinds() -> list[tuple[str, str]]:
    """Every kind with its name."""
    return [(kind, str(name)) for kind, name in KIND_NAMES.items()]


def marks(question: Question) -> str:
    """What a list says of a question beside its words: its kind and its answers to choose from."""
    kind = str(KIND_NAMES[question.kind])
    if not question.options:
        return kind
    answers = _(", ").join(localized(option.label) for option in question.options)
    return _("%(kind)s: %(answers)s") % {"kind": kind, "answers": answers}


def _texts(typed: Typed, name: str) -> dict[str, str]:
    return {tag: typed.text(f"{name}.{tag}") for tag in LANGUAGES}


def _options(typed: Typed) -> list[dict[str, Any]]:
    """The rows that are filled; a new one gets a value that no other ever has."""
    found = []
    for place in range(1, MOST_OPTIONS + 1):
        label = _texts(typed, f"option.{place}")
        if any(text.strip() for text in label.values()):
            value = typed.text(f"option.{place}.value") or f"a-{secrets.token_hex(3)}"
            found.append({"value": value, "label": label})
    return found


def _shown_when(typed: Typed) -> dict[str, Any] | None:
    chosen = [text.partition(":") for text in typed.texts("shown_when")]
    if not chosen:
        return None
    if len({question for question, _colon, _value in chosen}) > 1:
        sentence = lazy("Please tick answers to one question only.")
        raise Invalid([FieldError("shown_when", sentence)])
    return {"question": chosen[0][0], "is": [value for _question, _colon, value in chosen]}


def _field(name: str) -> str:
    """Where the form says what is wrong with a part of the question."""
    first = name.partition(".")[0]
    return first if first in ("options", "shown_when") else name
