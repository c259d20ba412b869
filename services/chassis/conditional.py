"""Conditional requests (RFC 9110, section 13): whether a caller has the newest already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def has_newest(headers: Mapping[str, str], etag: str, changed_at: datetime) -> bool:
    """Whether what is asked for need not be sent (13.1.2, 13.1.3).

    The entity tag decides where there is one; the date is for those who keep nothing else.

    Args:
        headers: the request's.
        etag: the present one, in quotes.
        changed_at: when it last changed; compared to the second, as HTTP has it.
    """
    given = headers.get("if-none-match")
    if given is not None:
        # A server on the way that compresses marks the tag as weak.
        kept = {one.strip().removeprefix("W/") for one in given.split(",")}
        return "*" in kept or etag in kept
    since = moment(headers.get("if-modified-since"))
    return since is not None and changed_at.replace(microsecond=0) <= since


def moment(text: str | None) -> datetime | None:
    """The moment that a header names; ``None`` where it names none."""
    try:
        found = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):  # the latter for an offset of years
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
