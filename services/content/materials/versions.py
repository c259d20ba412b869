"""Versions of a material: each kept as it was, compared with another, brought back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session, defer

from services.chassis.auth import Principal
from services.chassis.difference import Runs, runs
from services.chassis.i18n import Lazy, lazy
from services.chassis.problems import NotFound
from services.content.materials.models import Material, MaterialVersion
from services.content.materials.schemas import MaterialIn

Act = Literal["written", "changed", "published", "withdrawn", "restored", "files"]

ACT_NAMES: Final[dict[str, Lazy]] = {
    "kept": lazy("First kept"),
    "written": lazy("Written"),
    "changed": lazy("Changed"),
    "published": lazy("Published"),
    "withdrawn": lazy("Withdrawn"),
    "restored": lazy("Brought back"),
    "files": lazy("Files changed"),
}
FIELD_NAMES: Final[dict[str, Lazy]] = {
    "title": lazy("Title"),
    "summary": lazy("In one sentence"),
    "body": lazy("Text"),
    "author": lazy("Author or office"),
    "kind": lazy("Kind"),
    "topics": lazy("Topics"),
    "countries": lazy("Countries"),
    "audience": lazy("For whom"),
    "reviewed_on": lazy("Last reviewed"),
    "review_by": lazy("To be reviewed again by"),
    "district": lazy("Office"),
    "files": lazy("Files"),
}
_TEXTS: Final = ("title", "summary", "body", "author")


class Update(BaseModel):
    """What readers are told has changed, and when."""

    model_config = ConfigDict(from_attributes=True)

    created_at: datetime
    changes: dict[str, str]


class VersionSummary(Update):
    """A version in the list of them: its number, what was done and by whom."""

    number: int
    act: str
    public: bool
    author_name: str


class VersionOut(VersionSummary):
    """A version as it was: ``content`` has the fields of a material, ``files`` what lay beside."""

    content: dict[str, Any]
    files: list[dict[str, Any]]


@dataclass(frozen=True)
class TextChange:
    """A text that two versions say differently, in one language (BCP 47)."""

    field: str
    language: str
    runs: Runs


@dataclass(frozen=True)
class ValueChange:
    """Any other field that differs; both values are as the version keeps them."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """What one version says otherwise than another."""

    texts: list[TextChange]
    values: list[ValueChange]

    def __bool__(self) -> bool:
        return bool(self.texts or self.values)


def keep(
    session: Session,
    principal: Principal,
    material: Material,
    act: Act,
    changes: Mapping[Any, str] | None = None,
) -> None:
    """Write down a material as it is now, in the transaction of the change.

    Args:
        changes: what its readers are told has changed; only said of what is in the library.
    """
    session.flush()
    session.refresh(material, ["files"])
    public = material.status == "published"
    told = dict(changes or {}) if public else {}
    if told:
        material.changes = told
        material.changed_at = material.updated_at
    content = {name: getattr(material, name) for name in MaterialIn.model_fields}
    session.add(
        MaterialVersion(
            material_id=material.id,
            number=material.version,
            act=act,
            content=MaterialIn.model_construct(**content).model_dump(mode="json"),
            files=[
                {
                    "name": file.name,
                    "media_type": file.media_type,
                    "size": file.size,
                    "sha256": file.sha256,
                }
                for file in material.files
            ],
            changes=told,
            public=public,
            author_name=principal.name,
            created_at=material.updated_at,
        )
    )


def listed(session: Session, material_id: uuid.UUID) -> list[VersionSummary]:
    """Every kept version, the newest first."""
    without_texts = _of(material_id).options(
        defer(MaterialVersion.content), defer(MaterialVersion.files)
    )
    return [VersionSummary.model_validate(row) for row in session.scalars(without_texts)]


def updates(session: Session, material_id: uuid.UUID) -> list[Update]:
    """What readers were told has changed, the newest first."""
    said = (
        sa.select(MaterialVersion.created_at, MaterialVersion.changes)
        .where(
            MaterialVersion.material_id == material_id,
            MaterialVersion.public,
            MaterialVersion.changes != {},
        )
        .order_by(MaterialVersion.number.desc())
    )
    return [Update.model_validate(row) for row in session.execute(said)]


def one(session: Session, material_id: uuid.UUID, number: int) -> VersionOut:
    """A kept version.

    Raises:
        NotFound: there is none of that number.
    """
    found = session.get(MaterialVersion, (material_id, number))
    if found is None:
        raise NotFound(lazy("There is no such version."))
    return VersionOut.model_validate(found)


def before(session: Session, version: VersionOut, material_id: uuid.UUID) -> VersionOut | None:
    """The version kept before this one; ``None`` before the first."""
    row = session.scalar(_of(material_id).where(MaterialVersion.number < version.number).limit(1))
    return VersionOut.model_validate(row) if row else None


def difference(older: VersionOut, newer: VersionOut) -> Difference:
    """What the newer of two versions says otherwise; Chinese texts first."""
    texts = [
        TextChange(field, tag, runs(said.get(tag, ""), says.get(tag, "")))
        for field in _TEXTS
        for said, says in [(older.content.get(field, {}), newer.content.get(field, {}))]
        for tag in ("zh-CN", "en")
        if said.get(tag, "") != says.get(tag, "")
    ]
    values = [
        ValueChange(field, older.content.get(field), newer.content.get(field))
        for field in FIELD_NAMES
        if field not in (*_TEXTS, "files") and older.content.get(field) != newer.content.get(field)
    ]
    if older.files != newer.files:
        values.append(ValueChange("files", older.files, newer.files))
    return Difference(texts, values)


def _of(material_id: uuid.UUID) -> sa.Select[MaterialVersion]:
    return (
        sa.select(MaterialVersion)
        .where(MaterialVersion.material_id == material_id)
        .order_by(MaterialVersion.number.desc())
    )
