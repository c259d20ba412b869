"""Files for everybody: their bytes, and their small pictures."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.content.files import reading, serving

site = APIRouter()


@site.get("/files/{file_id:uuid}/cover/{_sign}.webp")
def cover(file_id: uuid.UUID, _sign: str) -> Response:
    """The small picture of a file; the sign in its address changes with it."""
    return serving.cover(reading.public_cover(file_id))


@site.get("/files/{file_id:uuid}/{_name}")
def file(request: Request, file_id: uuid.UUID, _name: str, download: str = "") -> Response:
    """A file, shown where a browser can show it; with ``?download=1`` to be saved.

    What it is called in the address is for people: the id alone decides.
    """
    return serving.answer(request, reading.public(file_id), public=True, download=bool(download))
