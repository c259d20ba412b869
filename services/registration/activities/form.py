"""The form in which staff write an activity: what it shows, and what is read from it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from babel import Locale

from services.chassis.fields import duration
from services.chassis.forms import Typed
from services.chassis.i18n import country_name
from services.chassis.problems import FieldError, Invalid
from services.chassis.reference import countries
from services.registration.activities.schemas import (
    DEFAULT_REMINDERS,
    ActivityIn,
    ActivityOut,
    ActivityPatch,
)
from services.registration.activities.words import REMINDER_NAMES
from services.registration.moments import local_moment, wall_clock

_MOMENTS = ("starts_at", "ends_at", "registration_opens_at", "registration_closes_at")
_BETWEEN_COUNTRIES = re.compile(r"[,，、;；\n]+")
# Whatever the form does not show stays as it is stored.
_NOT_SHOWN = {"questions", "verify_contact"}


def read(typed: Typed) -> ActivityIn:
    """The activity that the form describes. Its times are on the clock of its time zone.

    Raises:
        Invalid: something cannot be taken, with a sentence for each field.
    """
    zone = typed.text("timezone")
    extra: dict[str, Any] = {
        name: local_moment(text, zone) for name in _MOMENTS if (text := typed.text(name).strip())
    }
    extra["countries"] = [_code(name) for name in _names(typed.text("countries"))]
    try:
        return typed.parse(ActivityIn, **extra)
    except Invalid as error:
        raise Invalid(_one_a_field(error)) from error


def read_patch(typed: Typed) -> ActivityPatch:
    """The same form as an edit over the version that it was opened with.

    Raises:
        Invalid: as :func:`read`.
    """
    wanted = read(typed).model_dump(exclude=_NOT_SHOWN)
    version = typed.text("version")
    return ActivityPatch.model_validate(
        wanted | {"version": int(version) if version.isdecimal() else 0}
    )


def blank(district: str | None, zone: str) -> dict[str, Any]:
    """What a new activity's form shows."""
    return {
        "district": district or "",
        "timezone": zone,
        "max_party_size": "4",
        "waiting_list": True,
        "languages": ["zh-CN"],
        "reminders": list(DEFAULT_REMINDERS),
    }


def filled(activity: ActivityOut) -> dict[str, Any]:
    """What the form of a stored activity shows."""
    values: dict[str, Any] = {
        name: getattr(activity, name)
        for name in (
            "version", "kind", "district", "timezone", "max_party_size", "waiting_list",
            "languages", "reminders", "topics",
        )
    }  # fmt: skip
    values |= {name: wall_clock(getattr(activity, name), activity.timezone) for name in _MOMENTS}
    for name, texts in (
        ("title", activity.title),
        ("summary", activity.summary),
        ("venue.name", activity.venue["name"]),
        ("venue.address", activity.venue["address"]),
    ):
        values |= {f"{name}.{tag}": text for tag, text in texts.items()}
    values["capacity"] = "" if activity.capacity is None else activity.capacity
    values["countries"] = "、".join(country_name(code) for code in activity.countries)
    return values


def reminder_choices(chosen: str | list[str]) -> list[tuple[str, str]]:
    """The lead times that are offered, and those that are set already, the longest first."""
    set_already = [chosen] if isinstance(chosen, str) else chosen
    offered = {code: str(name) for code, name in REMINDER_NAMES.items()}
    offered |= {code: code for code in set_already if code not in offered and _is_lead(code)}
    return sorted(offered.items(), key=lambda item: duration(item[0]), reverse=True)


def _is_lead(code: str) -> bool:
    """Whether a text that came with the form is a lead time at all."""
    try:
        duration(code)
    except ValueError:
        return False
    return True


def _names(text: str) -> list[str]:
    return [name for part in _BETWEEN_COUNTRIES.split(text) if (name := part.strip())]


def _code(name: str) -> str:
    """The code of a country that is written by its name in either language, or by its code."""
    wanted = unicodedata.normalize("NFKC", name).casefold()
    for language in ("zh", "en"):
        territories = Locale.parse(language).territories
        for code in countries():
            if str(territories.get(code, "")).casefold() == wanted:
                return code
    return name


def _one_a_field(error: Invalid) -> list[FieldError]:
    """Errors of a list's items, said once at the field of the list."""
    found: dict[str, FieldError] = {}
    for item in error.errors:
        field = re.sub(r"\.\d+$", "", item.field)
        found.setdefault(field, FieldError(field, item.message))
    return list(found.values())
