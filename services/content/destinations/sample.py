"""Sample missions, added through the same use case as real ones."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Final

from services.chassis.auth import Principal
from services.content.database import database
from services.content.destinations import service
from services.content.destinations.models import Mission
from services.content.destinations.schemas import MissionIn

_FILE: Final = Path(__file__).parents[1] / "samples" / "missions.json"
_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "missions.samples.content.lingbao.example")


def load(principal: Principal) -> int:
    """Add the sample missions that are not there yet.

    Returns:
        How many were new.
    """
    return sum(_load(principal, one) for one in json.loads(_FILE.read_text(encoding="utf-8")))


def _load(principal: Principal, sample: dict[str, object]) -> bool:
    mission_id = uuid.uuid5(_NAMES, str(sample.pop("key")))
    with database.transaction() as session:
        if session.get(Mission, mission_id) is not None:
            return False
    service.add(principal, MissionIn.model_validate(sample), mission_id=mission_id)
    return True
