"""Finding files: for everybody, once their material is published, and for its staff."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound, Problem
from services.content.database import database
from services.content.files.formats import BY_MEDIA_TYPE
from services.content.files.models import StoredFile
from services.content.files.pictures import COVER_TYPE
from services.content.files.schemas import FileOut
from services.content.files.store import store
from services.content.files.sweep import too_old
from services.content.materials.models import Material

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Served:
    """Bytes to answer with.

    Attributes:
        size: in bytes.
        sha256: of them, in hexadecimal.
        language: of what they say (BCP 47), where that is one.
        opens: whether a browser may show them by itself.
    """

    name: str
    media_type: str
    key: str
    stored_at: datetime
    opens: bool
    size: int
    sha256: str
    language: str | None


@dataclass(frozen=True)
class Cover:
    """A small picture: its bytes' key, and their type."""

    key: str
    media_type: str = COVER_TYPE


def public(file_id: uuid.UUID) -> Served:
    """A file of a published material.

    Raises:
        NotFound: there is none, or its material was never published.
        Problem: 410 ``withdrawn``.
    """
    with database.transaction() as session:
        return _served(_public(session, file_id))


def public_cover(file_id: uuid.UUID) -> Cover:
    """The small picture of a file of a published material.

    Raises:
        NotFound, Problem: as for :func:`public`; or it has none.
    """
    with database.transaction() as session:
        return _cover(_public(session, file_id))


def for_staff(principal: Principal, material_id: uuid.UUID, file_id: uuid.UUID) -> Served:
    """A file of any material that is the caller's to see.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        return _served(of_material(session, principal, material_id, file_id))


def cover_for_staff(principal: Principal, material_id: uuid.UUID, file_id: uuid.UUID) -> Cover:
    """The small picture of a file of any material that is the caller's to see.

    Raises:
        NotFound, Problem: as for :func:`for_staff`; or it has none.
    """
    with database.transaction() as session:
        return _cover(of_material(session, principal, material_id, file_id))


def of_material(
    session: Session,
    principal: Principal,
    material_id: uuid.UUID,
    file_id: uuid.UUID,
    *,
    lock: bool = False,
) -> StoredFile:
    """A file, removed or not, of a material that is the caller's.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    material = session.get(Material, material_id)
    file = session.get(StoredFile, file_id, with_for_update=lock)
    if material is None or file is None or file.material_id != material_id:
        raise NotFound(lazy("There is no such file."))
    principal.must_cover(material.district)
    return file


def removed(principal: Principal, material_id: uuid.UUID) -> list[FileOut]:
    """What was taken out of a material and can still be put back, the latest first.

    Raises:
        NotFound: there is no such material.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        material = session.get(Material, material_id)
        if material is None:
            raise NotFound(lazy("There is no such material."))
        principal.must_cover(material.district)
        rows = session.scalars(
            sa.select(StoredFile)
            .where(StoredFile.material_id == material_id, StoredFile.removed_at > too_old())
            .order_by(StoredFile.removed_at.desc(), StoredFile.position)
        )
        return [FileOut.of(row) for row in rows]


def read_bytes(session: Session, file_id: uuid.UUID) -> Iterator[bytes]:
    """All bytes of a file, checked against its checksum as they are read.

    Raises:
        NotFound: there is no such file.
        Problem: 503 ``files-away``.
        OSError: while reading: they are not what was stored.
    """
    file = session.get(StoredFile, file_id)
    if file is None:
        raise NotFound(lazy("There is no such file."))
    return checked(opened(file.key), file.sha256, file.key)


def opened(key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Bytes from the store, see :meth:`Store.open`.

    Raises:
        Problem: 503 ``files-away``; also when they are missing, which is a fault of the store.
    """
    try:
        return store().open(key, start, end)
    except FileNotFoundError as error:
        log.error("files.missing", key=key)
        raise Problem(
            503,
            "files-away",
            lazy("We cannot find this file at the moment."),
            lazy("Please try again later, or ask the office for it."),
        ) from error


def checked(chunks: Iterator[bytes], sha256: str, key: str) -> Iterator[bytes]:
    """The same bytes; the last of them are held back until the checksum has been found right.

    Raises:
        OSError: it was not. Whoever downloads gets less than was promised, and so notices.
    """
    seen = hashlib.sha256()
    held = b""
    for chunk in chunks:
        if held:
            yield held
        seen.update(chunk)
        held = chunk
    if seen.hexdigest() != sha256:
        log.error("files.damaged", key=key)
        raise OSError(f"The bytes of {key} are not those that were stored.")
    yield held


def _public(session: Session, file_id: uuid.UUID) -> StoredFile:
    file = session.get(StoredFile, file_id)
    material = session.get(Material, file.material_id) if file else None
    if file is None or material is None or material.published_at is None:
        raise NotFound(lazy("There is no such file."))
    if material.status == "withdrawn" or file.removed_at is not None:
        raise Problem(
            410,
            "withdrawn",
            lazy("This file has been withdrawn."),
            lazy("Please look in the library for what takes its place."),
        )
    return file


def _served(file: StoredFile) -> Served:
    return Served(
        name=file.name,
        media_type=file.media_type,
        key=file.key,
        stored_at=file.stored_at,
        opens=BY_MEDIA_TYPE[file.media_type].opens,
        size=file.size,
        sha256=file.sha256,
        language=file.language,
    )


def _cover(file: StoredFile) -> Cover:
    if file.cover_key is None:
        raise NotFound(lazy("There is no such file."))
    return Cover(file.cover_key)
