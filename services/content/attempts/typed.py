"""Answers as the fields of a form: what somebody chose, and what stands in the form again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.forms import Typed
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid

# The fields by kind of item: one of `choice`, any of `choices`, `match.<prompt>`, `step.<place>`,
# `text`. Each name says the kind, so the paper need not be read to understand a form.
_MATCH = "match."
_STEP = "step."


def response_of(typed: Typed) -> object:
    """What was answered, as marking takes it; ``None`` when nothing was.

    Raises:
        Invalid: one step stands in two places.
    """
    fields = typed.fields
    if pairs := {
        name.removeprefix(_MATCH): text for name, text in fields if name.startswith(_MATCH) and text
    }:
        return pairs
    if steps := [text for name, text in fields if name.startswith(_STEP) and text]:
        _each_once(fields)
        return steps
    if choices := typed.texts("choices"):
        return choices
    return typed.text("choice") or typed.text("text") or None


def _each_once(fields: list[tuple[str, str]]) -> None:
    seen: set[str] = set()
    for name, text in fields:
        if not name.startswith(_STEP) or not text:
            continue
        if text in seen:
            raise Invalid(
                [
                    FieldError(
                        name, lazy("This stands in two places. Please give each its own place.")
                    )
                ]
            )
        seen.add(text)


def values_of(kind: str, response: Any) -> Mapping[str, Any]:  # noqa: ANN401 - by kind
    """A response as what stands in the fields."""
    if response is None:
        return {}
    if kind == "matching":
        return {f"{_MATCH}{prompt}": answer for prompt, answer in response.items()}
    if kind == "ordering":
        return {f"{_STEP}{place}": step for place, step in enumerate(response, start=1)}
    if kind == "multiple":
        return {"choices": response}
    return {"text": response} if kind == "short-answer" else {"choice": response}
