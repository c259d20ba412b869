"""The address of an activity's page: made once, from its English title, and never changed."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterator

from services.registration.activities.schemas import ActivityIn

LONGEST = 60
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# Addresses below /activities that are pages of their own.
RESERVED = frozenset({"calendar"})
_TAIL = 6  # hexadecimal digits of the id's random part


def slug_of(title: str) -> str:
    """A title in Latin letters as part of an address; empty when nothing of it can be kept."""
    plain = unicodedata.normalize("NFKD", title.lower().replace("’", "").replace("'", ""))
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode())
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word[:LONGEST]
        if len(longer) > LONGEST:
            break
        slug = longer
    return slug


def candidates(wanted: ActivityIn, activity_id: uuid.UUID) -> Iterator[str]:
    """Addresses to try, the best first; the last holds the whole id, so it is free.

    Without an English title it is the kind and the date.
    """
    base = slug_of(wanted.title.get("en", ""))
    if not base:
        base = f"{wanted.kind.replace('_', '-')}-{wanted.starts_at:%Y%m%d}"
    if base not in RESERVED:
        yield base
    yield f"{base}-{activity_id.hex[-_TAIL:]}"
    yield f"{base}-{activity_id.hex}"
