"""Hears of advisories and materials, and finds those that concern an activity or the home page."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.events import Envelope, Payload, Subscription
from services.chassis.events.inbox import Handlers
from services.registration.notices.models import AdvisoryTold, KnownAdvisory, KnownMaterial

# The most serious first, wherever advisories are listed.
LEVELS = ("red", "orange", "yellow", "blue")


class AdvisoryChange(BaseModel):
    """What is new in an advisory: ``published``, ``raised``, ``lowered``, ``changed``."""

    model_config = ConfigDict(extra="ignore")

    kind: str


class AdvisoryRead(Payload):
    """What registration reads of ``advisory.published`` and ``advisory.withdrawn``."""

    subject_id: uuid.UUID
    version: int
    country: str
    region: dict[str, str] = Field(default_factory=dict)
    level: str
    word: str
    headline: dict[str, str]
    advice: dict[str, str]
    valid_from: datetime
    valid_until: datetime | None = None
    url: str
    withdrawn: bool
    change: AdvisoryChange | None = None


class MaterialRead(Payload):
    """What registration reads of ``material.published`` and ``material.withdrawn``."""

    subject_id: uuid.UUID
    version: int
    kind: str
    title: dict[str, str]
    summary: dict[str, str] = Field(default_factory=dict)
    topics: list[str] = Field(default_factory=list)
    countries: list[str] = Field(default_factory=list)
    url: str
    withdrawn: bool


class AdvisoryNote(BaseModel):
    """An advisory in force, as pages show it."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    country: str
    region: dict[str, str]
    level: str
    word: str
    headline: dict[str, str]
    url: str


class MaterialNote(BaseModel):
    """A material about an activity's subject, as pages show it."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    kind: str
    title: dict[str, str]
    summary: dict[str, str]
    url: str


def hear_advisory(session: Session, payload: AdvisoryRead, _envelope: Envelope) -> None:
    """An advisory was published, edited or withdrawn: keep what it says now."""
    _keep(session, KnownAdvisory, payload)


def hear_material(session: Session, payload: MaterialRead, _envelope: Envelope) -> None:
    """A material was published, edited or withdrawn: keep what it says now."""
    _keep(session, KnownMaterial, payload)


def _keep(session: Session, model: type[KnownAdvisory | KnownMaterial], payload: BaseModel) -> None:
    values = payload.model_dump(exclude={"subject_id", "change"})
    values["id"] = payload.model_dump(include={"subject_id"})["subject_id"]
    insert = postgresql.insert(model).values(**values)
    session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=values))


def told_of(session: Session, activity_id: uuid.UUID) -> list[AdvisoryTold]:
    """Which advisories the people of an activity were told of, the latest first."""
    return list(
        session.scalars(
            sa.select(AdvisoryTold)
            .where(AdvisoryTold.activity_id == activity_id)
            .order_by(AdvisoryTold.told_at.desc(), AdvisoryTold.advisory_id)
        )
    )


def advisories_in_force(
    session: Session, countries: Sequence[str] | None = None, limit: int = 50
) -> list[AdvisoryNote]:
    """Advisories that hold now, the most serious first.

    Args:
        countries: only those of these countries (ISO 3166-1 alpha-2); ``None`` for all.
    """
    now = utc_now()
    query = sa.select(KnownAdvisory).where(
        KnownAdvisory.withdrawn.is_(False),
        KnownAdvisory.valid_from <= now,
        sa.or_(KnownAdvisory.valid_until.is_(None), KnownAdvisory.valid_until > now),
    )
    if countries is not None:
        query = query.where(KnownAdvisory.country.in_(countries))
    seriousness = sa.case(
        {level: place for place, level in enumerate(LEVELS)}, value=KnownAdvisory.level
    )
    query = query.order_by(seriousness, KnownAdvisory.valid_from.desc(), KnownAdvisory.id)
    return [AdvisoryNote.model_validate(row) for row in session.scalars(query.limit(limit))]


def materials_about(
    session: Session, topics: Sequence[str], countries: Sequence[str], limit: int = 4
) -> list[MaterialNote]:
    """Materials that share a country or a topic; those about a country come first."""
    same_country = KnownMaterial.countries.overlap(list(countries))
    query = (
        sa.select(KnownMaterial)
        .where(
            KnownMaterial.withdrawn.is_(False),
            sa.or_(same_country, KnownMaterial.topics.overlap(list(topics))),
        )
        .order_by(same_country.desc(), KnownMaterial.id.desc())
        .limit(limit)
    )
    return [MaterialNote.model_validate(row) for row in session.scalars(query)]


def known_materials(
    session: Session, ids: Collection[uuid.UUID] | None = None, limit: int = 200
) -> list[MaterialNote]:
    """Materials of the library that are not withdrawn, the newest first.

    Args:
        ids: only these; ``None`` for all.
    """
    query = sa.select(KnownMaterial).where(KnownMaterial.withdrawn.is_(False))
    if ids is not None:
        query = query.where(KnownMaterial.id.in_(ids))
    query = query.order_by(KnownMaterial.id.desc()).limit(limit)
    return [MaterialNote.model_validate(row) for row in session.scalars(query)]


HANDLERS: Handlers = {
    "advisory.withdrawn.v1": Subscription(AdvisoryRead, hear_advisory),
    "material.published.v1": Subscription(MaterialRead, hear_material),
    "material.withdrawn.v1": Subscription(MaterialRead, hear_material),
}
