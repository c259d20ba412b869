"""What of this service a member of staff should see first."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.notifications.broadcasts.models import SYSTEM, Broadcast, Status
from services.notifications.broadcasts.reading import counts_of
from services.notifications.broadcasts.schemas import Counts
from services.notifications.database import database
from services.notifications.delivery.overview import Figures, figures
from services.notifications.webhooks import service as webhooks
from services.notifications.webhooks.schemas import EndpointOut

# More than this on a first page helps nobody; the list has all of them.
MOST = 10
_OPEN = (
    Status.DRAFT,
    Status.SUBMITTED,
    Status.APPROVED,
    Status.SCHEDULED,
    Status.SENDING,
    Status.PAUSED,
)


@dataclass(frozen=True)
class OpenBroadcast:
    """A broadcast that is under way, and whether the caller could approve it."""

    broadcast: Broadcast
    counts: Counts
    own: bool


@dataclass(frozen=True)
class Today:
    """What waits, what is being sent, and how deliveries fare.

    ``to_read`` are drafts that the system made, which no person has submitted yet.
    """

    to_read: list[OpenBroadcast]
    to_approve: list[OpenBroadcast]
    to_send: list[OpenBroadcast]
    moving: list[OpenBroadcast]
    figures: Figures
    switched_off: list[EndpointOut]

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to do and nothing to worry about."""
        return not (
            self.to_read
            or self.to_approve
            or self.to_send
            or self.moving
            or self.figures.unwell
            or self.figures.overdue
            or self.switched_off
        )


def today(principal: Principal) -> Today:
    """The caller's part of it: a district's staff see their district's."""
    query = (
        sa.select(Broadcast)
        .where(
            Broadcast.status.in_([status.value for status in _OPEN]),
            sa.or_(Broadcast.status != Status.DRAFT, Broadcast.author_kind == SYSTEM),
        )
        .order_by(
            # What a person began stands before what the system drafted.
            Broadcast.status == Status.DRAFT,
            (Broadcast.urgency == "emergency").desc(),
            Broadcast.updated_at,
        )
        .limit(MOST)
    )
    if principal.district is not None:
        query = query.where(Broadcast.district == principal.district)
    with database.transaction() as session:
        found = [_open(session, broadcast, principal) for broadcast in session.scalars(query)]

    def standing_at(*statuses: Status) -> list[OpenBroadcast]:
        return [one for one in found if one.broadcast.status in statuses]

    may_write = principal.may("broadcasts.write")
    return Today(
        to_read=standing_at(Status.DRAFT) if may_write else [],
        to_approve=standing_at(Status.SUBMITTED) if may_write else [],
        to_send=standing_at(Status.APPROVED) if may_write else [],
        moving=standing_at(Status.SCHEDULED, Status.SENDING, Status.PAUSED),
        figures=figures(principal),
        switched_off=webhooks.switched_off() if principal.may("webhooks.manage") else [],
    )


def _open(session: Session, broadcast: Broadcast, principal: Principal) -> OpenBroadcast:
    return OpenBroadcast(
        broadcast,
        counts_of(session, broadcast.id),
        broadcast.written_or_submitted_by(principal),
    )
