"""Files of a material for programs."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.chassis.auth import Principal, require
from services.chassis.forms import TypedForm
from services.chassis.idempotency import once_for
from services.chassis.lists import PageOut
from services.content.files import reading, service, serving
from services.content.files.intake import HandedIn, examine
from services.content.files.refusals import must_match
from services.content.files.schemas import FileIn, FileOut, FilePatch

api = APIRouter(prefix="/materials/{material_id}/files", tags=["materials"])

Viewer = Annotated[Principal, Depends(require("materials.view"))]
Editor = Annotated[Principal, Depends(require("materials.edit"))]


def _multipart(**further: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON schema
    """How a body with a file reads in the API's document; it is never read into memory whole."""
    schema = {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "sha256": {
                "type": "string",
                "description": "Of the file, in hexadecimal; another one is refused.",
            },
            **further,
        },
    }
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


_ADDING = _multipart(
    **{
        "title.zh-CN": {"type": "string"},
        "title.en": {"type": "string"},
        "language": {"enum": ["zh-CN", "en"]},
        "parent_id": {"type": "string", "format": "uuid"},
    }
)


@api.post("", status_code=201, openapi_extra=_ADDING)
def add_file(
    request: Request,
    material_id: uuid.UUID,
    principal: Editor,
    incoming: HandedIn,
    typed: TypedForm,
) -> FileOut:
    """Add a file to a material, as multipart form data.

    Its type is known by its content; with ``parent_id``, captions (WebVTT, with ``language``) or a
    poster picture of a video.
    """
    file = examine(incoming)
    must_match(file.sha256, typed.text("sha256"))
    wanted = typed.parse(FileIn)
    # In place of the body, which is a large file between boundaries that differ each time.
    sent = f"{file.sha256} {file.name} {wanted.model_dump_json()}"
    return service.add(principal, material_id, file, wanted, once_for(request, sent.encode()))


@api.get("/removed")
def list_removed_files(material_id: uuid.UUID, principal: Viewer) -> PageOut[FileOut]:
    """What was taken out within the last 30 days."""
    return PageOut(items=reading.removed(principal, material_id), next_cursor=None)


@api.get("/{file_id}/content", response_class=Response)
def get_file_content(
    request: Request, material_id: uuid.UUID, file_id: uuid.UUID, principal: Viewer
) -> Response:
    """The bytes of a file, also of a draft; ranges are given as for everybody."""
    return serving.answer(
        request, reading.for_staff(principal, material_id, file_id), public=False, download=True
    )


@api.put("/{file_id}/content", openapi_extra=_multipart())
def replace_file(
    material_id: uuid.UUID,
    file_id: uuid.UUID,
    principal: Editor,
    incoming: HandedIn,
    typed: TypedForm,
) -> FileOut:
    """Put other bytes in a file's place; its address stays."""
    file = examine(incoming)
    must_match(file.sha256, typed.text("sha256"))
    return service.replace(principal, material_id, file_id, file)


@api.patch("/{file_id}")
def change_file(
    material_id: uuid.UUID, file_id: uuid.UUID, patch: FilePatch, principal: Editor
) -> FileOut:
    """Change a file's title, language or place among the files."""
    return service.change(principal, material_id, file_id, patch)


@api.delete("/{file_id}", status_code=204)
def remove_file(material_id: uuid.UUID, file_id: uuid.UUID, principal: Editor) -> None:
    """Take a file out; for 30 days it can be put back."""
    service.remove(principal, material_id, file_id)


@api.post("/{file_id}/restore")
def put_file_back(material_id: uuid.UUID, file_id: uuid.UUID, principal: Editor) -> FileOut:
    """Put a file back that was taken out."""
    return service.put_back(principal, material_id, file_id)
