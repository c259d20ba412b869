"""Sample activities: what an office might plan for the weeks ahead. Places and people are made up.

The kinds of activity follow the Beijing Foreign Affairs Office's report "Thematic Education on
Consular Protection Entering Communities" (29 April 2023).
"""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.reference import city
from services.registration.activities import service
from services.registration.activities.models import Activity
from services.registration.activities.schemas import ActivityIn
from services.registration.activities.slugs import slug_of
from services.registration.database import database
from services.registration.pictures import service as pictures
from services.registration.pictures.images import cleaned
from services.registration.resources import sample as resources
from services.registration.resources.arranging import arrange
from services.registration.series import service as series
from services.registration.series.schemas import SeriesIn

SAMPLES = Path(__file__).parent / "samples"

# Who is said to have written them; nobody can sign in as this.
_AUTHOR = Principal(
    kind="staff",
    id=uuid.UUID(int=1),
    credential_id=uuid.UUID(int=1),
    name="Sample data",
    role="city-admin",
    district=None,
)
# A fixed space of names (RFC 9562, version 5): the same sample has the same id on every machine, so
# that other services' samples can be about it.
_NAMES = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.registration.lingbao.example")


def load() -> int:
    """Write and publish the sample activities that are not there yet, dated from today.

    ``repeat`` makes one the first of a series; ``picture`` is a file beside the samples, drawn
    for them.

    Returns:
        How many were created.
    """
    samples: list[dict[str, Any]] = json.loads(
        (SAMPLES / "activities.json").read_text(encoding="utf-8")
    )
    with database.transaction() as session:
        there = set(session.scalars(sa.select(Activity.slug)))
    fresh = [sample for sample in samples if slug_of(sample["title"]["en"]) not in there]
    plans = resources.load(_AUTHOR)
    for sample in fresh:
        activity_id = uuid.uuid5(_NAMES, slug_of(sample["title"]["en"]))
        draft = service.create_activity(_AUTHOR, _dated(sample), activity_id=activity_id)
        if (plan := plans.get(sample["title"]["en"])) is not None:
            arrange(_AUTHOR, draft.id, plan)
        if (picture := sample.get("picture")) is not None:
            found = cleaned((SAMPLES / picture["file"]).read_bytes(), "picture")
            pictures.keep(_AUTHOR, draft.id, pictures.AltIn(alt=picture["alt"]), found)
        if sample.get("publish", True):
            service.publish_activity(_AUTHOR, draft.id)
        if (repeat := sample.get("repeat")) is not None:
            wanted = {"activity_id": draft.id, "repeat": repeat, "publish": True}
            series.begin(_AUTHOR, SeriesIn.model_validate(wanted))
    return len(fresh)


def _dated(sample: dict[str, Any]) -> ActivityIn:
    """A sample with its times: ``day`` counts from today, and falls on ``weekday`` or just after.

    ``weekday`` is 0 for Monday; ``begins`` and ``ends`` are wall clocks in the city; ``days`` is
    how many days it goes on.
    """
    zone = ZoneInfo(city().timezone)
    first = utc_now().astimezone(zone).date() + timedelta(days=sample["day"])
    if "weekday" in sample:
        first += timedelta(days=(sample["weekday"] - first.weekday()) % 7)
    last = first + timedelta(days=sample.get("days", 1) - 1)
    values = {name: sample[name] for name in ActivityIn.model_fields if name in sample}
    return ActivityIn.model_validate(
        values
        | {
            "timezone": city().timezone,
            "starts_at": _at(first, sample["begins"], zone),
            "ends_at": _at(last, sample["ends"], zone),
        }
    )


def _at(day: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), zone)
