"""What an edit comes to before it is written, for one activity and for others of its series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from services.chassis.i18n import date_line, lazy
from services.chassis.problems import FieldError, Invalid
from services.chassis.validation import field_errors
from services.registration.activities.models import Activity
from services.registration.activities.schemas import ActivityIn, ActivityPatch, stored
from services.registration.moments import clock_at, moment_at

# How a change of a column is named to those who hear of it; the others go by their own name.
_TOLD_AS = {
    "starts_at": "time",
    "ends_at": "time",
    "timezone": "time",
    "venue_name": "venue",
    "venue_address": "venue",
}
# What those who registered are told of.
MOVING = frozenset({"time", "venue"})


@dataclass(frozen=True)
class Edit:
    """One activity, what it is to become, and the columns in which that differs."""

    activity: Activity
    wanted: ActivityIn
    columns: dict[str, Any]

    @property
    def changed(self) -> list[str]:
        """What changes, as ``activity.changed`` tells it."""
        return list(dict.fromkeys(_TOLD_AS.get(column, column) for column in self.columns))

    @property
    def moves(self) -> bool:
        """Whether the time or the place changes, of which those who registered are told."""
        return not MOVING.isdisjoint(self.changed)

    def asks(self, ask: bool | None) -> bool:
        """Whether those who registered are asked to confirm or cancel.

        Args:
            ask: what staff chose; ``None`` asks when the time changes.
        """
        return self.moves and ("time" in self.changed if ask is None else ask)


def columns_of(wanted: ActivityIn) -> dict[str, Any]:
    """The columns that staff write."""
    values = wanted.model_dump(exclude={"venue"})
    return values | {"venue_name": wanted.venue.name, "venue_address": wanted.venue.address}


def planned(activity: Activity, others: Sequence[Activity], patch: ActivityPatch) -> list[Edit]:
    """The edit of ``activity``, then what it means for others of its series.

    The others take what changes, but keep their dates: a change of the time of day moves theirs
    by as much on the clock of the venue, and a moment of registration is as far from the beginning
    as here.

    Raises:
        Invalid: what comes of it is no activity, has fewer places than are taken, or would begin at
            a time that a change of the clocks skips.
    """
    first = _edit(activity, patch.over(activity))
    edits = [first]
    for other in others:
        try:
            edits.append(_edit(other, _like(first, other)))
        except Invalid as error:
            raise Invalid([_of_date(other, item) for item in error.errors]) from error
    return edits


def _edit(activity: Activity, values: dict[str, Any]) -> Edit:
    wanted = _checked(values)
    if wanted.capacity is not None and wanted.capacity < activity.seats_taken:
        sentence = lazy(
            "%(taken)s places are taken already, so there cannot be fewer.",
            taken=activity.seats_taken,
        )
        raise Invalid([FieldError("capacity", sentence)])
    differing = {
        column: value
        for column, value in columns_of(wanted).items()
        if getattr(activity, column) != value
    }
    return Edit(activity, wanted, differing)


def _checked(values: dict[str, Any]) -> ActivityIn:
    try:
        return ActivityIn.model_validate(values)
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error


_MOMENTS = frozenset(
    {"starts_at", "ends_at", "registration_opens_at", "registration_closes_at", "timezone"}
)


def _like(first: Edit, other: Activity) -> dict[str, Any]:
    """The other's own values, with what changes in the first."""
    values = stored(other)
    given = first.wanted.model_dump()
    for column in first.columns.keys() - _MOMENTS:
        name = "venue" if column.startswith("venue_") else column
        values[name] = given[name]
    return values | _shifted(first, other)


def _shifted(first: Edit, other: Activity) -> dict[str, Any]:
    """The other's moments, as far as those of the first change."""
    here, wanted = first.activity, first.wanted
    found: dict[str, Any] = {}
    starts = clock_at(other.starts_at, other.timezone)
    if first.columns.keys() & {"starts_at", "ends_at", "timezone"}:
        before = clock_at(here.starts_at, here.timezone)
        begins = clock_at(wanted.starts_at, wanted.timezone)
        later = clock_at(wanted.ends_at, wanted.timezone) - clock_at(here.ends_at, here.timezone)
        by_days = timedelta(days=(begins.date() - before.date()).days)
        starts += begins - before - by_days
        ends = clock_at(other.ends_at, other.timezone) + later - by_days
        found["timezone"] = wanted.timezone
        found["starts_at"] = _shown("starts_at", starts, wanted.timezone)
        found["ends_at"] = _shown("ends_at", ends, wanted.timezone)
    for name in ("registration_opens_at", "registration_closes_at"):
        if name in first.columns:
            moment: datetime | None = getattr(wanted, name)
            found[name] = moment
            if moment is not None:
                lead = clock_at(wanted.starts_at, wanted.timezone) - clock_at(
                    moment, wanted.timezone
                )
                found[name] = _shown(name, starts - lead, wanted.timezone)
    return found


def _shown(field: str, clock: datetime, zone: str) -> datetime:
    moment = moment_at(clock, zone)
    if moment is None:
        sentence = lazy("The clocks change on this day and skip this time; please choose another.")
        raise Invalid([FieldError(field, sentence)])
    return moment


def _of_date(activity: Activity, error: FieldError) -> FieldError:
    """An error of another occurrence, said at the field of the form that it comes from."""
    when = date_line(activity.starts_at, None, activity.timezone)
    return FieldError(
        error.field, lazy("On %(date)s: %(sentence)s", date=when, sentence=error.message)
    )
