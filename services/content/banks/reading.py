"""Reading banks and their items: for staff alone, because items have their key."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.fields import LanguageTag
from services.chassis.i18n import lazy, localized
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound, Problem
from services.content.banks import json_file
from services.content.banks.gift import writer
from services.content.banks.models import Bank, Item
from services.content.banks.records import BankOut, ItemOut, item_in
from services.content.database import database


@dataclass(frozen=True)
class Filters:
    """Which items; ``None`` and an empty text are no condition.

    Attributes:
        words: must occur in the name or the text, in either language.
    """

    kind: str | None = None
    tag: str | None = None
    words: str = ""
    retired: bool | None = None


def list_banks(principal: Principal) -> list[BankOut]:
    """The banks that the caller may draw from: the office's own and the city's."""
    with database.transaction() as session:
        return [
            _out(bank, items, retired)
            for bank, items, retired in session.execute(_banks(principal))
        ]


def _banks(principal: Principal) -> sa.Select[Bank, int, int]:
    query = (
        sa.select(
            Bank,
            sa.func.count(Item.id).filter(Item.retired.is_(False)),
            sa.func.count(Item.id).filter(Item.retired),
        )
        .outerjoin(Item, Item.bank_id == Bank.id)
        .group_by(Bank.id)
        .order_by(Bank.district.nulls_first(), Bank.id)
    )
    if principal.district is None:
        return query
    return query.where(sa.or_(Bank.district.is_(None), Bank.district == principal.district))


def _out(bank: Bank, items: int, retired: int) -> BankOut:
    return BankOut.model_validate(bank).model_copy(update={"items": items, "retired": retired})


def get_bank(principal: Principal, bank_id: uuid.UUID) -> BankOut:
    """One of :func:`list_banks`.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        visible(session, principal, bank_id)
        found = session.execute(_banks(principal).where(Bank.id == bank_id)).one()
        return _out(*found)


def visible(session: Session, principal: Principal, bank_id: uuid.UUID) -> Bank:
    """A bank that the caller may see: the office's own, or the city's.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    bank = session.get(Bank, bank_id)
    if bank is None:
        raise NotFound(lazy("There is no such question bank."))
    if bank.district is not None:
        principal.must_cover(bank.district)
    return bank


def list_items(
    principal: Principal,
    bank_id: uuid.UUID,
    filters: Filters = Filters(),
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[ItemOut]:
    """The items of a bank, in the order in which they came.

    Raises:
        NotFound: there is no such bank.
        Problem: 403 ``other-district``, 400 ``bad-cursor``.
    """
    query = sa.select(Item).where(Item.bank_id == bank_id)
    if filters.kind:
        query = query.where(Item.kind == filters.kind)
    if filters.tag:
        query = query.where(Item.tags.contains([filters.tag]))
    if filters.retired is not None:
        query = query.where(Item.retired == filters.retired)
    for word in filters.words.replace("\0", " ").split()[:6]:
        said = sa.func.concat_ws(" ", Item.name, Item.text["zh-CN"].astext, Item.text["en"].astext)
        query = query.where(said.icontains(word, autoescape=True))
    with database.transaction() as session:
        visible(session, principal, bank_id)
        return page_of(session, query, [Item.id], cursor=cursor, limit=limit).map(
            ItemOut.model_validate
        )


def get_item(principal: Principal, bank_id: uuid.UUID, item_id: uuid.UUID) -> ItemOut:
    """One item.

    Raises:
        NotFound: there is none in this bank.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        visible(session, principal, bank_id)
        item = session.get(Item, item_id)
        if item is None or item.bank_id != bank_id:
            raise NotFound(lazy("There is no such item."))
        return ItemOut.model_validate(item)


def tags_of(session: Session, banks: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """For each bank its tags, each with how many items can be drawn by it."""
    tag = sa.func.unnest(Item.tags).label("tag")
    query = (
        sa.select(Item.bank_id, tag, sa.func.count())
        .where(Item.bank_id.in_(banks), Item.retired.is_(False))
        .group_by(Item.bank_id, sa.literal_column("tag"))
        .order_by(sa.literal_column("tag"))
    )
    found: dict[uuid.UUID, dict[str, int]] = {bank: {} for bank in banks}
    for bank_id, name, count in session.execute(query):
        found[bank_id][name] = count
    return found


def bank_tags(bank_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """As :func:`tags_of`, in a transaction of its own."""
    with database.transaction() as session:
        return tags_of(session, bank_ids)


def as_gift(principal: Principal, bank_id: uuid.UUID, language: LanguageTag) -> str:
    """The items of a bank that can be asked in a language, as Moodle's GIFT.

    Raises:
        NotFound: there is no such bank.
        Problem: 403 ``other-district``; 409 ``nothing-to-export``.
    """
    with database.transaction() as session:
        bank = visible(session, principal, bank_id)
        items = [(item.id, item_in(item)) for item in _all(session, bank_id)]
        if not any(writer.is_whole(item, language) for _, item in items):
            raise Problem(
                409,
                "nothing-to-export",
                lazy("No item of this bank is complete in this language."),
                lazy("Please choose the other language, or JSON, which has both."),
            )
        return writer.write(localized(bank.name, language), items, language)


def as_json(principal: Principal, bank_id: uuid.UUID) -> Mapping[str, object]:
    """A bank as JSON, see :mod:`services.content.banks.json_file`.

    Raises:
        NotFound: there is no such bank.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        bank = visible(session, principal, bank_id)
        items = [(item.id, item_in(item)) for item in _all(session, bank_id)]
        return json_file.write(bank.name, bank.about, items)


def _all(session: Session, bank_id: uuid.UUID) -> Sequence[Item]:
    """What can still be drawn, in its order."""
    return session.scalars(
        sa.select(Item).where(Item.bank_id == bank_id, Item.retired.is_(False)).order_by(Item.id)
    ).all()
