"""What this service says about packs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel

from services.chassis.events import Event
from services.content.packs.models import Pack


class PackChange(BaseModel):
    """One item that is another than before: ``said`` is what its readers were told of it."""

    kind: Literal["added", "removed", "updated", "gone"]
    title: dict[str, str]
    said: dict[str, str] = {}


class PackPublished(Event):
    """An edition of a pack came out; it is at ``url``, which stands on no list.

    ``changes`` is what is new against the edition before; empty for the first. A pack is for an
    activity, for a booking, or for neither.
    """

    type: ClassVar[str] = "pack.published.v1"
    subject_kind: ClassVar[str] = "pack"

    activity_id: uuid.UUID | None
    booking_id: uuid.UUID | None
    district: str | None
    title: dict[str, str]
    url: str
    edition: int
    items: int
    changes: list[PackChange]
    withdrawn: bool


class PackChanged(PackPublished):
    """Something in a pack reads otherwise than its holders last heard; at most once a day.

    The edition is the same: ``changes`` says which items, and whether they were updated or went.
    """

    type: ClassVar[str] = "pack.changed.v1"


class PackWithdrawn(PackPublished):
    """A pack was taken back; its link says that it is gone."""

    type: ClassVar[str] = "pack.withdrawn.v1"


def event_of(
    pack: Pack, kind: type[PackPublished], changes: Sequence[PackChange] = ()
) -> PackPublished:
    """The event that tells of the pack's present state."""
    return kind(
        subject_id=pack.id,
        version=pack.version,
        activity_id=pack.activity_id,
        booking_id=pack.booking_id,
        district=pack.district,
        title=pack.title,
        url=pack.url,
        edition=pack.edition,
        items=len(pack.held),
        changes=list(changes),
        withdrawn=pack.status == "withdrawn",
    )
