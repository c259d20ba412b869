"""What waits for an editor of advisories and materials."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import AdvisoryOut
from services.content.database import database
from services.content.materials.models import Material
from services.content.materials.schemas import MaterialSummary, summary_of

ENDS_SOON = timedelta(days=14)
REVIEW_AFTER = timedelta(days=365)
_MOST = 5


@dataclass(frozen=True)
class Waiting:
    """The first few of each sort of work; empty where the caller may not see it."""

    drafts: list[AdvisoryOut] = field(default_factory=list)
    ending: list[AdvisoryOut] = field(default_factory=list)
    material_drafts: list[MaterialSummary] = field(default_factory=list)
    to_review: list[MaterialSummary] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.drafts or self.ending or self.material_drafts or self.to_review)


def waiting_for(principal: Principal) -> Waiting:
    """Drafts, advisories that end within two weeks, materials last reviewed over a year ago."""
    now = utc_now()
    found = Waiting()
    with database.transaction() as session:
        if principal.may("advisories.edit"):
            advisories = sa.select(Advisory).order_by(Advisory.id.desc()).limit(_MOST)
            drafts = session.scalars(advisories.where(Advisory.status == "draft"))
            found.drafts.extend(AdvisoryOut.of(row) for row in drafts)
            ending = session.scalars(advisories.where(*_ending(now)))
            found.ending.extend(AdvisoryOut.of(row) for row in ending)
        if principal.may("materials.edit"):
            materials = sa.select(Material).order_by(Material.id.desc()).limit(_MOST)
            if principal.district is not None:
                materials = materials.where(Material.district == principal.district)
            drafts_of = session.scalars(materials.where(Material.status == "draft"))
            found.material_drafts.extend(summary_of(row) for row in drafts_of)
            old = session.scalars(materials.where(*_unreviewed((now - REVIEW_AFTER).date())))
            found.to_review.extend(summary_of(row) for row in old)
    return found


def _ending(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Advisory.status == "published",
        Advisory.valid_until > now,
        Advisory.valid_until <= now + ENDS_SOON,
    )


def _unreviewed(before: date) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Material.status == "published",
        sa.func.coalesce(Material.reviewed_on, sa.cast(Material.created_at, sa.Date)) < before,
    )
