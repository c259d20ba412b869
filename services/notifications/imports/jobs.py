"""Work on lists: reading one, taking it in, taking it out again.

A short list is done at once, in the transaction of whoever asks. A long one becomes a row
(:class:`.models.ContactImportJob`) that the worker finds; the same function does it there, again
in one transaction with the end of that row. So a worker that is killed has written nothing, and
the next one begins anew.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog
from psycopg.errors import LockNotAvailable
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.crypto import decode, encode
from services.chassis.database import utc_now
from services.chassis.i18n import Lazy, Text, lazy
from services.chassis.problems import Invalid
from services.notifications.database import database
from services.notifications.imports import taking
from services.notifications.imports.basis import BasisIn
from services.notifications.imports.judging import Told, check_columns, judge, opened, parked
from services.notifications.imports.models import ContactImport, ContactImportJob, Status, Work

log = structlog.get_logger(__name__)

# So many rows are done while somebody waits; it takes about a second.
SHORT: Final = 2_000
MOST_ATTEMPTS: Final = 3
# A hundred thousand contacts are written in minutes, single statements of it in most of one.
_SECONDS: Final = 1_800
_PATIENCE_SECONDS: Final = 3
AGAIN_AFTER: Final = timedelta(minutes=1)
# Of PostgreSQL's advisory locks these are for taking lists in, and for the one worker that works.
_TAKING_IN: Final = 0x11B0_C0117AC7
_WORKING: Final = 0x11B0_C0117AC8

_WHILE: Final[dict[Work, Status]] = {"read": "reading", "take": "taking", "undo": "undoing"}
_GIVEN_UP: Final[dict[str, Status]] = {"read": "refused", "take": "waiting", "undo": "done"}

_BROKE_OFF: Final = lazy(
    "Our work on this list broke off several times. Please try once more; when it happens again, "
    "divide the list or tell whoever runs this system."
)


def _to_nobody(_done: int, _of: int) -> None:
    """Nobody waits to be told: whoever asked gets the whole."""


def put(
    session: Session,
    found: ContactImport,
    kind: Work,
    by: Principal,
    *,
    file: bytes | None = None,
) -> ContactImportJob:
    """Note that something is to be done with a list.

    Args:
        file: what is to be read; ``None`` for rows that are parked already.
    """
    found.status = _WHILE[kind]
    found.attempts = found.rows_read = found.rows_in_file = 0
    found.refusal = None
    job = ContactImportJob(
        import_id=found.id,
        kind=kind,
        by=json.dumps(dataclasses.asdict(by), default=str),
        file=None if file is None else encode(file),
    )
    session.add(job)
    session.flush()
    return job


def do(session: Session, job: ContactImportJob, told: Told = _to_nobody) -> None:
    """Do it now, in the caller's transaction.

    Raises:
        Invalid: the file cannot be taken as a whole; with a sentence.
    """
    found = session.get_one(ContactImport, job.import_id)
    _WORK[job.kind](session, found, job, told)
    session.delete(job)
    session.flush()
    if found.status == "reading":
        found.status = "waiting"
        if found.basis is not None and found.good:  # a program said so when it handed it in
            put(session, found, "take", _by(job))


def do_unless_busy(session: Session, job: ContactImportJob) -> None:
    """Do it now, unless a long list is being taken in at this moment: then the worker does it."""
    try:
        with session.begin_nested():
            session.execute(sa.text(f"SET LOCAL lock_timeout = '{_PATIENCE_SECONDS}s'"))
            do(session, job)
    except sa.exc.OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise


def _by(job: ContactImportJob) -> Principal:
    said = json.loads(job.by)
    ids = {name: uuid.UUID(said[name]) for name in ("id", "credential_id")}
    return Principal(**(said | ids))


def _read(session: Session, found: ContactImport, job: ContactImportJob, told: Told) -> None:
    if job.file is None:
        columns, lines, heads, rows = found.columns, parked(session, found), None, found.total
    else:
        file = opened(decode(job.file))
        columns = found.columns or file.layout.columns
        check_columns(columns, len(file.layout.columns))
        lines, heads, rows = iter(file.lines), file.layout.heads, len(file.lines)
    told(0, rows)
    judge(session, found, columns, lines, lambda done: told(done, rows))
    if heads is not None:
        found.heads = json.dumps(heads, ensure_ascii=False)
        _note(session, found, job, "contacts.list-read", f"{found.total}")


def _take(session: Session, found: ContactImport, job: ContactImportJob, told: Told) -> None:
    one_at_a_time(session)
    basis = BasisIn.model_validate(
        {"basis": found.basis, "version": found.version or "", "agreed_on": found.agreed_on}
    )
    good = found.good
    found.written = taking.take(session, found, basis, lambda done: told(done, good))
    found.status = "done"
    found.confirmed_by_name, found.confirmed_at = _by(job).name, utc_now()
    _note(session, found, job, "contacts.list-taken-in", f"{found.written}, {found.basis}")


def one_at_a_time(session: Session) -> None:
    """Wait until no other list is being taken in, so that a row of both is one contact."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_TAKING_IN)))


def _undo(session: Session, found: ContactImport, job: ContactImportJob, _told: Told) -> None:
    gone = taking.take_out(session, found)
    found.status = "undone"
    found.undone_by_name, found.undone_at = _by(job).name, utc_now()
    _note(session, found, job, "contacts.list-taken-out", f"{gone}")


def _note(
    session: Session, found: ContactImport, job: ContactImportJob, act: str, detail: str
) -> None:
    target = f"contact-import/{found.id}"
    audit.record(session, _by(job), act, target, district=found.district, detail=detail)


_WORK: Final[dict[str, Callable[[Session, ContactImport, ContactImportJob, Told], None]]] = {
    "read": _read,
    "take": _take,
    "undo": _undo,
}


# --- the worker -----------------------------------------------------------------------------------


def work() -> int:
    """Do what is due, one list after the other. While another worker is at it, nothing.

    Returns:
        How many pieces of work were begun.
    """
    begun = 0
    while _next():
        begun += 1
    return begun


def _next() -> bool:
    with database.transaction() as session:
        job = _claimed(session)
        if job is None:
            return False
        import_id = job.import_id
        attempts = _tell(import_id, attempts=ContactImport.attempts + 1)
        if attempts > MOST_ATTEMPTS:  # the ones before killed their workers
            _give_up(session, job, _BROKE_OFF)
            return True
        try:
            with session.begin_nested():
                do(session, job, _teller(import_id))
        except Invalid as refused:
            _give_up(session, job, refused.errors[0].message)
        except Exception:
            log.exception("list.work_broke_off", list=str(import_id), attempt=attempts)
            if attempts == MOST_ATTEMPTS:
                _give_up(session, job, _BROKE_OFF)
            else:
                job.due_at = utc_now() + AGAIN_AFTER
    return True


def _claimed(session: Session) -> ContactImportJob | None:
    """The work that is due first, this worker's until its transaction ends."""
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
        session.execute(sa.text(f"SET LOCAL {limit} = '{_SECONDS}s'"))
    if not session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_WORKING))):
        return None
    return session.scalars(
        sa.select(ContactImportJob)
        .where(ContactImportJob.due_at <= sa.func.now())
        .order_by(ContactImportJob.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def _teller(import_id: uuid.UUID) -> Told:
    def told(done: int, of: int) -> None:
        _tell(import_id, rows_read=done, rows_in_file=of)

    return told


def _tell(import_id: uuid.UUID, **values: Any) -> int:  # noqa: ANN401 - columns
    """Note how far the work has come, in a transaction of its own, which its page sees at once.

    Returns:
        How often the work was begun, counted also when that killed its worker.
    """
    with database.transaction() as session:
        return session.execute(
            sa.update(ContactImport)
            .where(ContactImport.id == import_id)
            .values(**values)
            .returning(ContactImport.attempts)
        ).scalar_one()


def _give_up(session: Session, job: ContactImportJob, why: Text) -> None:
    """End it with a sentence for the list's page; of a file that cannot be read nothing stays."""
    found = session.get_one(ContactImport, job.import_id)
    found.status = _GIVEN_UP[job.kind]
    said = why if isinstance(why, Lazy) else lazy(why)
    values = {name: str(value) for name, value in said.values.items()}
    found.refusal = {"message": said.message, "values": values}
    session.delete(job)
