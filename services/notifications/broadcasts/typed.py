"""A broadcast as a page's form gives it: its times are on the clock of the zone it names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, BeforeValidator, model_validator

from services.chassis.fields import refuse
from services.chassis.reference import city
from services.notifications.broadcasts.schemas import BroadcastIn


class _Skipped:
    """A time that the clocks of its zone never show."""


_SKIPPED: Final = _Skipped()


def _shown_by_clocks(value: object) -> object:
    if value is _SKIPPED:
        raise refuse(
            "The clocks there skip this time when they change. Please choose one an hour later."
        )
    return value


LocalMoment = Annotated[AwareDatetime | None, BeforeValidator(_shown_by_clocks)]


class BroadcastForm(BroadcastIn):
    """The same from a page, whose times are read in its zone.

    ``version`` is the one that the page was made from, so that nobody overwrites what they have
    not seen.
    """

    version: int | None = None
    send_at: LocalMoment = None
    expires_at: LocalMoment = None

    @model_validator(mode="before")
    @classmethod
    def _read_in_zone(cls, data: Any) -> Any:  # noqa: ANN401 - whatever was typed
        if not isinstance(data, dict):
            return data
        try:
            zone = ZoneInfo(data.get("timezone") or city().timezone)
        except (ZoneInfoNotFoundError, ValueError):
            return data  # the field's own check says so
        read = dict(data)
        for name in ("send_at", "expires_at"):
            read[name] = _aware(data.get(name), zone)
        return read


def _aware(typed: object, zone: ZoneInfo) -> object:
    """A time of a form with its zone; what is no time is left for the field to refuse."""
    if not isinstance(typed, str):
        return typed
    if not typed.strip():
        return None
    try:
        moment = datetime.fromisoformat(typed.strip())
    except ValueError:
        return typed
    if moment.tzinfo:
        return moment
    found = moment.replace(tzinfo=zone)
    # What a change of the clocks skips comes back from UTC as another hour (PEP 495). Of an hour
    # that is shown twice the first is meant.
    there_and_back = found.astimezone(UTC).astimezone(zone)
    return found if there_and_back.replace(tzinfo=None) == moment else _SKIPPED
