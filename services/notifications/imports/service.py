"""Handing a list in, saying what its columns hold, taking it in, and taking it out again.

Nothing of a list is written among the contacts before somebody has seen what was understood and
has stated on what ground these people may be written to. Then every good row goes in, in one
transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import NotFound, Problem
from services.notifications.database import database
from services.notifications.imports import jobs
from services.notifications.imports.basis import BasisIn
from services.notifications.imports.files import is_short
from services.notifications.imports.judging import check_columns
from services.notifications.imports.models import ContactImport, Verdict
from services.notifications.imports.retention import forget_rows

UNDO_FOR: Final = timedelta(days=7)
# The worker has it; it becomes something else by itself.
AT_WORK: Final = ("reading", "taking", "undoing")


def read(
    principal: Principal,
    file_name: str,
    data: bytes,
    once: Once = NOT_REPEATED,
    *,
    columns: Sequence[str] | None = None,
    basis: BasisIn | None = None,
) -> uuid.UUID:
    """Read a file and keep what was understood of each row, sealed, until somebody decides.

    A short one is read at once, a long one by the worker; until then its bytes wait, sealed.

    Args:
        file_name: as it was called.
        data: a CSV or XLSX; see :func:`.files.lines_of`.
        columns: what each column holds, as for :func:`assign`; ``None``: by its headings.
        basis: on what ground the worker takes a long list in once it is read; ``None``: it waits
            for :func:`confirm`, as a short one always does.

    Returns:
        The id of the import. No contact has been written.

    Raises:
        Invalid: a short file cannot be taken as a whole, or ``columns`` are not right; with a
            sentence, and nothing is kept. A long one then becomes ``refused``.
    """
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return uuid.UUID(first["id"])
        made = ContactImport(
            district=principal.district,
            file_name=file_name[:200],
            columns=list(columns or ()),
            made_by_name=principal.name,
        )
        session.add(made)
        session.flush()
        job = jobs.put(session, made, "read", principal, file=data)
        if is_short(data):
            jobs.do(session, job)
        elif basis is not None:
            _state(made, basis)
        once.keep(session, {"id": str(made.id)})
        return made.id


def _state(found: ContactImport, basis: BasisIn) -> None:
    found.basis, found.version = basis.basis, basis.version
    found.agreed_on = basis.agreed_on


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
        check_columns(columns, len(found.columns))
        found.columns = list(columns)
        job = jobs.put(session, found, "read", principal)
        if found.total <= jobs.SHORT:
            jobs.do(session, job)


def confirm(principal: Principal, import_id: uuid.UUID, basis: BasisIn) -> ContactImport:
    """Take in every good row, in one transaction, on the ground that is stated.

    A long list is taken in by the worker. Two lists at the same moment are taken in one after the
    other, so that a row of both is one contact. Pressed twice, it is taken in once.

    Raises:
        Problem: 404; 403 of another office; 409 when it no longer waits, or has no good row.
    """
    with database.transaction() as session:
        found = stored(session, import_id, principal, lock=True)
        if found.status in ("done", "taking"):
            return found
        _must_wait(found)
        if not found.good:
            raise Problem(
                409,
                "nothing-to-take",
                lazy("No row of this list can be taken in."),
                lazy("Please look at the reasons, correct the file and choose it again."),
            )
        _state(found, basis)
        job = jobs.put(session, found, "take", principal)
        if found.good <= jobs.SHORT:
            jobs.do_unless_busy(session, job)
        return found


def discard(principal: Principal, import_id: uuid.UUID) -> None:
    """Forget a list that waits: its rows are deleted, nothing was written.

    Raises:
        Problem: as :func:`assign`.
    """
    with database.transaction() as session:
        found = stored(session, import_id, principal, lock=True)
        _must_wait(found)
        forget_rows(session, [found.id])
        found.status, found.file_name = "discarded", None
        audit.record(
            session,
            principal,
            "contacts.list-discarded",
            f"contact-import/{found.id}",
            district=found.district,
        )


def undo(principal: Principal, import_id: uuid.UUID) -> None:
    """Take a list's contacts out again, as a whole, within :data:`UNDO_FOR`.

    Messages to them that have not gone out are cancelled, unless another contact has the address.
    With a long list the worker does it.

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
        job = jobs.put(session, found, "undo", principal)
        if found.written <= jobs.SHORT:
            jobs.do(session, job)


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
    # Not against whoever parks its rows: a worker may be at it, and the page answers at once.
    found = session.get(
        ContactImport, import_id, with_for_update={"key_share": True} if lock else None
    )
    if found is None:
        raise NotFound(lazy("There is no such list."))
    principal.must_cover(found.district)
    return found


def at_work() -> Problem:
    """The answer while a list is being read, taken in or taken out."""
    return Problem(
        409,
        "import-at-work",
        lazy("We are still at work on this list."),
        lazy("Its page shows how far it has come. Please come back in a few minutes."),
    )


def _must_wait(found: ContactImport) -> None:
    if found.status in AT_WORK:
        raise at_work()
    if found.status != "waiting":
        raise Problem(
            409,
            "import-not-waiting",
            lazy("This list does not wait any more."),
            lazy("It was taken in or put aside already. You can hand the file in again."),
        )


def counted(found: ContactImport) -> dict[Verdict, int]:
    """Rows by what becomes of them."""
    return {"good": found.good, "problem": found.problems, "duplicate": found.duplicates}
