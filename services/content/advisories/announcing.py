"""Telling the world of an advisory: one row of its history, one event, one place in the search."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.events import publish as tell
from services.content.advisories.changes import Change, content_of
from services.content.advisories.changes import change as change_from
from services.content.advisories.events import event_of
from services.content.advisories.indexing import follow
from services.content.advisories.models import Advisory, AdvisoryVersion
from services.content.advisories.schemas import AdvisoryIn

_CANCEL: Final = "Cancel"


def announce(
    session: Session,
    advisory: Advisory,
    before: AdvisoryIn | None,
    *,
    written_by: str,
    released_by: Principal | None = None,
) -> Change:
    """Keep what is public from now on, and say so to the other services.

    Args:
        before: what was public until now.
        written_by: who stands for what it says.
        released_by: the second person, where there was one.
    """
    withdrawn = advisory.status == "withdrawn"
    change = (
        Change(kind="withdrawn", reason=advisory.withdraw_reason)
        if withdrawn
        else change_from(before, content_of(advisory))
    )
    advisory.announced_at = utc_now()
    session.add(
        AdvisoryVersion(
            advisory_id=advisory.id,
            version=advisory.version,
            country=advisory.country,
            message=_CANCEL if withdrawn else _next_message(session, advisory),
            act=change.kind,
            content=content_of(advisory).model_dump(mode="json"),
            reason=change.reason,
            at=advisory.announced_at,
            written_by_name=written_by,
            released_by_name=released_by.name if released_by else None,
        )
    )
    tell(session, event_of(advisory, change))
    follow(session, advisory)
    return change


def _next_message(session: Session, advisory: Advisory) -> str:
    """A first alert, also after a cancellation; an update of the one before otherwise."""
    latest = session.scalar(
        sa.select(AdvisoryVersion.message)
        .where(AdvisoryVersion.advisory_id == advisory.id)
        .order_by(AdvisoryVersion.version.desc())
        .limit(1)
    )
    return "Alert" if latest in (None, _CANCEL) else "Update"
