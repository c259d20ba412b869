"""Reading the catalogue and the stock: for everybody in words, for staff in figures."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound
from services.content.database import database
from services.content.materials.models import Material
from services.content.stock.models import Movement, Stock, Title
from services.content.stock.schemas import MovementOut, StockOut, TitleOut
from services.content.stock.stores import CITY, district_of

_MOST_TITLES = 500


@dataclass(frozen=True)
class Line:
    """A title and how it stands in one store."""

    title: TitleOut
    stock: StockOut


def offered() -> list[TitleOut]:
    """The public catalogue: what is there first, then by the age of the title.

    A title that is a material is offered as long as the material is public.
    """
    with database.transaction() as session:
        titles = session.scalars(
            _titles()
            .where(Title.offered, sa.or_(Title.material_id.is_(None), _is_public()))
            .limit(_MOST_TITLES)
        ).all()
        there = _in_stock(session)
        found = [TitleOut.of(title, there.get(title.id)) for title in titles]
        return sorted(found, key=lambda title: not title.in_stock)


def by_slugs(session: Session, slugs: Collection[str]) -> dict[str, Title]:
    """Titles of the public catalogue by their slugs; what is not offered is missing."""
    rows = session.scalars(
        _titles().where(
            Title.slug.in_(slugs),
            Title.offered,
            sa.or_(Title.material_id.is_(None), _is_public()),
        )
    )
    return {title.slug: title for title in rows}


def slug_of(material_id: uuid.UUID) -> str | None:
    """The title under which a material's printed copy can be ordered now, if there is one."""
    with database.transaction() as session:
        return session.scalar(
            sa.select(Title.slug).where(
                Title.material_id == material_id,
                Title.offered,
                sa.exists().where(Stock.title_id == Title.id, Stock.on_hand > Stock.reserved),
            )
        )


def all_titles() -> list[TitleOut]:
    """Every title, offered or not, for staff."""
    with database.transaction() as session:
        there = _in_stock(session)
        rows = session.scalars(_titles().limit(_MOST_TITLES))
        return [TitleOut.of(title, there.get(title.id)) for title in rows]


def get_title(reference: str) -> TitleOut:
    """A title by its id or slug.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        try:
            title = session.get(Title, uuid.UUID(reference))
        except ValueError:
            slug = reference.replace("\0", "")
            title = session.scalar(_titles().where(Title.slug == slug))
        if title is None:
            raise NotFound(lazy("There is no such title."))
        return TitleOut.of(title, _in_stock(session).get(title.id))


def stock_lines(
    principal: Principal, *, store: str | None = None, title_id: uuid.UUID | None = None
) -> list[Line]:
    """What lies in the caller's stores, by store and title.

    Raises:
        Problem: 403 ``other-district``.
    """
    query = (
        sa.select(Title, Stock)
        .join(Stock, Stock.title_id == Title.id)
        .options(joinedload(Title.material))
        .where(_theirs(principal))
    )
    if store is not None:
        principal.must_cover(district_of(store))
        query = query.where(Stock.store == store)
    if title_id is not None:
        query = query.where(Stock.title_id == title_id)
    # The city's store first, then districts by their codes.
    query = query.order_by(Stock.store != CITY, Stock.store, Stock.shelf, Title.id)
    with database.transaction() as session:
        return [
            Line(TitleOut.of(title), StockOut.model_validate(stock))
            for title, stock in session.execute(query)
        ]


def low(principal: Principal, limit: int) -> list[Line]:
    """What runs low in the caller's stores, the fewest copies first."""
    free = Stock.on_hand - Stock.reserved
    with database.transaction() as session:
        rows = session.execute(
            sa.select(Title, Stock)
            .join(Stock, Stock.title_id == Title.id)
            .options(joinedload(Title.material))
            .where(_theirs(principal), free <= Stock.low_at, Title.offered)
            .order_by(free, Stock.title_id)
            .limit(limit)
        )
        return [Line(TitleOut.of(title), StockOut.model_validate(row)) for title, row in rows]


def movements(
    principal: Principal,
    *,
    store: str | None = None,
    title_id: uuid.UUID | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[MovementOut]:
    """The ledger of the caller's stores, the newest line first.

    Raises:
        Problem: 400 ``bad-cursor``, 403 ``other-district``.
    """
    query = sa.select(Movement)
    if principal.district is not None:
        query = query.where(Movement.store == principal.district)
    if store is not None:
        principal.must_cover(district_of(store))
        query = query.where(Movement.store == store)
    if title_id is not None:
        query = query.where(Movement.title_id == title_id)
    with database.transaction() as session:
        page = page_of(session, query, [Movement.id], cursor=cursor, limit=limit, descending=True)
        return page.map(MovementOut.model_validate)


def materials_to_print() -> Sequence[tuple[uuid.UUID, dict[str, str]]]:
    """Published books, brochures and checklists, the newest first: what a title may be of."""
    with database.transaction() as session:
        rows = session.execute(
            sa.select(Material.id, Material.title)
            .where(
                Material.status == "published",
                Material.kind.in_(["book", "brochure", "checklist"]),
            )
            .order_by(Material.id.desc())
            .limit(_MOST_TITLES)
        )
        return [(row.id, row.title) for row in rows]


def _titles() -> sa.Select[Title]:
    return (
        sa.select(Title)
        .outerjoin(Title.material)
        .options(contains_eager(Title.material))
        .order_by(Title.id.desc())
    )


def _is_public() -> sa.ColumnElement[bool]:
    return Material.status == "published"


def _theirs(principal: Principal) -> sa.ColumnElement[bool]:
    return sa.true() if principal.district is None else Stock.store == principal.district


def _in_stock(session: Session) -> dict[uuid.UUID, list[str]]:
    rows = session.execute(
        sa.select(Stock.title_id, sa.func.array_agg(Stock.store))
        .where(Stock.on_hand > Stock.reserved)
        .group_by(Stock.title_id)
    )
    return {
        title_id: sorted(stores, key=lambda store: (store != CITY, store))
        for title_id, stores in rows
    }
