"""Conditional GET (RFC 9110, section 13): whoever has the newest already is told just that."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from fastapi import Request
from fastapi.responses import Response


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
    if _has_it(request, etag, changed_at):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _has_it(request: Request, etag: str, changed_at: datetime) -> bool:
    """The entity tag decides where there is one; the date is for those who keep nothing else."""
    given = request.headers.get("if-none-match")
    if given is not None:
        # A server on the way that compresses marks the tag as weak.
        kept = {one.strip().removeprefix("W/") for one in given.split(",")}
        return "*" in kept or etag in kept
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except (ValueError, OverflowError):  # the latter for an offset of years
        return False
    if since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    return changed_at.replace(microsecond=0) <= since
