"""Sample materials with their files, loaded through the same use cases as real ones."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.content.database import database
from services.content.files import service as files
from services.content.files.intake import Incoming, examine
from services.content.files.schemas import FileIn
from services.content.materials import service
from services.content.materials.models import Material
from services.content.materials.schemas import MaterialIn, MaterialPatch

_FOLDER: Final = Path(__file__).parents[1] / "samples"
# A fixed space of names (RFC 9562, version 5): the same sample has the same id on every machine,
# so loading twice loads once, whatever editors have made of it meanwhile.
_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.content.lingbao.example")


def load(principal: Principal) -> int:
    """Write the samples that are not there yet, and publish all but drafts.

    Returns:
        How many were new.
    """
    listed = json.loads((_FOLDER / "materials.json").read_text(encoding="utf-8"))
    return sum(_load(principal, sample) for sample in listed)


def _load(principal: Principal, sample: dict[str, Any]) -> bool:
    """The texts are Markdown files beside the list, one for each language that it is in."""
    name = sample.pop("name")
    material_id = uuid.uuid5(_NAMES, f"material/{name}")
    if _is_there(material_id):
        return False
    reviewed = utc_now() - timedelta(days=sample.pop("reviewed_days_ago"))
    changes, is_draft = sample.pop("changes", {}), sample.pop("draft", False)
    before = sample.pop("before", {})
    with_files = sample.pop("files", [])
    texts = {tag: _FOLDER / "bodies" / f"{name}.{tag}.md" for tag in sample["title"]}
    body = {tag: text.read_text(encoding="utf-8") for tag, text in texts.items()}
    wanted = MaterialIn(**sample | before, body=body, reviewed_on=reviewed.date())
    service.create(principal, wanted, material_id=material_id)
    for one in with_files:
        file_id = _add(principal, material_id, one)
        for part in one.get("parts", ()):
            _add(principal, material_id, part, file_id)
    if not is_draft:
        service.publish(principal, material_id)
    if before:
        now = {name: sample[name] for name in before}
        service.edit(principal, material_id, MaterialPatch(**now, changes=changes))
    return True


def _add(
    principal: Principal,
    material_id: uuid.UUID,
    sample: dict[str, Any],
    parent_id: uuid.UUID | None = None,
) -> uuid.UUID:
    name = sample["name"]
    file_id = uuid.uuid5(_NAMES, f"file/{name}")
    wanted = FileIn(
        title=sample.get("title", {}), language=sample.get("language"), parent_id=parent_id
    )
    with (_FOLDER / "files" / name).open("rb") as source:
        file = examine(Incoming(name, source))
        files.add(principal, material_id, file, wanted, file_id=file_id)
    return file_id


def _is_there(material_id: uuid.UUID) -> bool:
    with database.transaction() as session:
        return session.get(Material, material_id) is not None
