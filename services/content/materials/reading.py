"""Reading materials: the public library, and everything for staff."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound, Problem
from services.chassis.reference import city
from services.content.database import database
from services.content.materials.kinds import KINDS, Kind
from services.content.materials.models import Material
from services.content.materials.schemas import (
    REVIEW_AFTER,
    SUMMARY_ONLY,
    MaterialForStaff,
    MaterialOut,
    MaterialSummary,
    summary_of,
)
from services.content.publication import Status

_MOST_WORDS = 6
_LONGEST_QUERY = 100
EVERYBODY: Final = "residents"

Lack = Literal["review", "zh-CN", "en"]


@dataclass(frozen=True)
class Filters:
    """What to look for; ``None`` and an empty text are no condition.

    Attributes:
        country: ISO 3166-1 alpha-2; finds also what is for every destination.
        audience: finds also what is for everybody.
        words: each must occur in the title, the summary or the body, in either language.
        lack: for staff: what a material lacks, a review in time (``review``) or one of the
            languages (``zh-CN``, ``en``).
    """

    kind: str | None = None
    topic: str | None = None
    country: str | None = None
    audience: str | None = None
    words: str = ""
    lack: Lack | None = None

    def __bool__(self) -> bool:
        return self != Filters()


def _narrowed(query: sa.Select[Material], filters: Filters) -> sa.Select[Material]:
    if filters.kind:
        query = query.where(Material.kind == filters.kind)
    if filters.topic:
        query = query.where(Material.topics.contains([filters.topic]))
    if filters.country:
        query = query.where(_for_country(filters.country))
    if filters.audience:
        query = query.where(Material.audience.overlap([filters.audience, EVERYBODY]))
    if filters.lack == "review":
        query = query.where(*overdue(today()))
    elif filters.lack:
        query = query.where(
            sa.or_(
                *(
                    sa.func.coalesce(text[filters.lack].astext, "") == ""
                    for text in (Material.title, Material.body)
                )
            )
        )
    # PostgreSQL takes no NUL in a text.
    for word in filters.words[:_LONGEST_QUERY].replace("\0", " ").split()[:_MOST_WORDS]:
        query = query.where(_all_text().icontains(word, autoescape=True))
    return query


def _for_country(country: str) -> sa.ColumnElement[bool]:
    return sa.or_(Material.countries.contains([country]), Material.countries == [])


def _all_text() -> sa.Function[str]:
    columns = (Material.title, Material.summary, Material.body)
    texts = [column[tag].astext for column in columns for tag in ("zh-CN", "en")]
    return sa.func.concat_ws(" ", *texts)


def list_public(
    filters: Filters, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[MaterialSummary]:
    """The library, the newest first, a page at a time.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    with database.transaction() as session:
        published = sa.select(Material).where(Material.status == "published")
        query = _narrowed(published, filters).options(*SUMMARY_ONLY)
        return page_of(
            session, query, [Material.id], cursor=cursor, limit=limit, descending=True
        ).map(summary_of)


def chosen(
    session: Session,
    *,
    countries: Collection[str] = (),
    audience: Collection[str] = (),
    topics: Collection[str] = (),
    kinds: Collection[Kind] = KINDS,
    limit: int = 12,
) -> list[MaterialSummary]:
    """Published materials for some destinations, people and topics, the best fit first.

    One that is for other destinations alone is not among them. Of the rest, those that name a
    destination come first, then those for these very people, then by topics, then the newest.

    Args:
        countries: ISO 3166-1 alpha-2.
        audience: as :data:`~services.content.materials.kinds.Audience`.
        topics: codes of the topics.
    """
    fits = [
        column.overlap(list(wanted)).desc()
        for column, wanted in ((Material.audience, audience), (Material.topics, topics))
        if wanted
    ]
    query = (
        sa.select(Material)
        .where(Material.status == "published")
        .order_by(*fits, Material.id.desc())
        .options(*SUMMARY_ONLY)
    )
    if len(kinds) < len(KINDS):
        query = query.where(Material.kind.in_(kinds))
    # One after the other: asked for at once, PostgreSQL has to read all there are and sort them.
    found: list[Material] = []
    for where in (Material.countries.overlap(list(countries)), Material.countries == []):
        if len(found) < limit:
            found += session.scalars(query.where(where).limit(limit - len(found)))
    return [summary_of(row) for row in found]


def today() -> date:
    """The day that it is in the city."""
    return datetime.now(ZoneInfo(city().timezone)).date()


def overdue(day: date) -> tuple[sa.ColumnElement[bool], ...]:
    """What a published material is that should have been reviewed again before ``day``."""
    first = sa.cast(Material.created_at, sa.Date) + REVIEW_AFTER.days
    return (
        Material.status == "published",
        sa.func.coalesce(Material.review_by, first) < day,
    )


def get_public(reference: str) -> MaterialOut:
    """A published material, by its id or its slug.

    Raises:
        NotFound: there is none, or it was never published.
        Problem: 410 ``withdrawn``.
    """
    with database.transaction() as session:
        found = _find(session, reference)
        if found is None or found.published_at is None:
            raise NotFound(lazy("There is no such material."))
        if found.status == "withdrawn":
            raise Problem(
                410,
                "withdrawn",
                lazy("This material has been withdrawn."),
                lazy("The reason: %(reason)s", reason=found.withdraw_reason),
            )
        return MaterialOut.model_validate(found)


def get_for_staff(principal: Principal, reference: str) -> MaterialForStaff:
    """Any material that is the caller's to see, by its id or its slug, with who wrote it.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        found = _find(session, reference)
        if found is None:
            raise NotFound(lazy("There is no such material."))
        principal.must_cover(found.district)
        return MaterialForStaff(
            material=MaterialOut.model_validate(found),
            author_name=found.author_name,
            created_at=found.created_at,
        )


def _find(session: Session, reference: str) -> Material | None:
    try:
        return session.get(Material, uuid.UUID(reference))
    except ValueError:
        # PostgreSQL takes no NUL in a text, and no slug has one.
        slug = reference.replace("\0", "")
        return session.scalar(sa.select(Material).where(Material.slug == slug))


def list_for_staff(
    principal: Principal,
    filters: Filters,
    *,
    status: Status | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[MaterialSummary]:
    """Every material that is the caller's, in whatever state, the newest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    with database.transaction() as session:
        query = _narrowed(_theirs(sa.select(Material), principal), filters).options(*SUMMARY_ONLY)
        if status:
            query = query.where(Material.status == status)
        return page_of(
            session, query, [Material.id], cursor=cursor, limit=limit, descending=True
        ).map(summary_of)


def lacking(text: str) -> Lack | None:
    """What is to be lacking, from an address; what is not among the choices is no condition."""
    return next((lack for lack in get_args(Lack) if lack == text), None)


def count_overdue(principal: Principal) -> int:
    """How many of the caller's published materials should have been reviewed again."""
    counted = sa.select(sa.func.count(Material.id)).where(*overdue(today()))
    if principal.district is not None:
        counted = counted.where(Material.district == principal.district)
    with database.transaction() as session:
        return session.scalar(counted) or 0


def counts_by_status(principal: Principal) -> dict[str, int]:
    """How many of the caller's materials there are in each state."""
    counted = sa.select(Material.status, sa.func.count()).group_by(Material.status)
    if principal.district is not None:
        counted = counted.where(Material.district == principal.district)
    with database.transaction() as session:
        return dict(session.execute(counted).all())


def _theirs(query: sa.Select[Material], principal: Principal) -> sa.Select[Material]:
    """A district's staff see the district's own; the city's staff see all."""
    if principal.district is None:
        return query
    return query.where(Material.district == principal.district)
