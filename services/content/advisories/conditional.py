"""Conditional GET (RFC 9110, section 13): whoever has the newest already is told just that."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime

from fastapi import Request
from fastapi.responses import Response

from services.chassis.conditional import has_newest


def conditional(
    request: Request, body: bytes, *, changed_at: datetime, media_type: str, max_age: int
) -> Response:
    """``body``, or 304 where the caller has it.

    Args:
        changed_at: when it last changed; kept to the second, as HTTP has it.
        max_age: for how many seconds nobody needs to ask again.
    """
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(changed_at.astimezone(UTC), usegmt=True),
        "Cache-Control": f"public, max-age={max_age}",
        "Vary": "Accept-Language, Cookie",
    }
    if has_newest(request.headers, etag, changed_at):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
