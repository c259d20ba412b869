"""Sample rooms and lecturers. People and places are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from services.chassis.auth import Principal
from services.registration.resources import lecturers, venues
from services.registration.resources.schemas import LecturerIn, ResourcesIn, VenueIn

SAMPLES = Path(__file__).parent.parent / "samples" / "resources.json"


def load(author: Principal) -> dict[str, ResourcesIn]:
    """Enter the sample rooms and lecturers, unless there are some already.

    Returns:
        What each sample activity occupies, by its English title.
    """
    if venues.listed(author) or lecturers.listed(author):
        return {}
    samples: dict[str, list[dict[str, Any]]] = json.loads(SAMPLES.read_text(encoding="utf-8"))
    plans: dict[str, ResourcesIn] = {}
    for sample in samples["venues"]:
        room = venues.create(author, VenueIn.model_validate(sample))
        for title in sample["hosts"]:
            plans.setdefault(title, ResourcesIn()).venue_id = room.id
    for sample in samples["lecturers"]:
        hours = [
            {"weekday": weekday, "begins": begins, "ends": ends}
            for weekday, begins, ends in sample["hours"]
        ]
        speaker = lecturers.create(author, LecturerIn.model_validate(sample | {"hours": hours}))
        for title in sample["speaks_at"]:
            plans.setdefault(title, ResourcesIn()).lecturer_ids.append(speaker.id)
    return plans
