"""The history of advisories: what the public was told, when, and what was new each time."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.content.advisories.difference import Difference, between
from services.content.advisories.models import AdvisoryVersion
from services.content.advisories.schemas import AdvisoryIn, VersionOut


@dataclass(frozen=True)
class Step:
    """One announcement, and how it differs from the one before.

    Attributes:
        differences: what is new, field by field; empty for the first one, and where the text of
            the one before was not kept.
        written_by_name, released_by_name: for staff alone.
    """

    version: VersionOut
    content: AdvisoryIn | None
    differences: Sequence[Difference]
    written_by_name: str | None
    released_by_name: str | None


def versions(session: Session, advisory_id: uuid.UUID) -> list[AdvisoryVersion]:
    """Every announcement of an advisory, the first one first."""
    return list(
        session.scalars(
            sa.select(AdvisoryVersion)
            .where(AdvisoryVersion.advisory_id == advisory_id)
            .order_by(AdvisoryVersion.version)
        )
    )


def steps(session: Session, advisory_id: uuid.UUID) -> list[Step]:
    """Every announcement of an advisory with what was new in it, the latest first."""
    found: list[Step] = []
    before: AdvisoryIn | None = None
    for row in versions(session, advisory_id):
        content = None if row.content is None else AdvisoryIn.model_validate(row.content)
        new: Sequence[Difference] = ()
        if before is not None and content is not None and row.act != "withdrawn":
            new = between(before, content)
        found.append(
            Step(
                version=VersionOut.model_validate(row),
                content=content,
                differences=new,
                written_by_name=row.written_by_name,
                released_by_name=row.released_by_name,
            )
        )
        before = content
    return found[::-1]
