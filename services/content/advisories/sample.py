"""Sample advisories: each is written by one and, where it is grave, published by another."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.content.advisories import service
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import AdvisoryIn, AdvisoryPatch
from services.content.database import database

_FILE: Final = Path(__file__).parent.parent / "samples" / "advisories.json"


def load(principal: Principal) -> int:
    """Write and publish the sample advisories that are not there yet.

    Args:
        principal: the author; ids are made from its id, so that loading twice loads once.

    Returns:
        How many were new.
    """
    samples: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return sum(_load(principal, sample) for sample in samples)


def sample_id(principal: Principal, name: str) -> uuid.UUID:
    """The id of a sample, the same on every machine."""
    return uuid.uuid5(principal.id, f"advisory/{name}")


def _load(principal: Principal, sample: dict[str, Any]) -> bool:
    """``began_days_ago`` and ``lasts_days`` (none: until further notice) count from today;
    ``later`` are changes after the first publication; ``draft``: it is not published."""
    advisory_id = sample_id(principal, sample.pop("name"))
    if _is_there(advisory_id):
        return False
    now = utc_now().replace(second=0, microsecond=0)
    later = sample.pop("later", [])
    is_draft = sample.pop("draft", False)
    service.create(principal, _content(sample, now), advisory_id=advisory_id)
    if is_draft:
        return True
    _publish(principal, advisory_id)
    for change in later:
        service.edit(principal, advisory_id, AdvisoryPatch.model_validate(change["changes"]))
        if change.get("released", False):
            _publish(principal, advisory_id)
    return True


def _content(sample: dict[str, Any], now: datetime) -> AdvisoryIn:
    began = now - timedelta(days=sample.pop("began_days_ago"))
    lasts = sample.pop("lasts_days", None)
    until = None if lasts is None else now + timedelta(days=lasts)
    return AdvisoryIn(**sample, valid_from=began, valid_until=until)


def _publish(principal: Principal, advisory_id: uuid.UUID) -> None:
    """By a second person, whom every level allows."""
    second = uuid.uuid5(principal.id, "second")
    service.publish(
        replace(principal, id=second, credential_id=second, name="示例数据（复核）"), advisory_id
    )


def _is_there(advisory_id: uuid.UUID) -> bool:
    with database.transaction() as session:
        return session.get(Advisory, advisory_id) is not None
