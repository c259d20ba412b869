"""Taking a file in: handed in, looked at item by item, and only then written.

What a file would change is reckoned again each time that somebody looks, against the bank as it is
then; so nothing that was decided on an old state is ever written.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.chassis.fields import LanguageTag
from services.chassis.i18n import Text, lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.content.banks import json_file
from services.content.banks.files import Read, storable
from services.content.banks.gift import reader
from services.content.banks.merging import Mismatch, languages, plain, with_language
from services.content.banks.models import BankImport, Item
from services.content.banks.records import (
    TAKEN,
    ImportedLine,
    ImportIn,
    Report,
    Taken,
    Verdict,
    item_in,
)
from services.content.banks.schemas import ItemIn
from services.content.banks.service import locked, put, record
from services.content.database import database

KEEP: Final = timedelta(days=1)


@dataclass(frozen=True)
class _Judged:
    """What becomes of one item of a file; ``wanted`` is what would be written."""

    read: Read
    verdict: Verdict
    wanted: ItemIn | None = None
    there: Item | None = None
    problem: Text | None = None


def hand_in(
    principal: Principal,
    bank_id: uuid.UUID,
    handed: ImportIn,
    once: Once = NOT_REPEATED,
) -> Report:
    """Keep a file until somebody has seen what it would change.

    Raises:
        NotFound: there is no such bank.
        Invalid: it cannot be taken as a whole, field ``file``; or ``language`` is missing.
        Problem: 403 ``other-district``.
    """
    language = handed.language if handed.format == "gift" else None
    if handed.format == "gift" and language is None:
        raise Invalid([FieldError("language", lazy("Please say what language the file is in."))])
    _read(handed.text, language)
    with database.transaction() as session:
        locked(session, principal, bank_id)
        if answer := once.first_answer(session):
            return Report.model_validate(answer)
        kept = BankImport(
            id=new_id(),
            bank_id=bank_id,
            format=handed.format,
            language=language,
            text=storable(handed.text),
            file_name=storable(handed.file_name),
        )
        session.add(kept)
        session.flush()
        report = _report(session, kept)
        once.keep(session, report.model_dump(mode="json"))
        return report


def report(principal: Principal, bank_id: uuid.UUID, import_id: uuid.UUID) -> Report:
    """What a file would change now.

    Raises:
        NotFound: there is none, or it was taken, put aside or forgotten.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        locked(session, principal, bank_id)
        return _report(session, _kept(session, bank_id, import_id))


def take(principal: Principal, bank_id: uuid.UUID, import_id: uuid.UUID) -> Taken:
    """Write every item that is right, in one transaction; what is wrong is left out.

    Raises:
        NotFound: there is none, or it was taken already.
        Problem: 403 ``other-district``; 409 ``nothing-to-take``.
    """
    with database.transaction() as session:
        bank = locked(session, principal, bank_id)
        kept = _kept(session, bank_id, import_id)
        judged = _judge(session, kept)
        taken = [one for one in judged if one.verdict in TAKEN and one.wanted is not None]
        if not taken:
            raise Problem(
                409,
                "nothing-to-take",
                lazy("Nothing of this file would change the bank."),
                lazy("Please look at the reasons, correct the file and choose it again."),
            )
        for one in taken:
            if one.there is not None and one.wanted is not None:
                put(one.there, one.wanted)
            elif one.wanted is not None:
                session.add(Item(id=new_id(), bank_id=bank_id, **one.wanted.model_dump()))
        session.delete(kept)
        bank.touch()
        record(session, principal, bank, "items-imported")
        return Taken(bank_id=bank_id, counts=Counter(one.verdict for one in judged))


def discard(principal: Principal, bank_id: uuid.UUID, import_id: uuid.UUID) -> None:
    """Put a file aside; nothing of it was written.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        locked(session, principal, bank_id)
        session.delete(_kept(session, bank_id, import_id))


def forget_old(now: datetime) -> int:
    """Delete the files that nobody has decided about for :data:`KEEP`.

    Returns:
        How many went.
    """
    with database.transaction() as session:
        gone = session.execute(
            sa.delete(BankImport).where(BankImport.made_at < now - KEEP).returning(BankImport.id)
        )
        return len(gone.all())


def _kept(session: Session, bank_id: uuid.UUID, import_id: uuid.UUID) -> BankImport:
    kept = session.get(BankImport, import_id)
    if kept is None or kept.bank_id != bank_id:
        raise NotFound(lazy("This file has been taken or put aside. You can hand it in again."))
    return kept


def _read(text: str, language: LanguageTag | None) -> list[Read]:
    """GIFT is in one language, JSON in both."""
    return reader.read(text, language) if language else json_file.read(text)


def _report(session: Session, kept: BankImport) -> Report:
    judged = _judge(session, kept)
    return Report.model_validate(
        {
            "id": kept.id,
            "bank_id": kept.bank_id,
            "format": kept.format,
            "language": kept.language,
            "file_name": kept.file_name,
            "counts": Counter(one.verdict for one in judged),
            "lines": [_line(one) for one in judged],
        }
    )


def _line(one: _Judged) -> ImportedLine:
    item = one.read.item
    return ImportedLine(
        place=one.read.place,
        name=one.read.name,
        verdict=one.verdict,
        kind=item.kind if item else None,
        text=dict(item.text) if item else {},
        problem=str(one.problem) if one.problem else None,
        remarks=[str(remark) for remark in one.read.remarks],
    )


def _judge(session: Session, kept: BankImport) -> list[_Judged]:
    """Each item of a file beside the bank as it is."""
    rows = session.scalars(sa.select(Item).where(Item.bank_id == kept.bank_id)).all()
    by_id = {str(row.id): row for row in rows}
    by_name = {row.name: row for row in rows}
    seen: dict[str, int] = {}
    judged = []
    language = _tag(kept.language)
    for read in _read(kept.text, language):
        if read.name in seen and read.item is not None:
            twice = lazy("Line %(line)s of the file has this name already.", line=seen[read.name])
            judged.append(_Judged(read, "problem", problem=twice))
            continue
        seen.setdefault(read.name, read.place)
        judged.append(_judge_one(read, by_id, by_name, language))
    return judged


def _tag(language: str | None) -> LanguageTag | None:
    return "en" if language == "en" else "zh-CN" if language else None


def _judge_one(
    read: Read,
    by_id: Mapping[str, Item],
    by_name: Mapping[str, Item],
    language: LanguageTag | None,
) -> _Judged:
    if read.item is None:
        return _Judged(read, "problem", problem=read.problem)
    namesake = by_name.get(read.item.name)
    there = by_id.get(read.item_id or "") or namesake
    if there is None:
        return _Judged(read, "new", read.item)
    old = item_in(there)
    try:
        if namesake not in (None, there):
            raise Mismatch(lazy("Another item of this bank has this name."))
        wanted = with_language(old, read.item, language) if language else read.item
    except Mismatch as mismatch:
        return _Judged(read, "problem", problem=mismatch.sentence)
    if plain(wanted) == plain(old):
        return _Judged(read, "unchanged", there=there)
    added = languages(wanted) > languages(old)
    return _Judged(read, "language" if added else "changed", wanted, there)
