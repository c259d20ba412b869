"""What staff do with lecturers. Each use case is a transaction.

District staff see those who speak in their district, and keep the entries of those who speak
there alone; whoever speaks in the whole city, or in several districts, is the city's to keep.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import NotFound
from services.registration.database import database
from services.registration.resources.models import Exceptional, Hours, Lecturer
from services.registration.resources.schemas import ExceptionIn, LecturerIn, LecturerOut
from services.registration.resources.venues import must_be_newest

_LISTS = {"version", "hours", "exceptions"}


def listed(principal: Principal, *, archived: bool = False) -> list[LecturerOut]:
    """The lecturers who speak in the caller's district, by name."""
    with database.transaction() as session:
        rows = of_caller(session, principal, archived=archived)
        return [LecturerOut.of(lecturer, principal) for lecturer in rows]


def of_caller(session: Session, principal: Principal, *, archived: bool = False) -> list[Lecturer]:
    """The rows behind :func:`listed`."""
    query = sa.select(Lecturer).order_by(Lecturer.name["zh-CN"].astext, Lecturer.id)
    query = query.where(
        Lecturer.archived_at.is_not(None) if archived else Lecturer.archived_at.is_(None)
    )
    if principal.district is not None:
        query = query.where(
            sa.or_(Lecturer.districts == [], Lecturer.districts.contains([principal.district]))
        )
    return list(session.scalars(query))


def one(principal: Principal, lecturer_id: uuid.UUID) -> LecturerOut:
    """One lecturer.

    Raises:
        Problem: 404; 403 for one who does not speak in the caller's district.
    """
    with database.transaction() as session:
        return LecturerOut.of(seen(session, principal, lecturer_id), principal)


def create(principal: Principal, wanted: LecturerIn, once: Once = NOT_REPEATED) -> LecturerOut:
    """Enter a lecturer.

    Raises:
        Problem: 403 for another district's or the city's; 422 ``idempotency-key-reused``.
    """
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return LecturerOut.model_validate(first)
        lecturer = Lecturer(id=new_id(), version=1)
        _write(lecturer, wanted)
        principal.must_cover(lecturer.home)
        session.add(lecturer)
        session.flush()
        _note(session, principal, "lecturer.created", lecturer)
        made = LecturerOut.of(lecturer, principal)
        once.keep(session, made.model_dump(mode="json"))
        return made


def edit(principal: Principal, lecturer_id: uuid.UUID, wanted: LecturerIn) -> LecturerOut:
    """Write a lecturer anew; the exceptions only when they are given.

    What is planned already stays, also where it now lies outside the hours.

    Raises:
        Problem: 404; 403 for another district's or the city's; 409 ``edited-meanwhile``.
    """
    with database.transaction() as session:
        lecturer = _kept(session, principal, lecturer_id)
        must_be_newest(wanted.version, lecturer.version)
        _write(lecturer, wanted)
        principal.must_cover(lecturer.home)
        lecturer.version += 1
        session.flush()
        _note(session, principal, "lecturer.edited", lecturer)
        return LecturerOut.of(lecturer, principal)


def archive(principal: Principal, lecturer_id: uuid.UUID, *, archived: bool = True) -> LecturerOut:
    """Offer a lecturer no longer for what is planned from now on, or offer them again.

    Raises:
        Problem: 404; 403 for another district's or the city's.
    """
    with database.transaction() as session:
        lecturer = _kept(session, principal, lecturer_id)
        if (lecturer.archived_at is not None) != archived:
            lecturer.archived_at = utc_now() if archived else None
            lecturer.version += 1
            act = "lecturer.archived" if archived else "lecturer.restored"
            _note(session, principal, act, lecturer)
        return LecturerOut.of(lecturer, principal)


def add_exception(
    principal: Principal, lecturer_id: uuid.UUID, wanted: ExceptionIn, once: Once = NOT_REPEATED
) -> LecturerOut:
    """Note days on which the week does not hold.

    Raises:
        Problem: 404; 403 for another district's or the city's.
    """
    with database.transaction() as session:
        lecturer = _kept(session, principal, lecturer_id)
        if once.first_answer(session) is None:
            lecturer.exceptions.append(_exception(wanted))
            lecturer.version += 1
            session.flush()
            _note(session, principal, "lecturer.edited", lecturer)
            once.keep(session, {"id": str(lecturer.id)})
        return LecturerOut.of(lecturer, principal)


def drop_exception(
    principal: Principal, lecturer_id: uuid.UUID, exception_id: uuid.UUID
) -> LecturerOut:
    """Let the week hold again. Doing so twice changes nothing.

    Raises:
        Problem: 404; 403 for another district's or the city's.
    """
    with database.transaction() as session:
        lecturer = _kept(session, principal, lecturer_id)
        left = [row for row in lecturer.exceptions if row.id != exception_id]
        if len(left) < len(lecturer.exceptions):
            lecturer.exceptions = left
            lecturer.version += 1
            _note(session, principal, "lecturer.edited", lecturer)
        return LecturerOut.of(lecturer, principal)


def seen(session: Session, principal: Principal, lecturer_id: uuid.UUID) -> Lecturer:
    """A lecturer whom the caller may see and plan with.

    Raises:
        Problem: 404; 403 for one who does not speak in the caller's district.
    """
    lecturer = session.get(Lecturer, lecturer_id)
    if lecturer is None:
        raise _no_such_lecturer()
    if lecturer.districts and principal.district not in lecturer.districts:
        principal.must_cover(lecturer.districts[0])
    return lecturer


def _kept(session: Session, principal: Principal, lecturer_id: uuid.UUID) -> Lecturer:
    """A lecturer whose entry the caller keeps, the row locked."""
    lecturer: Lecturer | None = session.get(Lecturer, lecturer_id, with_for_update=True)
    if lecturer is None:
        raise _no_such_lecturer()
    principal.must_cover(lecturer.home)
    return lecturer


def _write(lecturer: Lecturer, wanted: LecturerIn) -> None:
    for name in LecturerIn.model_fields.keys() - _LISTS:
        setattr(lecturer, name, getattr(wanted, name))
    lecturer.hours = [Hours(id=new_id(), **hours.model_dump()) for hours in wanted.hours]
    if wanted.exceptions is not None:
        lecturer.exceptions = [_exception(wanted) for wanted in wanted.exceptions]


def _exception(wanted: ExceptionIn) -> Exceptional:
    return Exceptional(id=new_id(), **wanted.model_dump())


def _no_such_lecturer() -> NotFound:
    return NotFound(lazy("There is no such lecturer."))


def _note(session: Session, principal: Principal, action: str, lecturer: Lecturer) -> None:
    audit.record(session, principal, action, f"lecturer/{lecturer.id}", district=lecturer.home)
