"""The waiting room: what its page and its calls do."""

from __future__ import annotations

import math
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound, Problem
from services.registration.database import database
from services.registration.rush import gate, line, proof
from services.registration.rush.pressure import ROOM_OPENS, pressure_on

# How often a page asks: soon when it is nearly its turn, seldom far behind.
SOONEST, LATEST = 3, 30  # seconds
_AHEAD_PER_SECOND = 20


@dataclass(frozen=True)
class View:
    """The waiting room at one moment, for one visitor.

    Attributes:
        queued: whether one comes to the form only through the line now.
        room_opens_at: from when one can take a place.
        standing: how the visitor stands; ``None`` without a place.
        ask_again_after: seconds.
    """

    now: datetime
    opens_at: datetime
    room_opens_at: datetime
    queued: bool
    standing: line.Standing | None
    ask_again_after: int

    @property
    def is_open(self) -> bool:
        """Whether the opening has come."""
        return self.opens_at <= self.now


def view(activity_id: uuid.UUID, place_id: uuid.UUID | None) -> View:
    """How the waiting room of an activity looks to the holder of a place, or to a newcomer.

    Raises:
        NotFound: the activity has no fair queue.
    """
    now = utc_now()
    pressure = pressure_on(activity_id)
    if pressure.opens_at is None:
        raise NotFound
    standing = None
    if place_id is not None:
        with database.transaction() as session:
            standing = line.look(session, activity_id, place_id, now)
    return View(
        now=now,
        opens_at=pressure.opens_at,
        room_opens_at=pressure.opens_at - ROOM_OPENS,
        queued=pressure.queued(now),
        standing=standing,
        ask_again_after=_seconds(standing, pressure.opens_at, now),
    )


def join(activity_id: uuid.UUID, brought: gate.Brought) -> uuid.UUID:
    """Take a place in line, with a proof of work.

    Returns:
        The place's id.

    Raises:
        Problem: 409 ``no-queue`` when the form is open to everybody, ``waiting-room-closed`` when
            it is too early; 428 and 429 as :func:`.gate.show_work`.
    """
    now = utc_now()
    pressure = pressure_on(activity_id)
    if pressure.opens_at is not None and now < pressure.opens_at - ROOM_OPENS:
        raise Problem(
            409,
            "waiting-room-closed",
            lazy("The waiting room is not open yet."),
            lazy("It opens ten minutes before registration. Please come back then."),
        )
    if not pressure.queued(now):
        raise Problem(
            409,
            "no-queue",
            lazy("There is no queue at the moment."),
            lazy("Please go to the form directly."),
        )
    # One proof, one place, even for the same request sent again.
    gate.show_work(activity_id, brought, secrets.token_hex(16), now)
    with database.transaction() as session:
        return line.join(session, activity_id, now)


def forget() -> None:
    """Delete proofs that have expired, and lines that nobody looks at any more."""
    now = utc_now()
    with database.transaction() as session:
        proof.forget_used(session, now)
        line.forget_old(session, now)


def no_place() -> Problem:
    """What was shown is not a place in this line."""
    return Problem(
        404,
        "no-such-place",
        lazy("This is not a place in the line of this activity."),
        lazy("Please take a place in line."),
    )


def _seconds(standing: line.Standing | None, opens_at: datetime, now: datetime) -> int:
    left = opens_at - now
    if left > timedelta(0):
        # Now and then before the opening, to be seen to be there; then not all in one second.
        return min(LATEST, math.ceil(left.total_seconds()) + secrets.randbelow(SOONEST + 1))
    if standing is not None and standing.ahead is not None:
        return max(SOONEST, min(LATEST, standing.ahead // _AHEAD_PER_SECOND))
    return LATEST if standing is not None and standing.state == "admitted" else SOONEST
