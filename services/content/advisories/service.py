"""Writing, publishing and withdrawing advisories."""

from __future__ import annotations

import uuid
from typing import Literal

from pydantic import ValidationError
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.events import publish as tell
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import Invalid, NotFound, Problem
from services.chassis.validation import field_errors
from services.content.advisories.events import event_of
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import AdvisoryIn, AdvisoryOut, AdvisoryPatch
from services.content.database import database

Act = Literal["written", "changed", "published", "withdrawn"]


def create(
    principal: Principal,
    wanted: AdvisoryIn,
    once: Once = NOT_REPEATED,
    *,
    advisory_id: uuid.UUID | None = None,
) -> AdvisoryOut:
    """Write a draft; nobody but staff sees it.

    Args:
        advisory_id: its id, where the caller needs to know it beforehand; else a fresh one.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return AdvisoryOut.model_validate(answer)
        advisory = Advisory(id=advisory_id or new_id(), announcements=[], **wanted.model_dump())
        advisory.written_by(principal)
        session.add(advisory)
        session.flush()
        _record(session, principal, advisory, "written")
        done = AdvisoryOut.of(advisory)
        once.keep(session, done.model_dump(mode="json"))
    return done


def edit(principal: Principal, advisory_id: uuid.UUID, patch: AdvisoryPatch) -> AdvisoryOut:
    """Change an advisory; when it is public, everybody who was told is told again.

    Raises:
        NotFound: there is none.
        Invalid: the advisory as a whole would not be right.
        Problem: 409 ``changed-meanwhile``, 409 ``already-over``.
    """
    with database.transaction() as session:
        advisory = _locked(session, advisory_id)
        advisory.must_be_at(patch.version)
        wanted = _merged(advisory, patch)
        for name, value in wanted.model_dump().items():
            setattr(advisory, name, value)
        advisory.touch()
        if advisory.status == "published":
            _must_last(advisory)
            _announce(session, advisory)
        _record(session, principal, advisory, "changed")
        return AdvisoryOut.of(advisory)


def publish(principal: Principal, advisory_id: uuid.UUID) -> AdvisoryOut:
    """Make an advisory public and tell the other services.

    Raises:
        NotFound: there is none.
        Problem: 409 ``wrong-state``, 409 ``already-over``.
    """
    with database.transaction() as session:
        advisory = _locked(session, advisory_id)
        advisory.publish()
        _must_last(advisory)
        _announce(session, advisory)
        _record(session, principal, advisory, "published")
        return AdvisoryOut.of(advisory)


def withdraw(principal: Principal, advisory_id: uuid.UUID, reason: str) -> AdvisoryOut:
    """Take an advisory back and tell the other services.

    Raises:
        NotFound: there is none.
        Problem: 409 ``wrong-state``.
    """
    with database.transaction() as session:
        advisory = _locked(session, advisory_id)
        advisory.withdraw(reason)
        _announce(session, advisory)
        _record(session, principal, advisory, "withdrawn")
        return AdvisoryOut.of(advisory)


def _locked(session: Session, advisory_id: uuid.UUID) -> Advisory:
    found = session.get(Advisory, advisory_id, with_for_update=True)
    if found is None:
        raise NotFound(lazy("There is no such advisory."))
    return found


def _merged(advisory: Advisory, patch: AdvisoryPatch) -> AdvisoryIn:
    present = {name: getattr(advisory, name) for name in AdvisoryIn.model_fields}
    changes = patch.model_dump(exclude_unset=True, exclude={"version"})
    try:
        return AdvisoryIn.model_validate(present | changes)
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error


def _must_last(advisory: Advisory) -> None:
    if advisory.valid_until is not None and advisory.valid_until <= utc_now():
        raise Problem(
            409,
            "already-over",
            lazy("This advisory ends in the past, so nobody would see it."),
            lazy("Please choose a later end, or none."),
        )


def _announce(session: Session, advisory: Advisory) -> None:
    """Tell the world, and note it: a later CAP message must name the earlier ones."""
    told = advisory.announcements
    if advisory.status == "withdrawn":
        kind = "Cancel"
    else:
        kind = "Update" if told and told[-1]["kind"] != "Cancel" else "Alert"
    at = advisory.updated_at.isoformat(timespec="seconds")
    advisory.announcements = [*told, {"version": advisory.version, "kind": kind, "at": at}]
    tell(session, event_of(advisory))


def _record(session: Session, principal: Principal, advisory: Advisory, act: Act) -> None:
    audit.record(
        session,
        principal,
        f"advisory.{act}",
        f"advisory/{advisory.id}",
        district=None,
        detail=f"{advisory.country} {advisory.level}",
    )
