"""What staff do with venues. Each use case is a transaction."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import NotFound, Problem
from services.registration.database import database
from services.registration.resources.models import Venue
from services.registration.resources.schemas import VenueIn, VenueOut


def listed(principal: Principal, *, archived: bool = False) -> list[VenueOut]:
    """The venues of the caller's district, in the order of districts and names."""
    with database.transaction() as session:
        return [VenueOut.of(venue) for venue in of_caller(session, principal, archived=archived)]


def of_caller(session: Session, principal: Principal, *, archived: bool = False) -> list[Venue]:
    """The rows behind :func:`listed`."""
    query = sa.select(Venue).order_by(Venue.district, Venue.name["zh-CN"].astext, Venue.id)
    query = query.where(Venue.archived_at.is_not(None) if archived else Venue.archived_at.is_(None))
    if principal.district is not None:
        query = query.where(Venue.district == principal.district)
    return list(session.scalars(query))


def one(principal: Principal, venue_id: uuid.UUID) -> VenueOut:
    """One venue.

    Raises:
        Problem: 404; 403 for another district's.
    """
    with database.transaction() as session:
        return VenueOut.of(_found(session, principal, venue_id))


def create(principal: Principal, wanted: VenueIn, once: Once = NOT_REPEATED) -> VenueOut:
    """Enter a venue.

    Raises:
        Problem: 403 for another district's; 422 ``idempotency-key-reused``.
    """
    principal.must_cover(wanted.district)
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return VenueOut.model_validate(first)
        venue = Venue(id=new_id(), version=1, **wanted.model_dump(exclude={"version"}))
        session.add(venue)
        session.flush()
        _note(session, principal, "venue.created", venue)
        made = VenueOut.of(venue)
        once.keep(session, made.model_dump(mode="json"))
        return made


def edit(principal: Principal, venue_id: uuid.UUID, wanted: VenueIn) -> VenueOut:
    """Write a venue anew. Activities that are planned in it keep what they say of it.

    Raises:
        Problem: 404; 403 for another district's; 409 ``edited-meanwhile``.
    """
    with database.transaction() as session:
        venue = _found(session, principal, venue_id, lock=True)
        principal.must_cover(wanted.district)
        must_be_newest(wanted.version, venue.version)
        for name, value in wanted.model_dump(exclude={"version"}).items():
            setattr(venue, name, value)
        if session.is_modified(venue):
            venue.version += 1
            _note(session, principal, "venue.edited", venue)
        return VenueOut.of(venue)


def archive(principal: Principal, venue_id: uuid.UUID, *, archived: bool = True) -> VenueOut:
    """Offer a venue no longer for what is planned from now on, or offer it again.

    Raises:
        Problem: 404; 403 for another district's.
    """
    with database.transaction() as session:
        venue = _found(session, principal, venue_id, lock=True)
        if (venue.archived_at is not None) != archived:
            venue.archived_at = utc_now() if archived else None
            venue.version += 1
            _note(session, principal, "venue.archived" if archived else "venue.restored", venue)
        return VenueOut.of(venue)


def must_be_newest(seen: int | None, stored: int) -> None:
    """Refuse an edit over a newer version than the editor saw.

    Raises:
        Problem: 409 ``edited-meanwhile``.
    """
    if seen not in (None, stored):
        raise Problem(
            409,
            "edited-meanwhile",
            lazy("Somebody else has changed this entry since you opened it."),
            lazy("Please compare with its present state, then send your changes again."),
        )


def _found(
    session: Session, principal: Principal, venue_id: uuid.UUID, *, lock: bool = False
) -> Venue:
    venue: Venue | None = session.get(Venue, venue_id, with_for_update=lock or None)
    if venue is None:
        raise NotFound(lazy("There is no such room."))
    principal.must_cover(venue.district)
    return venue


def _note(session: Session, principal: Principal, action: str, venue: Venue) -> None:
    audit.record(session, principal, action, f"venue/{venue.id}", district=venue.district)
