"""The suppression list: addresses that nothing is sent to. Staff look, undo what is wrong, add."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound, Problem
from services.chassis.reference import city
from services.notifications.contacts import service
from services.notifications.contacts.addresses import Found, concerns, typed
from services.notifications.contacts.filters import own
from services.notifications.contacts.models import Contact, Suppression, SuppressionAct
from services.notifications.contacts.schemas import SuppressionIn, SuppressionOut
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.returns.reading import count_no_more

# The reason under which staff's own entries stand; why is in :class:`SuppressionAct`.
BY_STAFF: Final = "staff"


@dataclass(frozen=True)
class Wanted:
    """Which of the list: ``reason`` as stored, empty for all; days on the city's clock."""

    reason: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Listed:
    """A page of the list, how many match, and how many there are of each reason."""

    page: Page[SuppressionOut]
    total: int
    reasons: dict[str, int]


def listed(
    principal: Principal,
    wanted: Wanted,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Listed:
    """The addresses that nothing is sent to, the newest first.

    A district's staff see those of their contacts and of their messages.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    seen = _seen(principal)
    where = [seen, *_conditions(wanted)]
    with database.transaction() as session:
        page = page_of(
            session,
            sa.select(Suppression).where(*where),
            [Suppression.since, Suppression.channel, Suppression.address_hash],
            cursor=cursor,
            limit=limit,
            descending=True,
        )
        by_reason = session.execute(
            sa.select(Suppression.reason, sa.func.count().label("number"))
            .where(seen)
            .group_by(Suppression.reason)
        )
        total = session.scalar(sa.select(sa.func.count()).select_from(Suppression).where(*where))
        return Listed(page.map(_out), total or 0, {row.reason: row.number for row in by_reason})


def _out(row: Suppression) -> SuppressionOut:
    return SuppressionOut(
        channel=row.channel, address=row.address, reason=row.reason, since=row.since
    )


def _seen(principal: Principal) -> sa.ColumnElement[bool]:
    if principal.district is None:
        return sa.true()
    column = sa.case((Suppression.channel == "email", Contact.email_hash), else_=Contact.phone_hash)
    return sa.or_(
        sa.exists().where(own(principal), column == Suppression.address_hash),
        sa.exists().where(
            Delivery.district == principal.district,
            Delivery.channel == Suppression.channel,
            Delivery.address_hash == Suppression.address_hash,
        ),
    )


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.reason:
        found.append(Suppression.reason == wanted.reason)
    if wanted.since:
        found.append(Suppression.since >= _begins(wanted.since))
    if wanted.until:
        found.append(Suppression.since < _begins(wanted.until + timedelta(days=1)))
    return found


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(city().timezone))


def block(principal: Principal, wanted: SuppressionIn) -> SuppressionOut:
    """Send nothing to an address from now on; the reason is kept.

    Messages that wait for their turn are held back when it comes.

    Raises:
        Invalid: it is no address; field ``address``.
        Problem: 403 when it is no address of the caller's office; 409 when it is blocked already.
    """
    found = typed(wanted.address)
    with database.transaction() as session:
        _must_concern(session, principal, found)
        if service.is_suppressed(session, found.channel, found.address):
            raise Problem(
                409,
                "suppressed-already",
                lazy("Nothing is sent to this address already."),
                lazy("Look it up to see since when, and why."),
            )
        service.suppress(session, found.channel, found.address, BY_STAFF)
        _note(session, principal, found, act="added", reason=wanted.reason)
        return _out(_stored(session, found))


def release(principal: Principal, wanted: SuppressionIn) -> None:
    """Send to an address again; the reason is kept, and earlier bounces count no more.

    What was held back meanwhile is not sent later.

    Raises:
        Invalid: it is no address; field ``address``.
        Problem: 403 when it is no address of the caller's office; 404 when it is not blocked.
    """
    found = typed(wanted.address)
    with database.transaction() as session:
        _must_concern(session, principal, found)
        row = _stored(session, found)
        _note(
            session,
            principal,
            found,
            act="undone",
            reason=wanted.reason,
            suppressed_for=row.reason,
        )
        service.release(session, found.channel, found.address)
        if found.channel == "email":
            count_no_more(session, found.address)


def _must_concern(session: Session, principal: Principal, found: Found) -> None:
    if not concerns(session, principal, found):
        raise Problem(
            403,
            "other-district",
            lazy("No contact and no message of your office has this address."),
            lazy("Ask the city office."),
        )


def _stored(session: Session, found: Found) -> Suppression:
    row = session.scalars(
        sa.select(Suppression)
        .where(Suppression.channel == found.channel, Suppression.address_hash.in_(found.hashes))
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound(lazy("This address is not blocked."))
    return row


def _note(
    session: Session,
    principal: Principal,
    found: Found,
    *,
    act: str,
    reason: str,
    suppressed_for: str | None = None,
) -> None:
    noted = SuppressionAct(
        channel=found.channel,
        address=found.address,
        address_hash=found.hashes[0],
        act=act,
        reason=reason,
        suppressed_for=suppressed_for,
        by_name=principal.name,
    )
    session.add(noted)
    session.flush()
    # The words of the reason stay sealed beside the address: a person may be named in them.
    audit.record(
        session,
        principal,
        "suppression.added" if act == "added" else "suppression.lifted",
        f"suppression/{noted.id}",
        district=principal.district,
        detail=suppressed_for or "",
    )
