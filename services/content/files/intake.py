"""A file as it is handed in: spooled to the disk, looked at, and described."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Annotated, Final

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from services.chassis.files_settings import MEGABYTE
from services.chassis.i18n import Text, lazy
from services.chassis.middleware import LargerBodies
from services.chassis.problems import Problem
from services.chassis.settings import settings
from services.content.files import captions, formats
from services.content.files.formats import ROLE_NAMES, Format
from services.content.files.refusals import refused

_LONGEST_NAME: Final = 120
# What a form with a file has beside the file.
_REST_OF_FORM: Final = MEGABYTE
_NOT_IN_NAMES: Final = re.compile(r'[\x00-\x1f\x7f"*:<>?|/\\]+')


@dataclass(frozen=True)
class Incoming:
    """A file that somebody sends: what they call it, and its bytes, which can be sought in."""

    name: str
    source: IO[bytes]


@dataclass(frozen=True)
class Examined:
    """A file that can be taken. ``sha256`` is in hexadecimal, ``size`` in bytes."""

    name: str
    source: IO[bytes]
    format: Format
    size: int
    sha256: str
    transcript: str | None


async def _handed_in(request: Request) -> Incoming | None:
    """A FastAPI dependency: the file that a form carries, or ``None`` when there is none.

    The body goes through memory in pieces; from a megabyte on it lies on the disk.
    """
    form = await request.form(max_fields=40, max_files=1)
    for sent in form.values():
        if isinstance(sent, UploadFile) and sent.filename:
            return Incoming(sent.filename, sent.file)
    return None


HandedIn = Annotated[Incoming | None, Depends(_handed_in)]


def examine(incoming: Incoming | None) -> Examined:
    """Look at a whole file, before anything is kept of it.

    Raises:
        Invalid: there is none, it is empty, of a type that is not taken or not what its name
            says, larger than its type may be, or unsafe to open; the sentence is for ``file``.
    """
    if incoming is None:
        raise refused(lazy("Please choose a file."))
    source = incoming.source
    size = source.seek(0, os.SEEK_END)
    if size == 0:
        raise refused(lazy("This file is empty. Please choose another one."))
    name = plain_name(incoming.name)
    if size > formats.largest():
        raise refused(too_large())
    found = formats.recognised(source, name)
    if size > formats.most_bytes(found):
        raise refused(
            lazy(
                "This file has %(size)s MB; files of the kind “%(kind)s” may have %(most)s MB.",
                size=-(-size // MEGABYTE),
                kind=ROLE_NAMES[found.role],
                most=formats.most_bytes(found) // MEGABYTE,
            )
        )
    transcript = None
    if found.role == "captions":
        transcript = captions.transcript(captions.text_of(source.read()))
        source.seek(0)
    digest = hashlib.sha256()
    for chunk in iter(lambda: source.read(MEGABYTE), b""):
        digest.update(chunk)
    source.seek(0)
    return Examined(name, source, found, size, digest.hexdigest(), transcript)


def plain_name(given: str) -> str:
    """A file's name as it can be kept on any disk: no folder, no sign that steers a terminal."""
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C")
    ending = PurePosixPath(shown).suffix[:10]
    stem = _NOT_IN_NAMES.sub(" ", shown.removesuffix(ending)).strip(" .") or "file"
    return f"{stem[: _LONGEST_NAME - len(ending)].rstrip()}{ending.lower()}"


def too_large() -> Text:
    """Why a file is refused before its type is known."""
    chosen = settings()
    return lazy(
        "This is larger than we can take: a video may have %(video)s MB, a document %(document)s "
        "MB, a sound recording %(audio)s MB and a picture %(picture)s MB.",
        video=chosen.files_video_mb,
        document=chosen.files_document_mb,
        audio=chosen.files_audio_mb,
        picture=chosen.files_picture_mb,
    )


def _refusal() -> Problem:
    return Problem(
        413,
        "too-large",
        too_large(),
        lazy(
            "Nothing has been changed. Please go back and choose a smaller file, or save the video "
            "at a lower resolution."
        ),
    )


# Where a form with a file is sent to, on pages and by programs.
LARGER: Final = LargerBodies(
    path=re.compile(r"(?:/staff|/api/content/v1)/materials/[^/]+/files(?:/.*)?"),
    most=lambda: formats.largest() + _REST_OF_FORM,
    refusal=_refusal,
)
