"""What a row says as one value, and whether a contact from an earlier list says the same.

A row that says nothing new is left out, so that a list may be handed in again with more rows. A
contact of another origin (a registration, a subscription) is never taken for the same: an address
that somebody typed proves nothing about who they are.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from services.notifications.contacts.models import Contact, Trip
from services.notifications.contacts.service import address_hashes
from services.notifications.imports.rows import Row

# Two addresses by their hashes, districts, countries, topics, trips.
Said = tuple[str, str, frozenset[str], frozenset[str], frozenset[str], frozenset[tuple[str, ...]]]


def said(row: Row, email_hash: str, phone_hash: str) -> Said:
    """A row as one value. The hashes are of its addresses; empty for none."""
    return (
        email_hash,
        phone_hash,
        frozenset(row.districts),
        frozenset(row.countries),
        frozenset(row.topics),
        frozenset(
            (trip.country, trip.departs_on.isoformat(), str(trip.returns_on)) for trip in row.trips
        ),
    )


class Hashes:
    """The keyed hashes of many addresses, each counted once."""

    def __init__(self) -> None:
        self._newest: dict[str, str] = {}
        self._of: dict[str, str] = {}

    def of(self, address: str | None) -> str:
        """The newest hash of an address; empty for none."""
        if not address:
            return ""
        if address not in self._of:
            hashes = address_hashes(address)
            self._of[address] = hashes[0]
            self._newest |= dict.fromkeys(hashes, hashes[0])
        return self._of[address]

    def same(self, stored: str | None) -> str:
        """A hash that is stored, under whichever key, as the newest of its address."""
        return self._newest.get(stored or "", stored or "")

    def every(self) -> list[str]:
        """All of them, under every key."""
        return list(self._newest)


def known(
    session: Session, rows: Sequence[Row], hashes: Hashes, district: str | None
) -> dict[Said, bool]:
    """What contacts from earlier lists of this office say about the addresses of some rows.

    Args:
        hashes: where the hashes of the rows' addresses are kept.

    Returns:
        For each, whether it may be written to with routine broadcasts.
    """
    for row in rows:
        hashes.of(row.email)
        hashes.of(row.phone)
    every = hashes.every()
    if not every:
        return {}
    trips = (
        sa.select(
            sa.func.array_agg(
                sa.func.concat_ws("|", Trip.country, Trip.departs_on, Trip.returns_on)
            )
        )
        .where(Trip.contact_id == Contact.id)
        .scalar_subquery()
    )
    query = sa.select(
        Contact.email_hash,
        Contact.phone_hash,
        Contact.districts,
        Contact.countries,
        Contact.topics,
        Contact.wants_broadcasts,
        trips.label("trips"),
    ).where(
        Contact.id.in_(_with_one_of(every)),
        sa.or_(Contact.source.startswith("import/"), Contact.source.startswith("staff/")),
    )
    if district is not None:
        query = query.where(Contact.districts.contains([district]))
    found: dict[Said, bool] = {}
    for had in session.execute(query):
        parts = [tuple(trip.split("|")) for trip in had.trips or []]
        key = (
            hashes.same(had.email_hash),
            hashes.same(had.phone_hash),
            frozenset(had.districts),
            frozenset(had.countries),
            frozenset(had.topics),
            frozenset((one[0], one[1], one[2] if len(one) > 2 else "None") for one in parts),
        )
        found[key] = found.get(key, False) or had.wants_broadcasts
    return found


def _with_one_of(hashes: Sequence[str]) -> sa.CompoundSelect[tuple[uuid.UUID]]:
    """The ids of contacts with one of many hashes.

    Joined, not ``= ANY``: in a prepared statement that compares each row with each hash, which made
    a list of 60,000 take minutes.
    """
    sought = sa.func.unnest(sa.literal(hashes, postgresql.ARRAY(sa.Text)))
    one = sought.table_valued("hash", name="sought").render_derived()
    had = aliased(Contact)
    return sa.union(
        sa.select(had.id).join(one, had.email_hash == one.c.hash),
        sa.select(had.id).join(one, had.phone_hash == one.c.hash),
    )
