"""Writing banks and their items."""

from __future__ import annotations

import uuid
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy, localized
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.content.banks.models import Bank, BankImport, Item
from services.content.banks.records import BankIn, BankOut, BankPatch, ItemOut, item_in
from services.content.banks.schemas import ItemIn
from services.content.database import database
from services.content.publication import must_be_at
from services.content.quizzes.models import Quiz

Act = Literal["written", "changed", "removed", "item-written", "item-changed", "items-imported"]


def create(
    principal: Principal,
    wanted: BankIn,
    once: Once = NOT_REPEATED,
    *,
    bank_id: uuid.UUID | None = None,
) -> BankOut:
    """Begin a bank, without items.

    Args:
        bank_id: its id, where the caller needs to know it beforehand; else a fresh one.

    Raises:
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return BankOut.model_validate(answer)
        bank = Bank(id=bank_id or new_id(), **wanted.model_dump())
        # An editor of a district need not say which; theirs is meant.
        bank.district = bank.district or principal.district
        principal.must_cover(bank.district)
        session.add(bank)
        session.flush()
        record(session, principal, bank, "written")
        done = BankOut.model_validate(bank, from_attributes=True)
        once.keep(session, done.model_dump(mode="json"))
        return done


def edit(principal: Principal, bank_id: uuid.UUID, patch: BankPatch) -> BankOut:
    """Change what a bank is called.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        bank = locked(session, principal, bank_id)
        for name, value in patch.model_dump(exclude_unset=True, exclude_none=True).items():
            setattr(bank, name, value)
        bank.touch()
        record(session, principal, bank, "changed")
        return BankOut.model_validate(bank, from_attributes=True)


def remove(principal: Principal, bank_id: uuid.UUID) -> None:
    """Delete a bank with its items, where no quiz draws from it.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``bank-in-use``.
    """
    with database.transaction() as session:
        bank = locked(session, principal, bank_id)
        used = session.scalar(sa.select(Quiz.title).where(draws_from(bank_id)).limit(1))
        if used is not None:
            raise Problem(
                409,
                "bank-in-use",
                lazy("A quiz draws from this bank: “%(title)s”.", title=localized(used)),
                lazy("Please let it draw from another one first."),
            )
        record(session, principal, bank, "removed")
        session.execute(sa.delete(Item).where(Item.bank_id == bank_id))
        session.execute(sa.delete(BankImport).where(BankImport.bank_id == bank_id))
        session.delete(bank)


def draws_from(bank_id: uuid.UUID) -> sa.ColumnElement[bool]:
    """Whether a quiz draws from a bank."""
    return Quiz.draws.op("@>")(sa.cast([{"bank_id": str(bank_id)}], Quiz.draws.type))


def add_item(
    principal: Principal, bank_id: uuid.UUID, wanted: ItemIn, once: Once = NOT_REPEATED
) -> ItemOut:
    """Put an item into a bank; quizzes that draw from the bank may draw it from now on.

    Raises:
        NotFound: there is no such bank.
        Invalid: the bank has an item of that name.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return ItemOut.model_validate(answer)
        bank = locked(session, principal, bank_id)
        must_be_free(session, bank_id, wanted.name)
        item = Item(id=new_id(), bank_id=bank_id, **wanted.model_dump())
        session.add(item)
        bank.touch()
        session.flush()
        record(session, principal, bank, "item-written", item)
        done = ItemOut.model_validate(item)
        once.keep(session, done.model_dump(mode="json"))
        return done


def edit_item(
    principal: Principal,
    bank_id: uuid.UUID,
    item_id: uuid.UUID,
    wanted: ItemIn,
    version: int | None = None,
) -> ItemOut:
    """Replace an item by what is wanted; papers that have it already keep what they asked.

    Args:
        version: the one that the editor saw; ``None`` when it was not given.

    Raises:
        NotFound: there is none.
        Invalid: the bank has another item of that name.
        Problem: 403 ``other-district``, 409 ``changed-meanwhile``.
    """
    with database.transaction() as session:
        bank, item = _locked_item(session, principal, bank_id, item_id)
        must_be_at(version, item.version)
        must_be_free(session, bank_id, wanted.name, but=item_id)
        put(item, wanted)
        bank.touch()
        record(session, principal, bank, "item-changed", item)
        return ItemOut.model_validate(item)


def retire_item(
    principal: Principal, bank_id: uuid.UUID, item_id: uuid.UUID, *, retired: bool
) -> ItemOut:
    """Draw an item no more, or draw it again. Papers that have it keep it.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        bank, item = _locked_item(session, principal, bank_id, item_id)
        if item.retired != retired:
            item.retired = retired
            put(item, item_in(item))
            bank.touch()
            record(session, principal, bank, "item-changed", item)
        return ItemOut.model_validate(item)


def put(item: Item, wanted: ItemIn) -> None:
    """Write an item's fields, as one more version."""
    for name, value in wanted.model_dump().items():
        setattr(item, name, value)
    item.version += 1
    item.updated_at = utc_now()


def must_be_free(
    session: Session, bank_id: uuid.UUID, name: str, but: uuid.UUID | None = None
) -> None:
    """Refuse a name that another item of the bank has. The bank is locked, so it stays free.

    Raises:
        Invalid: field ``name``.
    """
    found = session.scalar(sa.select(Item.id).where(Item.bank_id == bank_id, Item.name == name))
    if found is not None and found != but:
        raise Invalid([FieldError("name", lazy("Another item of this bank has this name."))])


def locked(session: Session, principal: Principal, bank_id: uuid.UUID) -> Bank:
    """A bank that the caller may change, held until the transaction ends.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    bank = session.get(Bank, bank_id, with_for_update=True)
    if bank is None:
        raise NotFound(lazy("There is no such question bank."))
    principal.must_cover(bank.district)
    return bank


def _locked_item(
    session: Session, principal: Principal, bank_id: uuid.UUID, item_id: uuid.UUID
) -> tuple[Bank, Item]:
    bank = locked(session, principal, bank_id)
    item = session.get(Item, item_id)
    if item is None or item.bank_id != bank_id:
        raise NotFound(lazy("There is no such item."))
    return bank, item


def record(
    session: Session, principal: Principal, bank: Bank, act: Act, item: Item | None = None
) -> None:
    """Note an act in the audit trail."""
    audit.record(
        session,
        principal,
        f"bank.{act}",
        f"bank/{bank.id}",
        district=bank.district,
        detail=item.name if item else localized(bank.name, "zh-CN"),
    )
