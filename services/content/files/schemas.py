"""What goes into a file of a material and what comes out."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, computed_field

from services.chassis.fields import BlankIsNone, LanguageTag, OptionalLocalizedLine
from services.chassis.settings import settings
from services.content.files.formats import BY_MEDIA_TYPE, Format, Role
from services.content.files.models import StoredFile

# A cover's key ends in random signs, so its address changes with it and can be kept for long.
SIGN = 12


class FileIn(BaseModel):
    """What is said of a file that is handed in.

    Attributes:
        title: what pages call it; empty: its name.
        language: of what is in it; captions must have one.
        parent_id: the video that captions or a poster picture are for.
    """

    model_config = ConfigDict(extra="forbid")

    title: OptionalLocalizedLine = {}
    language: Annotated[LanguageTag | None, BlankIsNone] = None
    parent_id: Annotated[uuid.UUID | None, BlankIsNone] = None


class FilePatch(BaseModel):
    """Some of what is said of a file; ``position`` counts from 1 among those of its material."""

    model_config = ConfigDict(extra="forbid")

    title: OptionalLocalizedLine | None = None
    language: Annotated[LanguageTag | None, BlankIsNone] = None
    position: Annotated[int, Field(ge=1, le=1000)] | None = None


class FileOut(BaseModel):
    """A file of a material; ``sha256`` is of its bytes, in hexadecimal."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    material_id: uuid.UUID
    parent_id: uuid.UUID | None
    role: Role
    position: int
    name: str
    title: dict[str, str]
    language: LanguageTag | None
    media_type: str
    size: int
    sha256: str
    stored_at: datetime
    cover_key: Annotated[str | None, Field(exclude=True)] = None
    transcript: Annotated[str | None, Field(exclude=True)] = None

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def url(self) -> str:
        """The absolute address of its bytes, once its material is published."""
        return f"{settings().public_url}{public_path(self)}"

    @property
    def format(self) -> Format:
        """Its type."""
        return BY_MEDIA_TYPE[self.media_type]

    @property
    def path(self) -> str:
        """Where everybody finds it."""
        return public_path(self)

    @property
    def cover_path(self) -> str | None:
        """Where its small picture is, when it has one."""
        return cover_path(f"{self.id}/{self.cover_key[-SIGN:]}") if self.cover_key else None

    @classmethod
    def of(cls, file: StoredFile) -> Self:
        """The answer for a stored file."""
        return cls.model_validate(file)


def public_path(file: StoredFile | FileOut) -> str:
    """The path of a file's bytes for everybody: ``/files/{id}/{name}``."""
    return f"/files/{file.id}/{quote(file.name, safe='')}"


def cover_path(cover: str) -> str:
    """The path of a small picture, from the id of its file and its sign with a slash between."""
    file_id, _, sign = cover.partition("/")
    return f"/files/{file_id}/cover/{sign}.webp"
