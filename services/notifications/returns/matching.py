"""Which of our messages a returned one is about, and how far that is certain."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.notifications.contacts.service import address_hashes
from services.notifications.delivery.models import Delivery
from services.notifications.returns.models import PROOFS
from services.notifications.returns.report import Report
from services.notifications.returns.return_path import deliveries_in

Proof = Literal["return-path", "message-id", "recipient"]

# Servers try for five days at most (RFC 5321 §4.5.4.1); the rest is for those that are slow.
RECENT: Final = timedelta(days=14)
_MESSAGE_ID: Final = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@", re.IGNORECASE)
# A report names one message or, in a digest, a few.
_MOST_TRIED: Final = 20


@dataclass(frozen=True)
class Match:
    """A delivery, and what says that it is the one."""

    delivery: Delivery
    proof: Proof

    @property
    def is_proof(self) -> bool:
        """Whether it could not be made up by somebody who never got the message."""
        return self.proof in PROOFS


def match(session: Session, recipient: str | None, report: Report) -> Match | None:
    """The delivery that a report is about.

    By a return address of ours, wherever it stands, because its MAC cannot be made up; else by the
    id of a message of ours, which is as hard to guess; else, as a mere hint, by an address that it
    names and that we wrote to lately.
    """
    text = f"{recipient or ''}\n{report.text}"
    if found := _first(session, deliveries_in(text)):
        return Match(found, "return-path")
    if found := _first(session, _ids_in(text)):
        return Match(found, "message-id")
    if found := _newest_to(session, report.addresses):
        return Match(found, "recipient")
    return None


def _ids_in(text: str) -> Iterator[uuid.UUID]:
    for found in _MESSAGE_ID.finditer(text):
        yield uuid.UUID(found[1])


def _first(session: Session, identifiers: Iterator[uuid.UUID]) -> Delivery | None:
    tried: set[uuid.UUID] = set()
    for identifier in identifiers:
        if identifier in tried:
            continue
        tried.add(identifier)
        found = session.get(Delivery, identifier)
        if found is not None and found.channel == "email":
            return found
        if len(tried) >= _MOST_TRIED:
            break
    return None


def _newest_to(session: Session, addresses: Iterable[str]) -> Delivery | None:
    hashes = {one for address in list(addresses)[:5] for one in address_hashes(address)}
    if not hashes:
        return None
    return session.scalar(
        sa.select(Delivery)
        .where(
            Delivery.address_hash.in_(hashes),
            Delivery.channel == "email",
            Delivery.sent_at >= utc_now() - RECENT,
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )
