"""Bytes as an answer: whole, in part, or not again (RFC 9110, sections 13 and 14).

One range is given at a time: a video player asks for one, and a set of them may be ignored
(14.2). What is in a file is somebody else's: it is never shown as a page of this site.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import format_datetime
from typing import Final
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from services.chassis.conditional import has_newest, moment
from services.chassis.i18n import LANGUAGES
from services.content.files.reading import Cover, Served, checked, opened

_ONE_RANGE: Final = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)
# A browser's own viewer of PDFs opens all the same.
_LOCKED_IN: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"


def answer(request: Request, file: Served, *, public: bool, download: bool = False) -> Response:
    """A file's bytes, or those of them that are asked for.

    Args:
        public: whether caches on the way may keep it; each asks again before it is used.
        download: whether it is to be saved rather than shown.

    Raises:
        Problem: 503 ``files-away``.
    """
    headers = _headers(file, public=public, download=download)
    if has_newest(request.headers, _etag(file), file.stored_at):
        return Response(status_code=304, headers=headers)
    if getattr(request.state, "head_only", False):
        # Ranges are defined for GET alone (14.2).
        return Response(headers=headers | {"Content-Length": str(file.size)})
    wanted = _range(request.headers, file)
    if wanted is None:
        body = checked(opened(file.key), file.sha256, file.key)
        return StreamingResponse(body, headers=headers | {"Content-Length": str(file.size)})
    start, end = wanted
    if start >= end:
        unsatisfied = {"Content-Range": f"bytes */{file.size}", "Accept-Ranges": "bytes"}
        return Response(status_code=416, headers=unsatisfied)
    part = {
        "Content-Range": f"bytes {start}-{end - 1}/{file.size}",
        "Content-Length": str(end - start),
    }
    return StreamingResponse(opened(file.key, start, end), 206, headers=headers | part)


def cover(found: Cover) -> Response:
    """A small picture; its address changes with it, so it may be kept for a day."""
    return Response(
        b"".join(opened(found.key)),
        media_type=found.media_type,
        headers={"Cache-Control": "private, max-age=86400", "Content-Security-Policy": _LOCKED_IN},
    )


def _headers(file: Served, *, public: bool, download: bool) -> dict[str, str]:
    shown = file.opens and not download
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    return {
        "Content-Type": file.media_type,
        # Whatever the reader's own language is.
        "Content-Language": file.language or ", ".join(LANGUAGES),
        "Content-Disposition": _disposition("inline" if shown else "attachment", file.name),
        "Accept-Ranges": "bytes",
        "ETag": _etag(file),
        "Last-Modified": format_datetime(file.stored_at.astimezone(UTC), usegmt=True),
        "Repr-Digest": f"sha-256=:{digest}:",  # RFC 9530
        "Cache-Control": "public, no-cache" if public else "private, no-cache",
        "Content-Security-Policy": _LOCKED_IN,
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def _disposition(kind: str, name: str) -> str:
    """RFC 6266: the name in UTF-8, and one in ASCII for what is older than that."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _etag(file: Served) -> str:
    return f'"{file.sha256}"'


def _range(headers: Mapping[str, str], file: Served) -> tuple[int, int] | None:
    """From which byte up to, not including, which; ``None``: all of them.

    A range that begins beyond the end comes back empty (416); one that cannot be read is left.
    """
    read = _ONE_RANGE.fullmatch(headers.get("range", ""))
    if read is None or not _still_holds(headers.get("if-range"), file):
        return None
    first, last = read.groups()
    if not first:
        if not last:
            return None
        return (max(0, file.size - int(last)), file.size) if int(last) else (0, 0)
    if last and int(last) < int(first):
        return None  # 14.1.1: not a range at all
    return int(first), min(file.size, int(last) + 1) if last else file.size


def _still_holds(condition: str | None, file: Served) -> bool:
    """If-Range (13.1.5): the part is of use only to whoever has the rest of these very bytes."""
    if condition is None:
        return True
    if condition.startswith('"'):
        return condition.strip() == _etag(file)
    # A weak tag holds for nothing. A date must be the very one that was given.
    return moment(condition) == file.stored_at.replace(microsecond=0)
