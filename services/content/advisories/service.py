"""Writing, publishing and withdrawing advisories."""

from __future__ import annotations

import uuid

from pydantic import ValidationError
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import Invalid
from services.chassis.validation import field_errors
from services.content.advisories.announcing import announce
from services.content.advisories.approval import (
    SecondPersonNeeded,
    asks_for_two,
    forget_waiting,
    next_content,
)
from services.content.advisories.changes import needs_second_person, public_now
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import AdvisoryIn, AdvisoryKept, AdvisoryPatch
from services.content.advisories.storing import locked, must_last, record
from services.content.database import database


def create(
    principal: Principal,
    wanted: AdvisoryIn,
    once: Once = NOT_REPEATED,
    *,
    advisory_id: uuid.UUID | None = None,
) -> AdvisoryKept:
    """Write a draft; nobody but staff sees it.

    Args:
        advisory_id: its id, where the caller needs to know it beforehand; else a fresh one.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return AdvisoryKept.model_validate(answer)
        advisory = draft(session, wanted, advisory_id or new_id())
        advisory.written_by(principal)
        advisory.written_on_by(principal)
        session.flush()
        record(session, principal, advisory, "written")
        done = AdvisoryKept.of(advisory)
        once.keep(session, done.model_dump(mode="json"))
    return done


def draft(session: Session, wanted: AdvisoryIn, advisory_id: uuid.UUID) -> Advisory:
    """A draft in the caller's transaction; whose it is, the caller says."""
    advisory = Advisory(id=advisory_id, writers=[], **wanted.model_dump())
    session.add(advisory)
    return advisory


def edit(principal: Principal, advisory_id: uuid.UUID, patch: AdvisoryPatch) -> AdvisoryKept:
    """Change an advisory.

    When it is public, everybody who was told is told again; but a change that raises it to orange
    or red is kept aside, and waits for a second person to publish it.

    Raises:
        NotFound: there is none.
        Invalid: the advisory as a whole would not be right.
        Problem: 409 ``changed-meanwhile``, 409 ``already-over``.
    """
    with database.transaction() as session:
        return edit_in(session, principal, advisory_id, patch)


def edit_in(
    session: Session, principal: Principal, advisory_id: uuid.UUID, patch: AdvisoryPatch
) -> AdvisoryKept:
    """:func:`edit` in the caller's transaction."""
    advisory = locked(session, advisory_id)
    advisory.must_be_at(patch.version)
    wanted = _merged(next_content(advisory), patch)
    before = public_now(advisory)
    is_public = advisory.status == "published"
    if is_public:
        must_last(wanted)
    if is_public and needs_second_person(before, wanted):
        advisory.waiting = wanted.model_dump(mode="json")
        advisory.written_on_by(principal)
        advisory.submit(principal)
        advisory.touch()
        record(session, principal, advisory, "change-held")
        return AdvisoryKept.of(advisory)
    _take(advisory, wanted)
    advisory.touch()
    if is_public:
        forget_waiting(advisory)
        announce(session, advisory, before, written_by=principal.name)
    else:
        advisory.written_on_by(principal)
    record(session, principal, advisory, "changed")
    return AdvisoryKept.of(advisory)


def publish(
    principal: Principal, advisory_id: uuid.UUID, version: int | None = None
) -> AdvisoryKept:
    """Make public what is written, and tell the other services.

    At orange or red it takes a second person: whoever calls it alone has it wait for somebody else,
    and is told so.

    Args:
        version: what the caller read; anything else is not published.

    Raises:
        NotFound: there is none.
        SecondPersonNeeded: 409 ``second-person-needed``; it waits for another person now.
        Problem: 409 ``wrong-state``, ``already-over``, ``changed-meanwhile``.
    """
    with database.transaction() as session:
        advisory = locked(session, advisory_id)
        advisory.must_be_at(version)
        two = asks_for_two(advisory)
        if not two or advisory.is_second(principal):
            _go_public(session, principal, advisory, two=two)
            return AdvisoryKept.of(advisory)
        must_last(next_content(advisory))
        if advisory.submitted_at is None:
            advisory.submit(principal)
            record(session, principal, advisory, "submitted")
    raise SecondPersonNeeded


def withdraw(principal: Principal, advisory_id: uuid.UUID, reason: str) -> AdvisoryKept:
    """Take an advisory back and tell the other services; a change that waits goes with it.

    Raises:
        NotFound: there is none.
        Problem: 409 ``wrong-state``.
    """
    with database.transaction() as session:
        return withdraw_in(session, principal, advisory_id, reason)


def withdraw_in(
    session: Session, principal: Principal, advisory_id: uuid.UUID, reason: str
) -> AdvisoryKept:
    """:func:`withdraw` in the caller's transaction."""
    advisory = locked(session, advisory_id)
    before = public_now(advisory)
    advisory.withdraw(reason)
    forget_waiting(advisory)
    announce(session, advisory, before, written_by=principal.name)
    record(session, principal, advisory, "withdrawn")
    return AdvisoryKept.of(advisory)


def _go_public(session: Session, principal: Principal, advisory: Advisory, *, two: bool) -> None:
    before = public_now(advisory)
    wanted = next_content(advisory)
    if advisory.waiting is None:
        advisory.publish()
    else:
        advisory.touch()
    must_last(wanted)
    _take(advisory, wanted)
    author = advisory.submitted_by_name or advisory.author_name
    forget_waiting(advisory)
    announce(
        session,
        advisory,
        before,
        written_by=author,
        released_by=principal if two else None,
    )
    record(session, principal, advisory, "published")


def _take(advisory: Advisory, wanted: AdvisoryIn) -> None:
    for name, value in wanted.model_dump().items():
        setattr(advisory, name, value)


def _merged(present: AdvisoryIn, patch: AdvisoryPatch) -> AdvisoryIn:
    changes = patch.model_dump(exclude_unset=True, exclude={"version"})
    try:
        return AdvisoryIn.model_validate(present.model_dump() | changes)
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error
