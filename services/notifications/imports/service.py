"""Handing a list in, saying what its columns hold, taking it in, and taking it out again.

Nothing of a list is written among the contacts before somebody has seen what was understood and
has stated on what ground these people may be written to. Then every good row goes in, in one
transaction.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.crypto import seal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.chassis.reference import city
from services.notifications.database import database
from services.notifications.imports import taking
from services.notifications.imports.basis import BasisIn
from services.notifications.imports.bulk import batches, copy
from services.notifications.imports.files import Line, lines_of, refused
from services.notifications.imports.heads import ADDRESSES, FIELDS, layout_of
from services.notifications.imports.known import Hashes, known, said
from services.notifications.imports.models import ContactImport, ContactImportRow, Verdict
from services.notifications.imports.rows import Reader, Row

KEEP_ROWS: Final = timedelta(days=1)
UNDO_FOR: Final = timedelta(days=7)
_AT_ONCE: Final = 2_000


def read(
    principal: Principal,
    file_name: str,
    data: bytes,
    once: Once = NOT_REPEATED,
    *,
    columns: Sequence[str] | None = None,
) -> uuid.UUID:
    """Read a file and keep what was understood of each row, sealed, until somebody decides.

    Args:
        file_name: as it was called.
        data: a CSV or XLSX; see :func:`.files.lines_of`.
        columns: what each column holds, as for :func:`assign`; ``None``: by its headings.

    Returns:
        The id of the import. No contact has been written.

    Raises:
        Invalid: the file cannot be taken as a whole, or ``columns`` are not right; with a sentence,
            and nothing is kept.
    """
    lines = lines_of(data)
    layout = layout_of(lines)
    if layout is None:
        raise refused(
            lazy(
                "We found neither headings nor any address in the first rows. Please put the list "
                "on the first sheet, with headings such as 姓名, 手机 and 邮箱, or Name and E-mail."
            )
        )
    if columns is not None:
        _check_columns(columns, len(layout.columns))
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return uuid.UUID(first["id"])
        made = ContactImport(
            district=principal.district,
            file_name=file_name[:200],
            heads=json.dumps(layout.heads, ensure_ascii=False),
            columns=layout.columns if columns is None else list(columns),
            made_by_name=principal.name,
        )
        session.add(made)
        session.flush()
        _judge(session, made, lines[layout.body :])
        audit.record(
            session,
            principal,
            "contacts.list-read",
            f"contact-import/{made.id}",
            district=made.district,
            detail=f"{made.total}",
        )
        once.keep(session, {"id": str(made.id)})
        return made.id


def assign(principal: Principal, import_id: uuid.UUID, columns: Sequence[str]) -> None:
    """Say what each column holds, and read every row once more.

    Args:
        columns: for each column a name of :data:`.heads.FIELDS`, or ``""`` for nothing.

    Raises:
        Invalid: two columns hold the same, or one holds what is not known; field ``column.N``.
        Problem: 404; 403 of another office; 409 when it no longer waits.
    """
    with database.transaction() as session:
        found = stored(session, import_id, principal, lock=True)
        _must_wait(found)
        _check_columns(columns, len(found.columns))
        found.columns = list(columns)
        lines = list(_parked(session, import_id))
        session.execute(sa.delete(ContactImportRow).where(ContactImportRow.import_id == import_id))
        _judge(session, found, lines)


def _check_columns(columns: Sequence[str], width: int) -> None:
    wrong: list[FieldError] = []
    seen: set[str] = set()
    for place, held in enumerate(columns):
        if held and held not in FIELDS:
            wrong.append(
                FieldError(f"column.{place}", lazy("Please choose one of the answers offered."))
            )
        elif held and held in seen:
            said_twice = lazy("Another column holds this already.")
            wrong.append(FieldError(f"column.{place}", said_twice))
        seen.add(held)
    if len(columns) != width:
        sentence = lazy("Please say for each of the %(width)s columns what it holds.", width=width)
        wrong.append(FieldError("columns", sentence))
    if wrong:
        raise Invalid(wrong)


def _parked(session: Session, import_id: uuid.UUID) -> Iterator[Line]:
    query = (
        sa.select(ContactImportRow.number, ContactImportRow.content)
        .where(ContactImportRow.import_id == import_id)
        .order_by(ContactImportRow.number)
        .execution_options(yield_per=_AT_ONCE)
    )
    for number, content in session.execute(query):
        yield Line(number, Row.load(content).cells)


def _judge(session: Session, found: ContactImport, lines: Iterable[Line]) -> None:
    """Read each row, compare it with those before it and with what we have, and park it."""
    today = utc_now().astimezone(ZoneInfo(city().timezone)).date()
    reader = Reader(found.columns, today, found.district)
    before: dict[object, int] = {}
    counts: dict[str, int] = {}
    # Without a column for addresses every row would say the same: that is said once, above them.
    addressed = any(held in ADDRESSES for held in found.columns)
    for batch in batches(lines, _AT_ONCE):
        rows = [(line.number, reader.read(list(line.cells))) for line in batch]
        hashes = Hashes()
        here = known(session, [row for _, row in rows], hashes, found.district)
        for number, row in rows:
            if row.problems:
                continue
            mark = said(row, hashes.of(row.email), hashes.of(row.phone))
            if mark in before:
                row.same_as = before[mark]
            elif here.get(mark):
                row.same_as = 0
            before.setdefault(mark, number)
        for _, row in rows:
            counts[row.verdict] = counts.get(row.verdict, 0) + 1
        copy(
            session,
            ContactImportRow,
            ("import_id", "number", "verdict", "content"),
            ((found.id, number, row.verdict, seal(row.dump())) for number, row in rows),
        )
    found.good = counts.get("good", 0) if addressed else 0
    found.problems = sum(counts.values()) - found.good - counts.get("duplicate", 0)
    found.duplicates = counts.get("duplicate", 0)
    found.total = sum(counts.values())


def confirm(principal: Principal, import_id: uuid.UUID, basis: BasisIn) -> ContactImport:
    """Take in every good row, in one transaction, on the ground that is stated.

    Two lists at the same moment are taken in one after the other, so that a row of both is one
    contact. Pressed twice, it is taken in once.

    Raises:
        Problem: 404; 403 of another office; 409 when it no longer waits, or has no good row.
    """
    with database.transaction() as session:
        _one_at_a_time(session)
        found = stored(session, import_id, principal, lock=True)
        if found.status == "done":
            return found
        _must_wait(found)
        if not found.good:
            raise Problem(
                409,
                "nothing-to-take",
                lazy("No row of this list can be taken in."),
                lazy("Please look at the reasons, correct the file and choose it again."),
            )
        found.written = taking.take(session, found, basis)
        found.status = "done"
        found.basis, found.version = basis.basis, basis.version
        found.agreed_on = basis.agreed_on
        found.confirmed_by_name, found.confirmed_at = principal.name, utc_now()
        audit.record(
            session,
            principal,
            "contacts.list-taken-in",
            f"contact-import/{found.id}",
            district=found.district,
            detail=f"{found.written}, {found.basis}",
        )
        return found


def _one_at_a_time(session: Session) -> None:
    """Wait until no other list is being taken in."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_TAKING_IN)))


# Of PostgreSQL's advisory locks this one is for taking lists in.
_TAKING_IN: Final = 0x11B0_C0117AC7


def discard(principal: Principal, import_id: uuid.UUID) -> None:
    """Forget a list that waits: its rows are deleted, nothing was written.

    Raises:
        Problem: as :func:`assign`.
    """
    with database.transaction() as session:
        found = stored(session, import_id, principal, lock=True)
        _must_wait(found)
        _forget_rows(session, [found.id])
        found.status = "discarded"
        audit.record(
            session,
            principal,
            "contacts.list-discarded",
            f"contact-import/{found.id}",
            district=found.district,
        )


def undo(principal: Principal, import_id: uuid.UUID) -> int:
    """Take a list's contacts out again, as a whole, within :data:`UNDO_FOR`.

    Messages to them that have not gone out are cancelled, unless another contact has the address.

    Returns:
        How many contacts there were to take out.

    Raises:
        Problem: 404; 403; 409 ``import-too-old``, or when it was not taken in.
    """
    with database.transaction() as session:
        found = stored(session, import_id, principal, lock=True)
        if not may_undo(found):
            raise Problem(
                409,
                "import-too-old",
                lazy("This list cannot be taken out as a whole."),
                lazy(
                    "That is possible for a week after it was taken in. Please remove single "
                    "contacts on their pages."
                ),
            )
        gone = taking.take_out(session, found)
        found.status = "undone"
        found.undone_by_name, found.undone_at = principal.name, utc_now()
        audit.record(
            session,
            principal,
            "contacts.list-taken-out",
            f"contact-import/{found.id}",
            district=found.district,
            detail=f"{gone}",
        )
        return gone


def may_undo(found: ContactImport) -> bool:
    """Whether its contacts may still be taken out as a whole."""
    return (
        found.status == "done"
        and found.confirmed_at is not None
        and utc_now() - found.confirmed_at < UNDO_FOR
    )


def stored(
    session: Session, import_id: uuid.UUID, principal: Principal, *, lock: bool = False
) -> ContactImport:
    """An import that the caller may touch; with ``lock``, until the transaction ends.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    found = session.get(ContactImport, import_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(lazy("There is no such list."))
    principal.must_cover(found.district)
    return found


def _must_wait(found: ContactImport) -> None:
    if found.status != "waiting":
        raise Problem(
            409,
            "import-not-waiting",
            lazy("This list does not wait any more."),
            lazy("It was taken in or put aside already. You can hand the file in again."),
        )


def _forget_rows(session: Session, identifiers: Sequence[uuid.UUID]) -> None:
    session.execute(sa.delete(ContactImportRow).where(ContactImportRow.import_id.in_(identifiers)))
    session.execute(
        sa.update(ContactImport)
        .where(ContactImport.id.in_(identifiers))
        .values(file_name=None, heads=None)
        .execution_options(synchronize_session="fetch")
    )


def forget_old(now: datetime) -> int:
    """Delete what was parked for longer than :data:`KEEP_ROWS`; the record of it stays.

    Returns:
        How many lists that concerned.
    """
    with database.transaction() as session:
        due = session.scalars(
            sa.select(ContactImport)
            .where(ContactImport.made_at < now - KEEP_ROWS, ContactImport.file_name.is_not(None))
            .with_for_update(skip_locked=True)
        ).all()
        for found in due:
            if found.status == "waiting":
                found.status = "discarded"
        session.flush()
        if due:
            _forget_rows(session, [found.id for found in due])
        return len(due)


def counted(found: ContactImport) -> dict[Verdict, int]:
    """Rows by what becomes of them."""
    return {"good": found.good, "problem": found.problems, "duplicate": found.duplicates}
