"""Materials of the library, heard from the content service, and those for a country."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.events import Envelope, Payload
from services.notifications.trips.models import MaterialSeen


class MaterialTold(Payload):
    """A material was published, edited or withdrawn. Without ``countries`` it is for all."""

    subject_id: uuid.UUID
    version: int
    kind: str
    title: dict[str, str]
    summary: dict[str, str] = Field(default_factory=dict)
    topics: list[str] = Field(default_factory=list)
    countries: list[str] = Field(default_factory=list)
    url: str
    withdrawn: bool = False


def on_material(session: Session, told: MaterialTold, _envelope: Envelope) -> None:
    """Keep what a material is now. Its events arrive in order: the inbox sees to that."""
    values = told.model_dump(exclude={"subject_id"}) | {"id": told.subject_id}
    insert = postgresql.insert(MaterialSeen).values(**values)
    session.execute(insert.on_conflict_do_update(index_elements=[MaterialSeen.id], set_=values))


def materials_for(session: Session, country: str, limit: int) -> Sequence[MaterialSeen]:
    """What to read before going to a country: what is about it first, then what is for all."""
    about = MaterialSeen.countries.contains([country])
    return session.scalars(
        sa.select(MaterialSeen)
        .where(
            ~MaterialSeen.withdrawn,
            sa.or_(about, sa.func.cardinality(MaterialSeen.countries) == 0),
        )
        .order_by(about.desc(), MaterialSeen.id.desc())
        .limit(limit)
    ).all()
