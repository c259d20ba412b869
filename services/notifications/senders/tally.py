"""Counting what senders meet, in the transaction that writes down what became of messages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.notifications.senders.models import SenderMinute, SenderState
from services.notifications.senders.outcome import Outcome, Verdict

KEPT: Final = timedelta(days=8)

_COLUMNS: Final = {
    Verdict.ACCEPTED: "accepted",
    Verdict.LATER: "deferred",
    Verdict.UNREACHABLE: "unreachable",
    Verdict.BOUNCED: "bounced",
    Verdict.REFUSED: "refused",
    Verdict.UNKNOWN: "unknown",
}
_UNWELL: Final = (Verdict.UNREACHABLE, Verdict.UNKNOWN)
# So many put off at once, and none taken, are no matter of their recipients.
MANY: Final = 5


@dataclass(frozen=True)
class Attempt:
    """One attempt: by which channel, and how it ended."""

    channel: str
    outcome: Outcome


def note(session: Session, attempts: Iterable[Attempt], now: datetime) -> None:
    """Count attempts for the minute of ``now``. What no sender was asked to do is left out.

    Called last in its transaction, because workers of all lanes write these few rows; in the order
    of names, so that two never wait for each other.
    """
    by_sender: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.outcome.sender and attempt.outcome.verdict is not Verdict.HELD:
            by_sender[attempt.outcome.sender].append(attempt)
    for sender, own in sorted(by_sender.items()):
        counts = Counter(_COLUMNS[attempt.outcome.verdict] for attempt in own)
        _count(session, sender, counts, now)
        _state(session, sender, own, now)


def complained(session: Session, sender: str, at: datetime) -> None:
    """Count a complaint about a message that a sender took: it weighs like a bounce."""
    _count(session, sender, Counter(complained=1), at)


def _count(session: Session, sender: str, counts: Counter[str], now: datetime) -> None:
    minute = now.replace(second=0, microsecond=0)
    insert = postgresql.insert(SenderMinute).values(sender=sender, minute=minute, **counts)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=[SenderMinute.sender, SenderMinute.minute],
            set_={
                name: getattr(SenderMinute, name) + getattr(insert.excluded, name)
                for name in counts
            },
        )
    )


def _state(session: Session, sender: str, own: list[Attempt], now: datetime) -> None:
    values: dict[str, Any] = {"channel": own[0].channel}
    if any(attempt.outcome.verdict is Verdict.ACCEPTED for attempt in own):
        values["accepted_at"] = now
    if failures := _failures([attempt.outcome for attempt in own]):
        values |= {"failed_at": now, "failure": failures[-1].reply}
    session.execute(
        postgresql.insert(SenderState)
        .values(name=sender, **values)
        .on_conflict_do_update(index_elements=[SenderState.name], set_=values)
    )


def _failures(outcomes: list[Outcome]) -> list[Outcome]:
    """What says that the sender is unwell.

    A message that is put off says something of its recipient; only when many are, and none is
    taken, it says something of the sender.
    """
    put_off = [outcome for outcome in outcomes if outcome.verdict is Verdict.LATER]
    if any(outcome.verdict is Verdict.ACCEPTED for outcome in outcomes) or len(put_off) < MANY:
        put_off = []
    return put_off + [outcome for outcome in outcomes if outcome.verdict in _UNWELL]


def forget_old(session: Session, now: datetime) -> None:
    """Drop the counts of minutes that nobody looks at any more."""
    session.execute(sa.delete(SenderMinute).where(SenderMinute.minute < now - KEPT))
