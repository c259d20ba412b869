"""Reading alerts: the inbox, one of them with what it asks, and those an advisory came of."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.content.advisories.approval import next_content
from services.content.advisories.difference import between
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import AdvisoryIn, AdvisoryKept
from services.content.alerts import mapping
from services.content.alerts.cap import Alert
from services.content.alerts.handling import no_such_alert
from services.content.alerts.models import CapAlert, CapFeed, CapLink, State
from services.content.alerts.schemas import AlertForStaff, AlertOut, LinkOut, Proposal
from services.content.database import database


def listed(
    *,
    state: State | None = None,
    feed_id: uuid.UUID | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[AlertOut]:
    """The alerts that were taken in, the latest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = sa.select(CapAlert)
    if state:
        query = query.where(CapAlert.state == state)
    if feed_id:
        query = query.where(CapAlert.feed_id == feed_id)
    with database.transaction() as session:
        page = page_of(session, query, [CapAlert.id], cursor=cursor, limit=limit, descending=True)
        links = _links(session, [row.id for row in page.items])
        now = utc_now()
        return page.map(lambda row: _out(row, links.get(row.id, []), now))


def one(alert_id: uuid.UUID) -> AlertOut:
    """An alert.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        return _out(_row(session, alert_id), _links(session, [alert_id]).get(alert_id, []))


def for_staff(alert_id: uuid.UUID) -> AlertForStaff:
    """An alert with the advisories that it is about and what would change in each.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        row = _row(session, alert_id)
        links = _links(session, [alert_id]).get(alert_id, [])
        alert = Alert.model_validate(row.content)
        feed = session.get(CapFeed, row.feed_id) if row.feed_id else None
        return AlertForStaff(
            alert=_out(row, links),
            content=alert,
            feed_name=feed.name if feed else None,
            taken_in_by_name=row.taken_in_by_name,
            proposals=[_proposal(session, alert, link) for link in links],
            is_unknown=bool(alert.earlier) and not links,
        )


def proposed(alert_id: uuid.UUID, advisory_id: uuid.UUID) -> tuple[AdvisoryKept, AdvisoryIn, Alert]:
    """An advisory, what it would say if it followed an alert, and the alert.

    Raises:
        NotFound: there is no such alert or advisory.
    """
    with database.transaction() as session:
        alert = Alert.model_validate(_row(session, alert_id).content)
        advisory = session.get(Advisory, advisory_id)
        if advisory is None:
            raise no_such_alert()
        present = next_content(advisory)
        wanted = mapping.changed_by(alert, present) if alert.info else present
        return AdvisoryKept.of(advisory), wanted, alert


def about(session: Session, advisory_id: uuid.UUID) -> list[AlertOut]:
    """The alerts that an advisory was written from or that ask something of it, latest first."""
    rows = session.scalars(
        sa.select(CapAlert)
        .join(CapLink, CapLink.alert_id == CapAlert.id)
        .where(CapLink.advisory_id == advisory_id)
        .order_by(CapAlert.id.desc())
    ).all()
    links = _links(session, [row.id for row in rows])
    return [
        _out(row, [link for link in links[row.id] if link.advisory_id == advisory_id])
        for row in rows
    ]


def open_alerts(session: Session, limit: int) -> list[AlertOut]:
    """The latest alerts that a person has to look at."""
    rows = session.scalars(
        sa.select(CapAlert)
        .where(CapAlert.state == "open")
        .order_by(CapAlert.id.desc())
        .limit(limit)
    )
    return [_out(row, ()) for row in rows]


def counts() -> dict[str, int]:
    """How many alerts there are in each state."""
    with database.transaction() as session:
        rows = session.execute(sa.select(CapAlert.state, sa.func.count()).group_by(CapAlert.state))
        return dict(rows.all())


def _row(session: Session, alert_id: uuid.UUID) -> CapAlert:
    row = session.get(CapAlert, alert_id)
    if row is None:
        raise no_such_alert()
    return row


def _links(session: Session, alert_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[CapLink]]:
    found: dict[uuid.UUID, list[CapLink]] = {}
    for link in session.scalars(
        sa.select(CapLink)
        .where(CapLink.alert_id.in_(alert_ids))
        .order_by(CapLink.alert_id, CapLink.advisory_id)
    ):
        found.setdefault(link.alert_id, []).append(link)
    return found


def _proposal(session: Session, alert: Alert, link: CapLink) -> Proposal:
    advisory = session.get_one(Advisory, link.advisory_id)
    present = next_content(advisory)
    asks = link.state == "proposed" and alert.msg_type != "Cancel" and alert.info
    return Proposal(
        advisory=AdvisoryKept.of(advisory),
        state=link.state,
        differences=between(present, mapping.changed_by(alert, present)) if asks else [],
    )


def _out(row: CapAlert, links: Sequence[CapLink], now: datetime | None = None) -> AlertOut:
    alert = Alert.model_validate(row.content)
    return AlertOut(
        id=row.id,
        feed_id=row.feed_id,
        sender=row.sender,
        identifier=row.identifier,
        sent=row.sent,
        message=row.message,
        level=mapping.level_of(alert),
        countries=mapping.countries_of(alert),
        state=row.state,
        taken_in_at=row.taken_in_at,
        warnings=[str(sentence) for sentence in mapping.warnings(alert, now or utc_now())],
        links=[LinkOut.model_validate(link) for link in links],
        content=row.content,
    )
