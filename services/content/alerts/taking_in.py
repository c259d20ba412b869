"""Taking an alert in: kept once, and turned into drafts or proposals; nothing is ever published."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import AdvisoryIn
from services.content.advisories.service import draft
from services.content.advisories.storing import record
from services.content.alerts import cap, mapping
from services.content.alerts.models import CapAlert, CapFeed, CapLink, State
from services.content.alerts.xml_reading import parse
from services.content.database import database

# References that are looked up, the latest: a chain of updates is never so long.
_MOST_EARLIER: Final = 1000


@dataclass(frozen=True)
class TakenIn:
    """What became of an alert; ``is_new`` is false when it was here before."""

    id: uuid.UUID
    is_new: bool


def hand_in(principal: Principal, data: bytes) -> TakenIn:
    """Take in an alert that a member of staff or a program hands in.

    Somebody has chosen it, so it becomes a draft whatever its age and level; what is odd about it
    is said beside the draft.

    Raises:
        NotXml: it cannot be read.
        NotCap: it is no CAP 1.2 alert.
    """
    alert = cap.read(parse(data))
    with database.transaction() as session:
        row = _keep(session, alert, principal=principal)
        if row is None:
            return TakenIn(_known(session, alert), is_new=False)
        contents = mapping.contents(alert) if alert.msg_type in ("Alert", "Update") else []
        row.state = _settle(session, row, alert, contents, principal=principal)
        return TakenIn(row.id, is_new=True)


def take_from_feed(session: Session, feed: CapFeed, alert: cap.Alert, now: datetime) -> bool:
    """Take in an alert of a feed, in the caller's transaction.

    What is a test, old, over or below the feed's level is kept set aside.

    Returns:
        Whether it was new.
    """
    row = _keep(session, alert, feed=feed)
    if row is None:
        return False
    if alert.msg_type == "Cancel":
        # What it cancels and nobody here made anything of is nobody's work.
        row.state = "open" if _propose(session, row, alert) else "set-aside"
    elif alert.info and mapping.is_for_us(alert, now, feed.level):
        contents = mapping.contents(alert)
        if not contents and feed.country:
            contents = [mapping.content_for(alert, feed.country)]
        row.state = _settle(session, row, alert, contents, feed=feed)
    else:
        row.state = "set-aside"
    return True


def write_draft(
    session: Session,
    row: CapAlert,
    content: AdvisoryIn,
    *,
    principal: Principal | None = None,
    feed: CapFeed | None = None,
) -> Advisory:
    """A draft from an alert, by whoever asked for it, or by the feed that it came from.

    A feed is no person: what it wrote at orange or red takes two people to publish.
    """
    advisory = draft(session, content, new_id())
    if principal is not None:
        advisory.written_by(principal)
        advisory.written_on_by(principal)
    elif feed is not None:
        advisory.author_kind, advisory.author_id, advisory.author_name = "feed", feed.id, feed.name
    session.flush()
    session.add(CapLink(alert_id=row.id, advisory_id=advisory.id, state="drafted"))
    if principal is not None:
        record(session, principal, advisory, "written")
    return advisory


def _keep(
    session: Session,
    alert: cap.Alert,
    *,
    principal: Principal | None = None,
    feed: CapFeed | None = None,
) -> CapAlert | None:
    """The new row, or ``None`` when the alert was here before; of two at once, one is new."""
    inserted = session.scalar(
        postgresql.insert(CapAlert)
        .values(
            id=new_id(),
            feed_id=feed.id if feed else None,
            sender=alert.sender,
            identifier=alert.identifier,
            sent=alert.sent,
            message=alert.msg_type,
            level=mapping.level_of(alert),
            content=alert.model_dump(mode="json", exclude_none=True),
            state="open",
            taken_in_by_name=principal.name if principal else None,
        )
        .on_conflict_do_nothing()
        .returning(CapAlert.id)
    )
    return None if inserted is None else session.get_one(CapAlert, inserted)


def _known(session: Session, alert: cap.Alert) -> uuid.UUID:
    return session.scalars(
        sa.select(CapAlert.id).where(
            CapAlert.sender == alert.sender,
            CapAlert.identifier == alert.identifier,
            CapAlert.sent == alert.sent,
        )
    ).one()


def _settle(
    session: Session,
    row: CapAlert,
    alert: cap.Alert,
    contents: list[AdvisoryIn],
    *,
    principal: Principal | None = None,
    feed: CapFeed | None = None,
) -> State:
    """Propose it to the advisories that came of earlier alerts; else write drafts."""
    if _propose(session, row, alert) or not contents:
        return "open"
    for content in contents:
        write_draft(session, row, content, principal=principal, feed=feed)
    return "done"


def _propose(session: Session, row: CapAlert, alert: cap.Alert) -> bool:
    """Whether there are advisories that an alert's references were about; a person decides."""
    concerned = _advisories_of(session, alert)
    for advisory_id in concerned:
        session.add(CapLink(alert_id=row.id, advisory_id=advisory_id, state="proposed"))
    return bool(concerned)


def _advisories_of(session: Session, alert: cap.Alert) -> list[uuid.UUID]:
    """The advisories that an alert's references were about."""
    if not alert.earlier:
        return []
    key = sa.tuple_(CapAlert.sender, CapAlert.identifier, CapAlert.sent)
    return list(
        session.scalars(
            sa.select(CapLink.advisory_id)
            .join(CapAlert, CapAlert.id == CapLink.alert_id)
            .where(key.in_(alert.earlier[-_MOST_EARLIER:]), CapLink.state != "set-aside")
            .distinct()
            .order_by(CapLink.advisory_id)
        )
    )
