"""Pydantic's errors as sentences in the person's language, one per field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.chassis.i18n import Lazy, Text, lazy
from services.chassis.problems import FieldError, Invalid

_REQUIRED = lazy("Please fill this in.")
_CHOICE = lazy("Please choose one of the answers offered.")
_NUMBER = lazy("Please write a whole number.")
_DATE = lazy("Please write a date and time that exist, such as 2026-12-31 14:00.")
_KIND = lazy("This is not of the kind that is expected here.")

_PLAIN: dict[str, Lazy] = {
    "missing": _REQUIRED,
    "string_too_short": _REQUIRED,
    "too_short": _REQUIRED,
    "literal_error": _CHOICE,
    "enum": _CHOICE,
    "int_parsing": _NUMBER,
    "int_type": _NUMBER,
    "int_from_float": _NUMBER,
    "int_parsing_size": _NUMBER,
    "bool_parsing": _CHOICE,
    "bool_type": _CHOICE,
    "uuid_parsing": lazy("This reference is not one of ours."),
    "uuid_type": lazy("This reference is not one of ours."),
    "extra_forbidden": lazy("This field is not known here."),
    "json_invalid": lazy("The body is not valid JSON."),
    "timezone_aware": lazy("Please give the time with its zone, such as 14:00+08:00."),
}


# Error types about a bound: their beginning, the sentence, and where the bound stands.
_BOUNDS = (
    ("string_too_long", lazy("Please use at most %(bound)s characters."), "max_length"),
    ("too_long", lazy("Please choose at most %(bound)s."), "max_length"),
    ("greater_than_equal", lazy("Please write a number that is at least %(bound)s."), "ge"),
    ("greater_than", lazy("Please write a number above %(bound)s."), "gt"),
    ("less_than_equal", lazy("Please write a number that is at most %(bound)s."), "le"),
    ("less_than", lazy("Please write a number below %(bound)s."), "lt"),
)


def sentence(error: Mapping[str, Any]) -> Text:
    """What one pydantic error says to the person who typed."""
    kind: str = error["type"]
    context: Mapping[str, Any] = error.get("ctx") or {}
    if kind == "sentence":
        found: Text = context["sentence"]
        return found
    if error.get("input", "") is None:
        return _REQUIRED
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind == "too_long" and isinstance(error.get("input"), str):
        kind = "string_too_long"  # the bound came after a check of ours
    for beginning, text, key in _BOUNDS:
        if kind.startswith(beginning):
            return Lazy(text.message, {"bound": context[key]})
    return _DATE if kind.startswith(("date", "time")) else _KIND


def field_name(location: Iterable[str | int]) -> str:
    """A pydantic location as a form names it: ``("contact", "email")`` → ``contact.email``."""
    return ".".join(
        str(part)
        for part in location
        if not str(part).startswith(("function-", "constrained-", "[key]"))
    )


def field_errors(errors: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    """Pydantic's errors, as at most one sentence a field."""
    found: dict[str, FieldError] = {}
    for error in errors:
        # A body that is no JSON is wrong as a whole; its "location" is a place in the text.
        name = "" if error["type"] == "json_invalid" else field_name(error["loc"])
        found.setdefault(name, FieldError(name, sentence(error)))
    return list(found.values())


def invalid(errors: Iterable[Mapping[str, Any]]) -> Invalid:
    """The answer 422 for a request that FastAPI refused.

    It puts the part of the request (``body``, ``query``, ``path``) in front of each location.
    """
    return Invalid(field_errors({**error, "loc": error["loc"][1:]} for error in errors))
