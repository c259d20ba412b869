"""Files of a material: taken in, replaced, described, ordered, taken out and brought back."""

from __future__ import annotations

import uuid
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import Lazy, lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.content.database import database
from services.content.files.formats import Role
from services.content.files.intake import Examined
from services.content.files.models import Blob, StoredFile
from services.content.files.reading import of_material, read_bytes
from services.content.files.refusals import refused
from services.content.files.schemas import FileIn, FileOut, FilePatch, public_path
from services.content.files.store import Store, store
from services.content.language import in_both
from services.content.materials import service as materials
from services.content.materials.models import Material

__all__ = [
    "Store", "StoredFile", "add", "change", "public_path", "put_back", "read_bytes", "remove",
    "replace", "store",
]  # fmt: skip

MOST_FILES: Final = 40


def add(
    principal: Principal,
    material_id: uuid.UUID,
    file: Examined,
    wanted: FileIn,
    once: Once = NOT_REPEATED,
    *,
    file_id: uuid.UUID | None = None,
) -> FileOut:
    """Put a file into a material, after those that are there.

    Captions in a language, or a poster, take the place of those that the video had.

    Args:
        file_id: its id, where the caller needs to know it beforehand; else a fresh one.

    Raises:
        NotFound: there is no such material.
        Invalid: the file is in the material already, or does not go with what was said of it.
        Problem: 403 ``other-district``, 503 ``files-away``.
    """
    _must_be_theirs(principal, material_id)
    key = keep_bytes(file)
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return FileOut.model_validate(answer)
        material = materials.locked(session, principal, material_id)
        role = _role(material, file, wanted)
        _must_be_new(material, file, role)
        for before in _in_place_of(material, role, wanted.parent_id, wanted.language):
            before.removed_at = utc_now()
        stored = StoredFile(
            id=file_id or new_id(),
            material_id=material_id,
            parent_id=wanted.parent_id,
            role=role,
            position=1 + max((one.position for one in material.files), default=0),
            title=wanted.title,
            language=wanted.language,
        )
        _fill(stored, file, key)
        session.add(stored)
        _changed(session, principal, material, lazy("New file: %(name)s", name=file.name))
        done = FileOut.of(stored)
        once.keep(session, done.model_dump(mode="json"))
    return done


def replace(
    principal: Principal, material_id: uuid.UUID, file_id: uuid.UUID, file: Examined
) -> FileOut:
    """Put other bytes in a file's place; its address, title and order stay.

    Raises:
        NotFound: there is no such file.
        Invalid: it is of another kind, a picture for a video.
        Problem: 403 ``other-district``, 503 ``files-away``.
    """
    _must_be_theirs(principal, material_id)
    key = keep_bytes(file)
    with database.transaction() as session:
        material = materials.locked(session, principal, material_id)
        stored = _present(session, principal, material_id, file_id)
        if file.format.role != ("picture" if stored.role == "poster" else stored.role):
            raise refused(
                lazy("This is of another kind than the file that is there; please add it instead.")
            )
        _fill(stored, file, key)
        _changed(session, principal, material, lazy("New edition of %(name)s", name=file.name))
        return FileOut.of(stored)


def change(
    principal: Principal, material_id: uuid.UUID, file_id: uuid.UUID, patch: FilePatch
) -> FileOut:
    """Say something else of a file, or give it another place among the files.

    Raises:
        NotFound: there is no such file.
        Invalid: captions need a language, each its own.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        material = materials.locked(session, principal, material_id)
        stored = _present(session, principal, material_id, file_id)
        if "title" in patch.model_fields_set:
            stored.title = patch.model_dump()["title"] or {}
        if "language" in patch.model_fields_set:
            if stored.role == "captions" and patch.language is None:
                raise _needs_language()
            place = _in_place_of(material, stored.role, stored.parent_id, patch.language)
            if stored.role == "captions" and any(one.id != stored.id for one in place):
                there = lazy("There are captions in this language already; please take them out.")
                raise Invalid([FieldError("language", there)])
            stored.language = patch.language
        if patch.position is not None:
            _move(material, stored, patch.position)
        _changed(session, principal, material, None)
        return FileOut.of(stored)


def remove(principal: Principal, material_id: uuid.UUID, file_id: uuid.UUID) -> None:
    """Take a file out of a material, with what belongs to it; for a while it can be put back.

    Raises:
        NotFound: there is no such file.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        material = materials.locked(session, principal, material_id)
        stored = _present(session, principal, material_id, file_id)
        now = utc_now()
        for one in material.files:
            if file_id in (one.id, one.parent_id):
                one.removed_at = now
        _changed(session, principal, material, lazy("Taken out: %(name)s", name=stored.name))


def put_back(principal: Principal, material_id: uuid.UUID, file_id: uuid.UUID) -> FileOut:
    """Put a file back that was taken out, with what went with it.

    Captions in a language, or a poster, take the place of those that the video has by now.

    Raises:
        NotFound: there is no such file, or it has been deleted for good meanwhile.
        Problem: 403 ``other-district``, 409 ``video-gone``.
    """
    with database.transaction() as session:
        material = materials.locked(session, principal, material_id)
        stored = of_material(session, principal, material_id, file_id)
        if stored.removed_at is None:
            return FileOut.of(stored)
        parent = session.get(StoredFile, stored.parent_id) if stored.parent_id else None
        if parent is not None and parent.removed_at is not None:
            raise Problem(
                409,
                "video-gone",
                lazy("The video that this belongs to was taken out, too."),
                lazy("Please put the video back first."),
            )
        with_it = session.scalars(
            sa.select(StoredFile).where(
                StoredFile.parent_id == file_id, StoredFile.removed_at == stored.removed_at
            )
        )
        for one in _in_place_of(material, stored.role, stored.parent_id, stored.language):
            one.removed_at = utc_now()
        for one in (stored, *with_it):
            one.removed_at = None
        _changed(session, principal, material, lazy("Back again: %(name)s", name=stored.name))
        return FileOut.of(stored)


def keep_bytes(file: Examined) -> str:
    """Put a file's bytes into the store under a fresh key, which is written down beforehand.

    Whatever becomes of the change that they are for, the sweeper knows of them.

    Raises:
        Problem: 503 ``files-away``.
    """
    key = f"files/{new_id().hex}"
    with database.transaction() as session:
        session.add(Blob(key=key))
    store().put(key, file.source)
    return key


def _must_be_theirs(principal: Principal, material_id: uuid.UUID) -> None:
    """Refuse before the bytes are kept; the change itself asks again, with the row locked."""
    with database.transaction() as session:
        _theirs(session, principal, material_id)


def _theirs(session: Session, principal: Principal, material_id: uuid.UUID) -> None:
    material = session.get(Material, material_id)
    if material is None:
        raise NotFound(lazy("There is no such material."))
    principal.must_cover(material.district)


def _present(
    session: Session, principal: Principal, material_id: uuid.UUID, file_id: uuid.UUID
) -> StoredFile:
    stored = of_material(session, principal, material_id, file_id, lock=True)
    if stored.removed_at is not None:
        raise NotFound(lazy("There is no such file."))
    return stored


def _fill(stored: StoredFile, file: Examined, key: str) -> None:
    stored.name = file.name
    stored.media_type = file.format.media_type
    stored.size = file.size
    stored.sha256 = file.sha256
    stored.transcript = file.transcript
    stored.key = key
    stored.cover_key = None
    stored.cover_tries = 0
    stored.cover_begun_at = None
    stored.stored_at = utc_now()


def _role(material: Material, file: Examined, wanted: FileIn) -> Role:
    """What a file is in its material: a picture for a video is its poster."""
    if wanted.parent_id is None:
        if file.format.role == "captions":
            raise refused(lazy("Please add captions on the page of the video that they are for."))
        return file.format.role
    parent = next((one for one in material.files if one.id == wanted.parent_id), None)
    if parent is None or parent.role not in ("video", "audio"):
        raise refused(lazy("Captions and poster pictures belong to a video of this material."))
    if file.format.role == "picture":
        return "poster"
    if file.format.role != "captions":
        raise refused(lazy("To a video belong captions (WebVTT) and a picture, nothing else."))
    if wanted.language is None:
        raise _needs_language()
    return "captions"


def _needs_language() -> Invalid:
    return Invalid([FieldError("language", lazy("Please say in which language the captions are."))])


def _must_be_new(material: Material, file: Examined, role: Role) -> None:
    if len(material.files) >= MOST_FILES:
        raise refused(
            lazy("A material has %(most)s files at most. Please take some out.", most=MOST_FILES)
        )
    for one in material.files:
        if one.sha256 == file.sha256 and one.role == role:
            raise refused(lazy("This very file is here already, as “%(name)s”.", name=one.name))


def _in_place_of(
    material: Material, role: str, parent_id: uuid.UUID | None, language: str | None
) -> list[StoredFile]:
    """What a video has in the place of such a poster or such captions."""
    if role not in ("captions", "poster"):
        return []
    return [
        one
        for one in material.files
        if (one.role, one.parent_id) == (role, parent_id)
        and (role == "poster" or one.language == language)
    ]


def _move(material: Material, stored: StoredFile, position: int) -> None:
    """Give a file the place ``position`` (from 1) among those that stand by themselves."""
    others = [one for one in material.files if one.parent_id is None and one.id != stored.id]
    others.insert(position - 1, stored)
    for place, one in enumerate(others, start=1):
        one.position = place


def _changed(session: Session, principal: Principal, material: Material, told: Lazy | None) -> None:
    materials.changed(session, principal, material, "files", in_both(told) if told else None)
