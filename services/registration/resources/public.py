"""What the public reads of those who speak."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.registration.resources.models import Lecturer, Occupancy


@dataclass(frozen=True)
class Speaker:
    """Who speaks, in each language."""

    name: dict[str, str]
    about: dict[str, str]


def speakers_of(session: Session, holder_id: uuid.UUID) -> list[Speaker]:
    """Who speaks at an activity or for a booking, by name; nobody once it is called off."""
    query = (
        sa.select(Lecturer.name, Lecturer.about)
        .join(Occupancy, Occupancy.resource_id == Lecturer.id)
        .where(Occupancy.holder_id == holder_id, Occupancy.released_at.is_(None))
        .distinct()
    )
    found = [Speaker(name, about) for name, about in session.execute(query)]
    return sorted(found, key=lambda speaker: sorted(speaker.name.items()))
