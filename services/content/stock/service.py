"""Describing titles, and what staff do with stock: receive, write off, count."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound
from services.content.database import database
from services.content.materials.models import Material
from services.content.stock import moving
from services.content.stock.models import Stock, Title
from services.content.stock.schemas import (
    CountIn,
    ReceiveIn,
    ShelfIn,
    StockOut,
    TitleIn,
    TitleOut,
    WriteOffIn,
)
from services.content.stock.stores import district_of

_LONGEST_SLUG = 60


def create(
    principal: Principal,
    wanted: TitleIn,
    once: Once = NOT_REPEATED,
    *,
    title_id: uuid.UUID | None = None,
) -> TitleOut:
    """Put a title into the catalogue; it can be ordered as soon as a store has copies.

    Raises:
        Invalid: there is no such material, or it is a title already.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return TitleOut.model_validate(answer)
        title = Title(id=title_id or new_id(), **wanted.model_dump())
        title.district = title.district or principal.district
        principal.must_cover(title.district)
        _must_be_free(session, title.material_id, title.id)
        title.slug = _free_slug(session, title)
        session.add(title)
        session.flush()
        session.refresh(title)
        _record(session, principal, "title.written", title)
        done = TitleOut.of(title)
        once.keep(session, done.model_dump(mode="json"))
        return done


def edit(
    principal: Principal, title_id: uuid.UUID, wanted: TitleIn, version: int | None = None
) -> TitleOut:
    """Describe a title anew; its address and the stock of it stay.

    Args:
        version: the one that the editor saw; with it nobody else's change is overwritten.

    Raises:
        NotFound: there is none.
        Invalid: there is no such material, or it is another title already; or somebody else has
            changed the title meanwhile.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        title = session.get(Title, title_id, with_for_update={"of": Title})
        if title is None:
            raise NotFound(lazy("There is no such title."))
        principal.must_cover(title.district)
        if version is not None and version != title.version:
            sentence = lazy(
                "Somebody else has changed this title meanwhile. Sending it again replaces that."
            )
            raise Invalid([FieldError("", sentence)])
        wanted.district = wanted.district or principal.district
        principal.must_cover(wanted.district)
        _must_be_free(session, wanted.material_id, title.id)
        for name, value in wanted.model_dump().items():
            setattr(title, name, value)
        title.version += 1
        session.flush()
        session.refresh(title)
        _record(session, principal, "title.changed", title)
        return TitleOut.of(title)


def receive(principal: Principal, wanted: ReceiveIn, once: Once = NOT_REPEATED) -> StockOut:
    """Take copies into a store.

    Raises:
        NotFound: there is no such title.
        Problem: 403 ``other-district``.
    """

    def act(session: Session) -> None:
        moving.receive(session, principal, wanted.title_id, wanted.store, wanted.copies)

    return _moved(principal, wanted, once, act)


def write_off(principal: Principal, wanted: WriteOffIn, once: Once = NOT_REPEATED) -> StockOut:
    """Take copies out that can no longer be given to anybody.

    Raises:
        NotFound: there is no such title.
        Problem: 403 ``other-district``, 409 ``stock-promised``.
    """

    def act(session: Session) -> None:
        moving.open_row(session, wanted.title_id, wanted.store)
        moving.write_off(
            session,
            principal,
            wanted.title_id,
            wanted.store,
            wanted.copies,
            reason=wanted.reason,
        )

    return _moved(principal, wanted, once, act)


def count(principal: Principal, wanted: CountIn, once: Once = NOT_REPEATED) -> StockOut:
    """Write down what was counted on the shelf.

    Raises:
        NotFound: there is no such title.
        Problem: 403 ``other-district``, 409 ``stock-promised``.
    """

    def act(session: Session) -> None:
        moving.count(
            session,
            principal,
            wanted.title_id,
            wanted.store,
            wanted.counted,
            reason=wanted.reason,
        )

    return _moved(principal, wanted, once, act)


def arrange(principal: Principal, title_id: uuid.UUID, store: str, wanted: ShelfIn) -> StockOut:
    """Say where a title stands in a store, and when to warn that it runs low.

    Raises:
        NotFound: there is no such title.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        _covered(session, principal, title_id, store)
        moving.open_row(session, title_id, store)
        row = session.get_one(Stock, (title_id, store), with_for_update=True)
        row.shelf, row.low_at = wanted.shelf, wanted.low_at
        session.flush()
        return StockOut.model_validate(row)


def _moved(
    principal: Principal,
    wanted: ReceiveIn | WriteOffIn | CountIn,
    once: Once,
    act: Callable[[Session], None],
) -> StockOut:
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return StockOut.model_validate(answer)
        title = _covered(session, principal, wanted.title_id, wanted.store)
        act(session)
        audit.record(
            session,
            principal,
            f"stock.{wanted.act}",
            f"title/{title.id}",
            district=district_of(wanted.store),
            detail=f"{wanted.store} {title.slug}",
        )
        row = session.get_one(Stock, (title.id, wanted.store), populate_existing=True)
        done = StockOut.model_validate(row)
        once.keep(session, done.model_dump(mode="json"))
        return done


def _covered(session: Session, principal: Principal, title_id: uuid.UUID, store: str) -> Title:
    principal.must_cover(district_of(store))
    title = session.get(Title, title_id)
    if title is None:
        raise NotFound(lazy("There is no such title."))
    return title


def _must_be_free(session: Session, material_id: uuid.UUID | None, title_id: uuid.UUID) -> None:
    if material_id is None:
        return
    if session.get(Material, material_id) is None:
        sentence = lazy("There is no such material.")
    elif session.scalar(
        sa.select(sa.exists().where(Title.material_id == material_id, Title.id != title_id))
    ):
        sentence = lazy("This material is in the catalogue already.")
    else:
        return
    raise Invalid([FieldError("material_id", sentence)])


def _record(session: Session, principal: Principal, act: str, title: Title) -> None:
    audit.record(
        session, principal, act, f"title/{title.id}", district=title.district, detail=title.slug
    )


def _free_slug(session: Session, title: Title) -> str:
    """An address made of the English title, with a number where it is taken."""
    english = unicodedata.normalize("NFKD", title.title.get("en", ""))
    words = re.sub(r"[^a-z0-9]+", "-", english.replace("’", "").lower())
    base = words[:_LONGEST_SLUG].strip("-") or f"title-{title.id.hex[-12:]}"
    # Two editors with one title at one moment wait for each other here.
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("titles.slug"))))
    slugs = session.scalars(
        sa.select(Title.slug).where(Title.slug.startswith(base, autoescape=True))
    )
    taken = set(slugs)
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug
