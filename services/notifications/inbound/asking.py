"""Asking a provider how its messages ended, where its receipts do not come by themselves."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.inbound.models import ReceiptAsk
from services.notifications.inbound.receipts import settle
from services.notifications.senders.background import background
from services.notifications.senders.configured import senders
from services.notifications.senders.sms.failover import Providers
from services.notifications.senders.sms.sender import Receipt

log = structlog.get_logger(__name__)

# A receipt that comes by itself takes seconds; after this it is asked for.
FIRST: Final = timedelta(minutes=3)
# Then less and less often; operators give up after three days.
WAITS: Final = (
    timedelta(minutes=5),
    timedelta(minutes=20),
    timedelta(hours=2),
    timedelta(hours=12),
    timedelta(hours=36),
)
WINDOW: Final = timedelta(days=3)
# Bounded, so that a great broadcast does not turn into as many questions at once.
PLANNED_AT_ONCE: Final = 500
ASKED_AT_ONCE: Final = 100

_OPEN: Final = ("accepted", "unknown")


@dataclass(frozen=True)
class _Question:
    delivery_id: uuid.UUID
    provider: str
    address: str
    sent_at: datetime


def ask_for_receipts(now: datetime) -> int:
    """Ask for some of the receipts that are due.

    Any number of workers may do so at once; no transaction is open while a provider is asked.

    Returns:
        How many deliveries changed.
    """
    ways = senders().sms
    if not isinstance(ways, Providers) or not ways.asked:
        return 0
    with database.transaction() as session:
        _plan(session, ways.asked, now)
    with database.transaction() as session:
        questions = _claimed(session, ways.asked, now)
    if not questions:
        return 0
    answers = background().run(_asked(ways, questions))
    settled = 0
    for question, answer in zip(questions, answers, strict=True):
        if answer is not None:
            settled += _settled(question, answer)
    return settled


async def _asked(ways: Providers, questions: Sequence[_Question]) -> list[Receipt | None]:
    return list(await asyncio.gather(*(_answer(ways, one) for one in questions)))


async def _answer(ways: Providers, one: _Question) -> Receipt | None:
    """One answer; what nobody foresaw must not cost the others theirs. It is asked again later."""
    try:
        return await ways.ask(one.provider, one.address, one.delivery_id, one.sent_at)
    except Exception:
        log.exception("receipt.asking_broke", delivery=str(one.delivery_id), provider=one.provider)
        return None


def _settled(question: _Question, answer: Receipt) -> bool:
    """Note what was answered; whether anything changed."""
    try:
        with database.transaction() as session:
            return settle(session, question.provider, question.delivery_id, answer)
    except Exception:
        log.exception("receipt.settling_broke", delivery=str(question.delivery_id))
        return False


def _plan(session: Session, providers: Sequence[str], now: datetime) -> None:
    """Note which messages have gone without a receipt for long enough."""
    sent_at = sa.func.coalesce(Delivery.sent_at, Delivery.planned_at)
    # Before everything else what nobody answered: an emergency among it goes again soon.
    urgent = Delivery.state == "unknown"
    moment = sa.DateTime(timezone=True)
    next_at = sa.case((urgent, sa.literal(now - WINDOW, moment)), else_=sa.literal(now, moment))
    waiting = (
        sa.select(Delivery.id, next_at)
        .where(
            Delivery.channel == "sms",
            Delivery.state.in_(_OPEN),
            # Who was about to send it is not noted when a worker dies.
            sa.func.coalesce(Delivery.sender, providers[0]).in_(providers),
            Delivery.planned_at > now - WINDOW,
            sa.or_(urgent, sent_at < now - FIRST),
            ~sa.exists().where(ReceiptAsk.delivery_id == Delivery.id),
        )
        .order_by(~urgent)
        .limit(PLANNED_AT_ONCE)
    )
    session.execute(
        postgresql.insert(ReceiptAsk)
        .from_select(["delivery_id", "next_at"], waiting)
        .on_conflict_do_nothing()
    )


def _claimed(session: Session, providers: Sequence[str], now: datetime) -> list[_Question]:
    """Take due questions; each is put off at once, so that no other worker asks the same."""
    due = session.scalars(
        sa.select(ReceiptAsk)
        .where(ReceiptAsk.next_at <= now)
        .order_by(ReceiptAsk.next_at)
        .limit(ASKED_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    deliveries = {
        delivery.id: delivery
        for delivery in session.scalars(
            sa.select(Delivery).where(Delivery.id.in_([ask.delivery_id for ask in due]))
        )
    }
    found: list[_Question] = []
    for ask in due:
        delivery = deliveries.get(ask.delivery_id)
        gone = delivery is None or delivery.state not in _OPEN or not delivery.address
        if delivery is None or gone or ask.asked > len(WAITS):
            session.delete(ask)
            continue
        # After the last question the row stays until its message is too old to be planned again.
        last = ask.asked == len(WAITS)
        ask.next_at = now + (WINDOW if last else WAITS[ask.asked])
        ask.asked += 1
        found.append(
            _Question(
                delivery_id=delivery.id,
                provider=delivery.sender or providers[0],
                address=delivery.address,
                sent_at=delivery.sent_at or delivery.planned_at,
            )
        )
    return found
