"""The programme for programs that look in again and again: what they read, and when it changed.

Most of them ask for what they have. So a document's tag is made of what it lists and when each of
that changed; the document itself is written when somebody lacks it, and kept for the next.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import sqlalchemy as sa
from fastapi import Request, Response

from services.chassis.database import utc_now
from services.registration.activities.models import Activity
from services.registration.catalogue.filters import Filters, narrowed, reading

# Part of every tag: raise it when documents come to look otherwise.
FORM = 1
# A calendar keeps what has just been; a cancelled date is said until it has passed in any case.
KEPT_FOR = timedelta(days=30)
# A calendar program that is told to look in more seldom shows a cancelled lecture for longer.
MAX_AGE = 300
MOST_DATES = 500
MOST_NEWS = 100
# Documents that a process keeps; half a megabyte is a large one.
MOST_KEPT = 16

Write = Callable[[Sequence[Activity]], bytes]

_kept: OrderedDict[str, bytes] = OrderedDict()
_lock = threading.Lock()


def dates(filters: Filters) -> sa.Select[Activity]:
    """What a calendar shows: whatever was public, from a month ago on, the next first."""
    query = _ever_public(filters, utc_now() - KEPT_FOR)
    return query.order_by(Activity.starts_at, Activity.id).limit(MOST_DATES)


def news(filters: Filters) -> sa.Select[Activity]:
    """What a feed shows: the coming activities, cancelled ones too, the latest change first."""
    query = _ever_public(filters, utc_now())
    return query.order_by(Activity.updated_at.desc(), Activity.id).limit(MOST_NEWS)


def answer(
    request: Request,
    filters: Filters,
    query: sa.Select[Activity],
    *,
    address: str,
    media_type: str,
    write: Write,
) -> Response:
    """The document, or 304 when the caller has it already (RFC 9110, section 13).

    Args:
        query: what the document lists, by these filters.
        address: the document's own, with all that it depends on but the activities.
        write: writes it.
    """
    with reading(filters) as session:
        listed = session.execute(query.with_only_columns(Activity.id, Activity.updated_at)).all()
        changed = max((updated_at for _, updated_at in listed), default=None)
        text = f"{FORM} {address} {[(str(one), str(at)) for one, at in listed]}"
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
        headers = {
            "Cache-Control": f"public, max-age={MAX_AGE}",
            "Vary": "Accept-Language, Cookie",
            "ETag": tag,
        }
        if changed is not None:
            headers["Last-Modified"] = format_datetime(changed.astimezone(UTC), usegmt=True)
        if _has_it(request, tag, changed):
            return Response(status_code=304, headers=headers)
        body = _known(tag)
        if body is None:
            body = write(session.scalars(query).all())
            _keep(tag, body)
    return Response(body, media_type=media_type, headers=headers)


def _known(tag: str) -> bytes | None:
    with _lock:
        if tag in _kept:
            _kept.move_to_end(tag)
        return _kept.get(tag)


def _keep(tag: str, body: bytes) -> None:
    with _lock:
        _kept[tag] = body
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


def _ever_public(filters: Filters, since: datetime) -> sa.Select[Activity]:
    query = narrowed(sa.select(Activity), filters, utc_now())
    if filters.since is None:
        query = query.where(Activity.ends_at > since)
    return query.where(Activity.status != "draft")


def _has_it(request: Request, tag: str, changed: datetime | None) -> bool:
    if (tags := request.headers.get("if-none-match")) is not None:
        # A front that compresses may have made the tag a weak one.
        known = {one.strip().removeprefix("W/") for one in tags.split(",")}
        return "*" in known or tag in known
    asked = request.headers.get("if-modified-since")
    if asked is None or changed is None:
        return False
    try:
        since = parsedate_to_datetime(asked)
    except ValueError:
        return False
    if since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    return changed.replace(microsecond=0) <= since
