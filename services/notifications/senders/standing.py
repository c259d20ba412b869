"""What workers are told about senders: who rests, who is warmed up, whether the brake is on."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.reference import city
from services.chassis.relays import MailRelay, mail_relays
from services.chassis.settings import settings
from services.notifications.database import database
from services.notifications.senders.email import Orders
from services.notifications.senders.models import SenderMinute, SenderState
from services.notifications.senders.warmup import allowed

# What staff decide is felt within this time.
FRESH_SECONDS: Final = 2.0
# Between two small batches of a bulk lane whose brake is on.
BRAKED_SECONDS: Final = 2.0


class _Known:
    """What this process read last, and when."""

    def __init__(self) -> None:
        self.orders = Orders()
        self.braked = False
        self._read_at: float | None = None
        self._lock = threading.Lock()

    def refresh(self) -> None:
        with self._lock:
            now = time.monotonic()
            if self._read_at is not None and now < self._read_at + FRESH_SECONDS:
                return
            with database.transaction() as session:
                rows = session.scalars(
                    sa.select(SenderState).where(
                        sa.or_(SenderState.resting, SenderState.brake != "off")
                    )
                ).all()
                left = left_today(session, configured(), utc_now())
            self.orders = Orders(frozenset(row.name for row in rows if row.resting), left)
            self.braked = any(row.brake != "off" for row in rows)
            self._read_at = now

    def forget(self) -> None:
        with self._lock:
            self._read_at = None


_known = _Known()


def orders() -> Orders:
    """What holds at this moment, at most :data:`FRESH_SECONDS` old."""
    _known.refresh()
    return _known.orders


def braked(lane: str) -> bool:
    """Whether a lane is to go slowly, because too much of what was sent came back."""
    if lane != "bulk":
        return False
    _known.refresh()
    return _known.braked


def forget() -> None:
    """Read anew at the next question: something was changed in this process."""
    _known.forget()


def configured() -> list[MailRelay]:
    """The mail relays of the settings; none when there is no ``LINGBAO_SMTP_URL``."""
    return mail_relays(settings().smtp_url or "") if settings().smtp_url else []


def left_today(session: Session, relays: list[MailRelay], now: datetime) -> dict[str, int]:
    """How many bulk messages those that are being warmed up may still send on the city's day."""
    zone = ZoneInfo(city().timezone)
    today = now.astimezone(zone).date()
    plans = {relay.name: allowed(relay.warm_up, today) for relay in relays if relay.warm_up}
    limited = {name: most for name, most in plans.items() if most is not None}
    if not limited:
        return {}
    midnight = datetime.combine(today, datetime.min.time(), zone)
    sent = sent_since(session, limited, midnight)
    return {name: max(0, most - sent.get(name, 0)) for name, most in limited.items()}


def sent_since(session: Session, names: Mapping[str, object], moment: datetime) -> dict[str, int]:
    """How many messages each of these senders has taken since the minute of ``moment``."""
    found = session.execute(
        sa.select(SenderMinute.sender, sa.func.sum(SenderMinute.accepted))
        .where(SenderMinute.sender.in_(names), SenderMinute.minute >= moment)
        .group_by(SenderMinute.sender)
    )
    return {name: int(number) for name, number in found}


def note_resting(resting: Mapping[str, float], now: datetime) -> None:
    """Write down for staff which senders this worker leaves alone, and for how many seconds."""
    if not resting:
        return
    with database.transaction() as session:
        for name, seconds in sorted(resting.items()):
            session.execute(
                sa.update(SenderState)
                .where(SenderState.name == name)
                .values(rested_until=now + timedelta(seconds=seconds))
            )
