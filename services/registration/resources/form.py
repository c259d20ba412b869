"""The forms of rooms and lecturers: hours of a week as people write them, a line for each day."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from services.chassis.forms import Typed
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid
from services.registration.resources.models import MIDNIGHT, WEEKDAY_NAMES
from services.registration.resources.schemas import (
    HoursIn,
    LecturerIn,
    LecturerOut,
    VenueIn,
    VenueOut,
)

DAYS = tuple(f"day-{number}" for number in range(len(WEEKDAY_NAMES)))
_BETWEEN = re.compile(r"[,，、;；]+")
_SPAN = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)[-–—~～至到]+([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)


def read_venue(typed: Typed) -> VenueIn:
    """The room that the form describes.

    Raises:
        Invalid: something cannot be taken, with a sentence for each field.
    """
    return typed.parse(VenueIn, version=_version(typed))


def read_lecturer(typed: Typed) -> LecturerIn:
    """The lecturer that the form describes; the exceptions stay as they are.

    Raises:
        Invalid: something cannot be taken, with a sentence for each field.
    """
    errors: list[FieldError] = []
    hours: list[HoursIn] = []
    for weekday, field in enumerate(DAYS):
        found = _hours(weekday, typed.text(field))
        if found is None:
            sentence = lazy(
                "Write hours like 09:00-12:00, 14:00-17:00; the end after the beginning."
            )
            errors.append(FieldError(field, sentence))
        else:
            hours += found
    try:
        wanted = typed.parse(LecturerIn, version=_version(typed), hours=hours, exceptions=None)
    except Invalid as invalid:
        raise Invalid([*invalid.errors, *errors]) from invalid
    if errors:
        raise Invalid(errors)
    return wanted


def venue_values(venue: VenueOut) -> dict[str, Any]:
    """What the form of a stored room shows."""
    values = {
        name: "" if (value := getattr(venue, name)) is None else value
        for name in (
            "version",
            "district",
            "capacity",
            "step_free",
            "latitude",
            "longitude",
            "note",
        )
    }
    return values | _texts(name=venue.name, address=venue.address)


def lecturer_values(lecturer: LecturerOut) -> dict[str, Any]:
    """What the form of a stored lecturer shows."""
    values = {
        name: "" if (value := getattr(lecturer, name)) is None else value
        for name in ("version", "email", "phone", "languages", "topics", "districts", "timezone")
    }
    for weekday, field in enumerate(DAYS):
        values[field] = ", ".join(
            f"{row.begins:%H:%M}-{'24:00' if row.ends == MIDNIGHT else f'{row.ends:%H:%M}'}"
            for row in lecturer.hours
            if row.weekday == weekday
        )
    return values | _texts(name=lecturer.name, about=lecturer.about)


def _texts(**fields: dict[str, str]) -> dict[str, str]:
    return {f"{name}.{tag}": text for name, texts in fields.items() for tag, text in texts.items()}


def _version(typed: Typed) -> int | None:
    text = typed.text("version")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _hours(weekday: int, text: str) -> list[HoursIn] | None:
    """The hours of one day's line; ``None`` when it cannot be read."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    found = []
    for part in filter(None, _BETWEEN.split(plain)):
        match = _SPAN.fullmatch(part)
        if match is None:
            return None
        begins, ends = ":".join(match.group(1, 2)), ":".join(match.group(3, 4))
        try:
            found.append(
                HoursIn.model_validate(
                    {"weekday": weekday, "begins": begins.zfill(5), "ends": ends.zfill(5)}
                )
            )
        except ValueError:
            return None
    return found
