"""The form in which staff write an activity: what it shows, and what is read from it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, Field

from services.chassis.fields import duration
from services.chassis.forms import Typed
from services.chassis.i18n import country_name, lazy
from services.chassis.problems import FieldError, Invalid
from services.chassis.reference import country_code
from services.registration.activities.schemas import (
    DEFAULT_REMINDERS,
    ActivityIn,
    ActivityOut,
    ActivityPatch,
    OptionalNote,
)
from services.registration.activities.words import REMINDER_NAMES
from services.registration.moments import is_skipped, local_moment, wall_clock
from services.registration.series.scope import SCOPE_NAMES

_MOMENTS = ("starts_at", "ends_at", "registration_opens_at", "registration_closes_at")
# Sent along by the page that shows what an edit comes to.
SEEN = "seen"
_BETWEEN_COUNTRIES = re.compile(r"[,，、;；\n]+")
# Whatever the form does not show stays as it is stored.
_NOT_SHOWN = {"questions"}


class Words(BaseModel):
    """The staff's own words to those who are told of another time or place."""

    note: OptionalNote = Field(default_factory=dict)


def read(typed: Typed) -> ActivityIn:
    """The activity that the form describes. Its times are on the clock of its time zone.

    Raises:
        Invalid: something cannot be taken, with a sentence for each field.
    """
    zone = typed.text("timezone")
    extra: dict[str, Any] = {
        name: local_moment(text, zone) for name in _MOMENTS if (text := typed.text(name).strip())
    }
    extra["countries"] = [country_code(name) or name for name in _names(typed.text("countries"))]
    skipped = [
        FieldError(name, _SKIPPED) for name in _MOMENTS if is_skipped(typed.text(name), zone)
    ]
    try:
        wanted = typed.parse(ActivityIn, **extra)
    except Invalid as error:
        raise Invalid(_one_a_field([*skipped, *error.errors])) from error
    if skipped:
        raise Invalid(skipped)
    return wanted


def read_patch(typed: Typed, words: Words) -> ActivityPatch:
    """The same form as an edit over the version that it was opened with.

    Whether people are asked to confirm is said only on the page that shows the message.

    Raises:
        Invalid: as :func:`read`.
    """
    wanted = read(typed).model_dump(exclude=_NOT_SHOWN)
    version, scope = typed.text("version"), typed.text("scope")
    return ActivityPatch.model_validate(
        wanted
        | {
            "version": int(version) if version.isdecimal() else 0,
            "scope": scope if scope in SCOPE_NAMES else "this",
            "note": words.note,
            "ask": bool(typed.text("ask")) if typed.text(SEEN) else None,
        }
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
            "languages", "reminders", "topics", "audience", "step_free",
            "asks_children", "asks_companions", "verify_contact", "fair_queue", "certificates",
        )
    }  # fmt: skip
    values |= {name: wall_clock(getattr(activity, name), activity.timezone) for name in _MOMENTS}
    for name, texts in (
        ("title", activity.title),
        ("summary", activity.summary),
        ("bring", activity.bring),
        ("venue.name", activity.venue["name"]),
        ("venue.address", activity.venue["address"]),
    ):
        values |= {f"{name}.{tag}": text for tag, text in texts.items()}
    for name in ("capacity", "latitude", "longitude"):
        number = getattr(activity, name)
        values[name] = "" if number is None else number
    values["scope"] = "this"
    values["attachments"] = [str(identifier) for identifier in activity.attachments]
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


def _one_a_field(errors: Iterable[FieldError]) -> list[FieldError]:
    """Errors of a list's items, said once at the field of the list."""
    found: dict[str, FieldError] = {}
    for item in errors:
        field = re.sub(r"\.\d+$", "", item.field)
        found.setdefault(field, FieldError(field, item.message))
    return list(found.values())


_SKIPPED = lazy("The clocks change on this day and skip this time; please choose another.")
