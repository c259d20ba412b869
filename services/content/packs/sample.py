"""Sample packs, proposed, worked on and given out through the use cases."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Final

from services.chassis.auth import Principal
from services.content.database import database
from services.content.packs import arranging, service
from services.content.packs.models import Pack
from services.content.packs.schemas import PackIn

_FILE: Final = Path(__file__).parents[1] / "samples" / "packs.json"
_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.content.lingbao.example")
# The ids of registration's sample activities, by their addresses.
_ACTIVITIES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.registration.lingbao.example")


def load(principal: Principal) -> int:
    """Make the packs that are not there yet. What they hold is there.

    Returns:
        How many were new.
    """
    samples: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return sum(_load(principal, sample) for sample in samples)


def _load(principal: Principal, sample: dict[str, Any]) -> bool:
    pack_id = uuid.uuid5(_NAMES, f"pack/{sample['name']}")
    with database.transaction() as session:
        if session.get(Pack, pack_id) is not None:
            return False
    wanted = {name: sample[name] for name in PackIn.model_fields if name in sample}
    if activity := sample.get("activity"):
        wanted["activity_id"] = uuid.uuid5(_ACTIVITIES, activity)
    service.create(principal, PackIn.model_validate(wanted), pack_id=pack_id)
    for key, words in sample["notes"].items():
        arranging.note(principal, pack_id, key, words)
    if sample["publish"]:
        service.publish(principal, pack_id)
    if without := sample.get("then_without"):
        arranging.remove(principal, pack_id, without)
        service.publish(principal, pack_id)
    return True
