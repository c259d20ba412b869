"""The file that somebody chooses on the page."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from services.content.banks.files import MOST_BYTES

FIELD = "file"


@dataclass(frozen=True)
class Upload:
    """A file's name as it was called, and its bytes; both empty when none was chosen."""

    name: str
    data: bytes

    @property
    def mark(self) -> str:
        """A hash of its bytes: the same for the same file chosen twice."""
        return hashlib.sha256(self.data).hexdigest()


async def _uploaded(request: Request) -> Upload:
    file = (await request.form(max_fields=400, max_files=5)).get(FIELD)
    if not isinstance(file, UploadFile):
        return Upload("", b"")
    # One byte more than is taken, so that a larger one is known for it.
    return Upload(file.filename or "", await file.read(MOST_BYTES + 1))


Uploaded = Annotated[Upload, Depends(_uploaded)]
