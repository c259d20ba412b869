"""Sample advisories and materials, loaded through the same use cases as real ones."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.content.advisories import service as advisories
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import AdvisoryIn
from services.content.database import database
from services.content.materials import service as materials
from services.content.materials.models import Material
from services.content.materials.schemas import MaterialIn

_FOLDER: Final = Path(__file__).parent / "samples"
# A fixed space of names (RFC 9562, version 5): the same sample has the same id on every machine,
# so loading twice loads once, whatever editors have made of it meanwhile.
_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.content.lingbao.example")
_LOADER: Final = Principal(
    kind="key",
    id=_NAMES,
    credential_id=_NAMES,
    name="示例数据",
    role="city-admin",
    district=None,
)


def load() -> int:
    """Write and publish the samples that are not there yet.

    Returns:
        How many were new.
    """
    return sum(map(_load_advisory, _read("advisories"))) + sum(
        map(_load_material, _read("materials"))
    )


def _read(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _load_advisory(sample: dict[str, Any]) -> bool:
    """``began_days_ago`` and ``lasts_days`` (none: until further notice) count from today."""
    advisory_id = uuid.uuid5(_NAMES, f"advisory/{sample.pop('name')}")
    if _is_there(Advisory, advisory_id):
        return False
    now = utc_now().replace(second=0, microsecond=0)
    began = now - timedelta(days=sample.pop("began_days_ago"))
    lasts = sample.pop("lasts_days", None)
    until = None if lasts is None else now + timedelta(days=lasts)
    wanted = AdvisoryIn(**sample, valid_from=began, valid_until=until)
    advisories.create(_LOADER, wanted, advisory_id=advisory_id)
    advisories.publish(_LOADER, advisory_id)
    return True


def _load_material(sample: dict[str, Any]) -> bool:
    """The texts are Markdown files beside the list, one for each language."""
    name = sample.pop("name")
    material_id = uuid.uuid5(_NAMES, f"material/{name}")
    if _is_there(Material, material_id):
        return False
    reviewed = utc_now() - timedelta(days=sample.pop("reviewed_days_ago"))
    body = {
        tag: (_FOLDER / "bodies" / f"{name}.{tag}.md").read_text(encoding="utf-8")
        for tag in ("zh-CN", "en")
    }
    wanted = MaterialIn(**sample, body=body, reviewed_on=reviewed.date())
    materials.create(_LOADER, wanted, material_id=material_id)
    materials.publish(_LOADER, material_id)
    return True


def _is_there(table: type[Advisory] | type[Material], identifier: uuid.UUID) -> bool:
    with database.transaction() as session:
        return session.get(table, identifier) is not None
