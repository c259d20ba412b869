"""A broadcast after a broadcast: to those whom it did not reach, or who have not answered it.

Each makes a new draft, which needs its own approval. Whom it reaches is a rule
(``audience.of_broadcast`` and ``whose``), so it is counted anew until it is frozen.
"""

from __future__ import annotations

import uuid

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import Lazy, lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import Problem
from services.notifications.broadcasts import writing
from services.notifications.broadcasts.models import Broadcast, Status
from services.notifications.broadcasts.reading import stored
from services.notifications.broadcasts.schemas import Audience, BroadcastIn, BroadcastOut, Whose
from services.notifications.database import database

_LONGEST_TITLE = 120
# From the first message on there may be somebody whom it did not reach.
BEGUN = (Status.SENDING, Status.PAUSED, Status.SENT, Status.CANCELLED)


def resend(
    principal: Principal, broadcast_id: uuid.UUID, once: Once = NOT_REPEATED
) -> BroadcastOut:
    """Draft the same message again, for those addresses alone at which it failed.

    Raises:
        NotFound, Problem: there is none, it is another district's, or nothing of it has gone out
            (409 ``broadcast-not-begun``).
    """
    title = lazy("%(title)s · again to those not reached")
    return writing.create(principal, _copy(principal, broadcast_id, "failed", title), once)


def follow_up(
    principal: Principal, broadcast_id: uuid.UUID, once: Once = NOT_REPEATED
) -> BroadcastOut:
    """Draft the same question again, for those who have not answered it.

    Raises:
        NotFound, Problem: as :func:`resend`; 409 ``broadcast-asks-nothing``.
    """
    title = lazy("%(title)s · again to those who have not answered")
    return writing.create(principal, _copy(principal, broadcast_id, "unanswered", title), once)


def _copy(principal: Principal, broadcast_id: uuid.UUID, whose: Whose, title: Lazy) -> BroadcastIn:
    now = utc_now()
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal)
        _must_have_begun(broadcast, whose)
        before = writing.content(broadcast)
    still_true = before.expires_at is not None and before.expires_at > now
    return before.model_copy(
        update={
            "title": (str(title) % {"title": before.title})[:_LONGEST_TITLE],
            "audience": Audience(of_broadcast=broadcast_id, whose=whose),
            "send_at": None,
            "expires_at": before.expires_at if still_true else None,
        }
    )


def _must_have_begun(broadcast: Broadcast, whose: Whose) -> None:
    if broadcast.started_at is None or broadcast.status not in BEGUN:
        raise Problem(
            409,
            "broadcast-not-begun",
            lazy("Nothing of this broadcast has gone out yet."),
            lazy("Please come back when it has been sent."),
        )
    if whose == "unanswered" and not broadcast.asks:
        raise Problem(
            409,
            "broadcast-asks-nothing",
            lazy("This broadcast does not ask whether people are safe."),
            lazy("So nobody is missing who could be asked again."),
        )
