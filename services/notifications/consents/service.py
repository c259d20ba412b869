"""Writing consents down, and reading back what an address agreed to and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from services.chassis.crypto import fingerprint, fingerprints
from services.notifications.consents.models import Consent

What = Literal["broadcasts", "emergencies"]
EVERYTHING: Final[tuple[What, ...]] = ("broadcasts", "emergencies")

# The version of the sentences on the pages where somebody subscribes or chooses. It changes with
# them, so that the history says what a person read.
VERSION: Final = "2026-11"
# What a row is made of where many are written by one statement.
COLUMNS: Final = ["id", "channel", "address", "address_hash", "what", "given", "version", "source"]


@dataclass(frozen=True)
class Entry:
    """One line of an address's history; ``at`` is UTC. See :class:`Consent` for each."""

    what: str
    given: bool
    version: str
    source: str
    at: datetime


def record(
    session: Session,
    *,
    channel: str,
    address: str,
    what: What,
    given: bool,
    version: str,
    source: str,
) -> None:
    """Add to the history of an address. A button pressed twice is written down once.

    Args:
        session: the transaction of the change itself.
        channel: ``email`` or ``sms``.
        address: an e-mail address or an E.164 number.
        version: of the words that the person saw; empty when it is not known.
        source: see :class:`Consent`.
    """
    last = _last(session, channel, address, what)
    if last is not None and (last.given, last.version, last.source) == (given, version, source):
        return
    session.add(
        Consent(
            channel=channel,
            address=address,
            address_hash=fingerprint(address.casefold()),
            what=what,
            given=given,
            version=version,
            source=source,
        )
    )
    session.flush()


def heard(
    session: Session,
    addresses: Iterable[tuple[str, str]],
    *,
    given: bool,
    version: str,
    source: str,
) -> None:
    """Note what a registration says about broadcasts, when it says something new.

    Its events repeat what was agreed to; what was said elsewhere meanwhile stays the newest word.

    Args:
        addresses: ``(channel, address)`` of the registration.
    """
    for channel, address in addresses:
        last = _last(session, channel, address, "broadcasts", source)
        if given != (last is not None and last.given):
            record(
                session,
                channel=channel,
                address=address,
                what="broadcasts",
                given=given,
                version=version,
                source=source,
            )


def _last(
    session: Session, channel: str, address: str, what: What, source: str | None = None
) -> Consent | None:
    query = sa.select(Consent).where(
        Consent.channel == channel,
        Consent.address_hash.in_(fingerprints(address.casefold())),
        Consent.what == what,
    )
    if source is not None:
        query = query.where(Consent.source == source)
    return session.scalars(query.order_by(Consent.at.desc(), Consent.id.desc())).first()


def history(session: Session, channel: str, hashes: Sequence[str]) -> list[Entry]:
    """What was said for an address, the newest first.

    Args:
        channel: ``email`` or ``sms``.
        hashes: the address's keyed hashes, under every key.
    """
    rows = session.scalars(
        sa.select(Consent)
        .where(Consent.channel == channel, Consent.address_hash.in_(hashes))
        .order_by(Consent.at.desc(), Consent.id.desc())
    )
    return [Entry(row.what, row.given, row.version, row.source, row.at) for row in rows]


def take_back(session: Session, which: sa.ColumnElement[bool]) -> None:
    """Note that consents are no longer relied on, because staff took out what they came with.

    What was said for an address since then stays its newest word.

    Args:
        which: of the rows, such as those of one source.
    """
    later = aliased(Consent)
    session.execute(
        sa.insert(Consent).from_select(
            COLUMNS,
            sa.select(
                sa.func.uuidv7(),
                Consent.channel,
                sa.type_coerce(Consent.address, sa.Text),  # sealed as it is
                Consent.address_hash,
                Consent.what,
                sa.false(),
                Consent.version,
                Consent.source,
            ).where(
                which,
                Consent.given,
                ~Consent.address_hash.startswith("erased/"),
                ~sa.exists().where(
                    later.channel == Consent.channel,
                    later.address_hash == Consent.address_hash,
                    later.what == Consent.what,
                    later.at > Consent.at,
                ),
            ),
            include_defaults=False,
        )
    )


def forget_address(session: Session, channel: str, hashes: Sequence[str]) -> None:
    """Blank the address in its history: that somebody agreed once stays, who it was goes."""
    _blank(session, [Consent.channel == channel, Consent.address_hash.in_(hashes)])


def forget_source(session: Session, source: str) -> None:
    """The same for what one source said, such as a registration that is erased."""
    _blank(session, [Consent.source == source])


def _blank(session: Session, where: list[sa.ColumnElement[bool]]) -> None:
    session.execute(
        sa.update(Consent)
        .where(*where)
        .values(address="", address_hash=sa.func.concat("erased/", sa.cast(Consent.id, sa.Text)))
        .execution_options(synchronize_session=False)
    )
