"""Reading the audit trail."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from services.chassis.auth import Principal
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.reference import city
from services.identity.audit.models import AuditEntry
from services.identity.audit.schemas import AuditFilter, AuditOut
from services.identity.database import database

S = TypeVar("S", bound="sa.Select[*tuple[Any, ...]]")


def list_entries(
    principal: Principal,
    wanted: AuditFilter,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[AuditOut]:
    """The entries that the principal may see, latest first: their district's, or all.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = _theirs(principal, sa.select(AuditEntry))
    if wanted.actor is not None:
        query = query.where(AuditEntry.actor_id == wanted.actor)
    if wanted.action is not None:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= _midnight(wanted.since))
    if wanted.until is not None and wanted.until < date.max:
        query = query.where(AuditEntry.at < _midnight(wanted.until + timedelta(days=1)))
    with database.transaction() as session:
        page = page_of(
            session,
            query,
            [AuditEntry.at, AuditEntry.id],
            cursor=cursor,
            limit=limit,
            descending=True,
        )
        return page.map(AuditOut.model_validate)


def actors(principal: Principal) -> list[tuple[uuid.UUID, str, str]]:
    """Id, name and kind of all who stand in the part of the trail that the principal may see."""
    latest = (
        sa.select(AuditEntry.actor_id, AuditEntry.actor_name, AuditEntry.actor_kind)
        .ext(postgresql.distinct_on(AuditEntry.actor_id))
        .order_by(AuditEntry.actor_id, AuditEntry.at.desc())
    )
    with database.transaction() as session:
        rows = session.execute(_theirs(principal, latest)).all()
    return sorted(
        ((row.actor_id, row.actor_name, row.actor_kind) for row in rows), key=lambda row: row[1]
    )


def actions(principal: Principal) -> list[str]:
    """Every kind of act in the part of the trail that the principal may see."""
    with database.transaction() as session:
        return sorted(session.scalars(_theirs(principal, sa.select(AuditEntry.action).distinct())))


def _theirs(principal: Principal, query: S) -> S:
    if principal.district is None:
        return query
    return query.where(AuditEntry.district == principal.district)


def _midnight(day: date) -> datetime:
    """The beginning of a day on the city's clock."""
    return datetime.combine(day, time(), ZoneInfo(city().timezone))
