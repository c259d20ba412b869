"""The staff's pages of a material's files: add, describe, order, replace, take out, put back."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.problems import FieldError, Invalid, NotFound
from services.chassis.reference import city
from services.content.database import pages
from services.content.files import reading, service, serving
from services.content.files.formats import ACCEPT, ROLE_NAMES, largest
from services.content.files.intake import HandedIn, examine
from services.content.files.schemas import FileIn, FileOut, FilePatch
from services.content.files.shelf import shelf, words
from services.content.language import options
from services.content.materials import reading as materials
from services.content.materials.pages import LANGUAGE_NAMES

site = APIRouter(prefix="/staff/materials/{material_id:uuid}/files")

# A page of a video has two forms with a file and a language: those of its captions are called so.
_PART: Final = {"file": "part", "language": "part_language"}

Viewer = Annotated[Principal, Depends(require("materials.view"))]
Editor = Annotated[Principal, Depends(require("materials.edit"))]


@site.get("")
def list_page(
    request: Request, material_id: uuid.UUID, principal: Viewer, removed: str = ""
) -> HTMLResponse:
    """The files of a material, in their order, and a form for one more."""
    return _list_page(request, principal, material_id, Form(), just_removed=removed)


@site.post("")
def add(
    request: Request,
    material_id: uuid.UUID,
    principal: Editor,
    incoming: HandedIn,
    typed: TypedForm,
) -> Response:
    """Take a file in."""
    try:
        wanted = typed.parse(FileIn)
        service.add(principal, material_id, examine(incoming), wanted)
    except Invalid as error:
        return _list_page(request, principal, material_id, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/staff/materials/{material_id}/files", 303)


@site.get("/{file_id:uuid}")
def file_page(
    request: Request, material_id: uuid.UUID, file_id: uuid.UUID, principal: Viewer
) -> HTMLResponse:
    """One file: what it is, and what can be done with it."""
    return _file_page(request, principal, material_id, file_id)


@site.post("/{file_id:uuid}")
def describe(
    request: Request,
    material_id: uuid.UUID,
    file_id: uuid.UUID,
    principal: Editor,
    typed: TypedForm,
) -> Response:
    """Call a file otherwise, or say in which language it is."""
    try:
        # A field left blank takes the old word away.
        patch = FilePatch(**typed.parse(FileIn).model_dump(include={"title", "language"}))
        service.change(principal, material_id, file_id, patch)
    except Invalid as error:
        form = Form(typed.values(), error)
        return _file_page(request, principal, material_id, file_id, described=form, status=422)
    return RedirectResponse(f"/staff/materials/{material_id}/files", 303)


@site.post("/{file_id:uuid}/content")
def replace(
    request: Request,
    material_id: uuid.UUID,
    file_id: uuid.UUID,
    principal: Editor,
    incoming: HandedIn,
) -> Response:
    """Put other bytes in a file's place."""
    try:
        service.replace(principal, material_id, file_id, examine(incoming))
    except Invalid as error:
        form = Form(None, error)
        return _file_page(request, principal, material_id, file_id, replaced=form, status=422)
    return RedirectResponse(f"/staff/materials/{material_id}/files/{file_id}", 303)


@site.post("/{file_id:uuid}/parts")
def add_part(
    request: Request,
    material_id: uuid.UUID,
    file_id: uuid.UUID,
    *,
    principal: Editor,
    incoming: HandedIn,
    typed: TypedForm,
) -> Response:
    """Give a video captions or a poster picture."""
    try:
        language = typed.text(_PART["language"]) or None
        wanted = typed.parse(FileIn, parent_id=file_id, language=language)
        service.add(principal, material_id, examine(incoming), wanted)
    except Invalid as error:
        named = [FieldError(_PART.get(one.field, one.field), one.message) for one in error.errors]
        form = Form(typed.values(), Invalid(named))
        return _file_page(request, principal, material_id, file_id, part=form, status=422)
    return RedirectResponse(f"/staff/materials/{material_id}/files/{file_id}", 303)


@site.post("/{file_id:uuid}/move")
def move(
    material_id: uuid.UUID, file_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """One place up or down among the files."""
    places = [one.file.id for one in shelf(_files(principal, material_id))]
    if file_id not in places:
        raise NotFound
    here = places.index(file_id) + 1
    wanted = here - 1 if typed.text("to") == "up" else here + 1
    if 1 <= wanted <= len(places):
        service.change(principal, material_id, file_id, FilePatch(position=wanted))
    return RedirectResponse(f"/staff/materials/{material_id}/files", 303)


@site.post("/{file_id:uuid}/remove")
def remove(material_id: uuid.UUID, file_id: uuid.UUID, principal: Editor) -> Response:
    """Take a file out; the list then offers to put it back."""
    service.remove(principal, material_id, file_id)
    return RedirectResponse(f"/staff/materials/{material_id}/files?removed={file_id}", 303)


@site.post("/{file_id:uuid}/restore")
def put_back(material_id: uuid.UUID, file_id: uuid.UUID, principal: Editor) -> Response:
    """Put a file back."""
    service.put_back(principal, material_id, file_id)
    return RedirectResponse(f"/staff/materials/{material_id}/files", 303)


@site.get("/{file_id:uuid}/content")
def content(
    request: Request,
    material_id: uuid.UUID,
    file_id: uuid.UUID,
    principal: Viewer,
    download: str = "",
) -> Response:
    """The bytes of a file, also of a draft."""
    found = reading.for_staff(principal, material_id, file_id)
    return serving.answer(request, found, public=False, download=bool(download))


@site.get("/{file_id:uuid}/cover")
def cover(material_id: uuid.UUID, file_id: uuid.UUID, principal: Viewer) -> Response:
    """The small picture of a file, also of a draft."""
    return serving.cover(reading.cover_for_staff(principal, material_id, file_id))


def _files(principal: Principal, material_id: uuid.UUID) -> list[FileOut]:
    return materials.get_for_staff(principal, str(material_id)).material.files


def _list_page(
    request: Request,
    principal: Principal,
    material_id: uuid.UUID,
    form: Form,
    *,
    just_removed: str = "",
    status: int = 200,
) -> HTMLResponse:
    material = materials.get_for_staff(principal, str(material_id)).material
    gone = reading.removed(principal, material_id)
    return pages.render(
        request,
        "files/list.html",
        status,
        material=material,
        shelf=shelf(material.files),
        removed=gone,
        just_removed=next((one for one in gone if str(one.id) == just_removed), None),
        form=form,
        **_words(),
    )


def _file_page(
    request: Request,
    principal: Principal,
    material_id: uuid.UUID,
    file_id: uuid.UUID,
    *,
    described: Form | None = None,
    replaced: Form | None = None,
    part: Form | None = None,
    status: int = 200,
) -> HTMLResponse:
    material = materials.get_for_staff(principal, str(material_id)).material
    file = next((one for one in material.files if one.id == file_id), None)
    if file is None:
        raise NotFound
    return pages.render(
        request,
        "files/file.html",
        status,
        material=material,
        file=file,
        parts_of=[one for one in material.files if one.parent_id == file_id],
        described=described or Form(_filled(file)),
        replaced=replaced or Form(),
        part=part or Form(),
        **_words(),
    )


def _filled(file: FileOut) -> dict[str, Any]:
    return {f"title.{tag}": text for tag, text in file.title.items()} | {
        "language": file.language or ""
    }


def _words() -> dict[str, Any]:
    return words() | {
        "role_names": ROLE_NAMES,
        "language_names": LANGUAGE_NAMES,
        "language_options": options(LANGUAGE_NAMES),
        "accept": ACCEPT,
        "largest": largest(),
        "zone": city().timezone,
    }
