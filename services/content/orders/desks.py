"""The desks of communities where orders are fetched, as staff keep them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.chassis.fields import District, LocalizedLine
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import NotFound
from services.content.database import database
from services.content.orders.models import Desk
from services.content.orders.schemas import DeskOut


class DeskIn(BaseModel):
    """A desk: where it is and when it is open; one that is not open takes no new orders."""

    model_config = ConfigDict(extra="forbid")

    district: District
    name: LocalizedLine
    address: LocalizedLine
    hours: LocalizedLine
    is_open: bool = True


def create(
    principal: Principal,
    wanted: DeskIn,
    once: Once = NOT_REPEATED,
    *,
    desk_id: uuid.UUID | None = None,
) -> DeskOut:
    """Add a desk.

    Raises:
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return DeskOut.model_validate(answer)
        principal.must_cover(wanted.district)
        desk = Desk(id=desk_id or new_id(), **wanted.model_dump())
        session.add(desk)
        session.flush()
        audit.record(session, principal, "desk.written", f"desk/{desk.id}", district=desk.district)
        done = DeskOut.model_validate(desk)
        once.keep(session, done.model_dump(mode="json"))
        return done


def edit(principal: Principal, desk_id: uuid.UUID, wanted: DeskIn) -> DeskOut:
    """Describe a desk anew; what was ordered to it is fetched there all the same.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        desk = session.get(Desk, desk_id, with_for_update=True)
        if desk is None:
            raise NotFound(lazy("There is no such desk."))
        principal.must_cover(desk.district)
        principal.must_cover(wanted.district)
        for name, value in wanted.model_dump().items():
            setattr(desk, name, value)
        session.flush()
        audit.record(session, principal, "desk.changed", f"desk/{desk.id}", district=desk.district)
        return DeskOut.model_validate(desk)


def all_desks(principal: Principal) -> Sequence[DeskOut]:
    """Every desk that is the caller's, by district."""
    query = sa.select(Desk).order_by(Desk.district, Desk.id)
    if principal.district is not None:
        query = query.where(Desk.district == principal.district)
    with database.transaction() as session:
        return [DeskOut.model_validate(desk) for desk in session.scalars(query)]


def open_desks() -> Sequence[DeskOut]:
    """Every desk that takes orders, by district."""
    with database.transaction() as session:
        rows = session.scalars(sa.select(Desk).where(Desk.is_open).order_by(Desk.district, Desk.id))
        return [DeskOut.model_validate(desk) for desk in rows]


def get_desk(principal: Principal, desk_id: uuid.UUID) -> DeskOut:
    """A desk of the caller's.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        desk = session.get(Desk, desk_id)
        if desk is None:
            raise NotFound(lazy("There is no such desk."))
        principal.must_cover(desk.district)
        return DeskOut.model_validate(desk)
