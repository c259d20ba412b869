"""Good rows into contacts, and out again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from services.chassis.crypto import seal
from services.chassis.database import new_id, utc_now
from services.notifications.consents import service as consents
from services.notifications.consents.models import Consent
from services.notifications.contacts.models import Contact, Trip, Unsubscribe
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import call_off
from services.notifications.imports.basis import BasisIn
from services.notifications.imports.bulk import batches, copy
from services.notifications.imports.known import Hashes, known, said
from services.notifications.imports.models import ContactImport, ContactImportRow
from services.notifications.imports.rows import Row
from services.notifications.trips.models import TripPack
from services.notifications.trips.schedule import pack_due_at

_AT_ONCE: Final = 2_000

_CONTACT: Final = (
    "id", "source", "name", "language", "email", "email_hash", "phone", "phone_hash", "districts",
    "countries", "topics", "organisation_kind", "organisation", "relays_for", "consents",
    "wants_broadcasts", "reachable",
)  # fmt: skip
_TRIP: Final = ("id", "contact_id", "country", "departs_on", "returns_on")
_PACK: Final = ["id", "contact_id", "country", "departs_on", "due_at"]


def source(found: ContactImport) -> str:
    """What the sources of a list's contacts begin with."""
    return f"import/{found.id}/"


def take(
    session: Session, found: ContactImport, basis: BasisIn, told: Callable[[int], None]
) -> int:
    """Write a contact for each good row that is still news.

    Args:
        told: is called with how many rows are done.

    Returns:
        How many.
    """
    written = done = 0
    for batch in batches(_good(session, found), _AT_ONCE):
        hashes = Hashes()
        here = known(session, [row for _, row in batch], hashes, found.district)
        contacts: list[Sequence[Any]] = []
        trips: list[Sequence[Any]] = []
        for number, row in batch:
            wants = here.get(said(row, hashes.of(row.email), hashes.of(row.phone)))
            # One that is there for emergencies alone does not stand for a consent to more.
            if wants or (wants is False and not basis.ground.broadcasts):
                continue
            identifier = new_id()
            contacts.append(
                (
                    identifier,
                    f"{source(found)}{number}",
                    row.name and seal(row.name),
                    row.language or "zh-CN",
                    row.email and seal(row.email),
                    hashes.of(row.email) or None,
                    row.phone and seal(row.phone),
                    hashes.of(row.phone) or None,
                    row.districts,
                    row.countries,
                    row.topics,
                    row.organisation_kind,
                    row.organisation,
                    row.relays_for,
                    json.dumps(basis.noted(), ensure_ascii=False),
                    basis.ground.broadcasts,
                    True,
                )
            )
            trips += (
                (new_id(), identifier, trip.country, trip.departs_on, trip.returns_on)
                for trip in row.trips
            )
        copy(session, Contact, _CONTACT, contacts)
        copy(session, Trip, _TRIP, trips)
        written += len(contacts)
        done += len(batch)
        told(done)
    _note_consents(session, found, basis)
    if basis.ground.broadcasts:
        _schedule_packs(session, found)
    return written


def _note_consents(session: Session, found: ContactImport, basis: BasisIn) -> None:
    """Write the ground into the history of each address, in the database itself.

    Who stopped broadcasts to an address said the last word there; a list does not overrule it.
    """
    whats = sa.func.unnest(postgresql.array(basis.ground.whats)).table_valued("what", name="whats")
    whats = whats.render_derived()
    for channel, address, hashed in (
        ("email", Contact.email, Contact.email_hash),
        ("sms", Contact.phone, Contact.phone_hash),
    ):
        session.execute(
            sa.insert(Consent).from_select(
                consents.COLUMNS,
                sa.select(
                    sa.func.uuidv7(),
                    sa.literal(channel, sa.Text),
                    sa.type_coerce(address, sa.Text),  # sealed as it is
                    hashed,
                    whats.c.what,
                    sa.true(),
                    sa.literal(basis.version, sa.Text),
                    Contact.source,
                )
                .select_from(Contact)
                .join(whats, sa.true())
                .where(
                    contacts_of(found),
                    hashed.is_not(None),
                    ~sa.exists().where(
                        Unsubscribe.channel == channel, Unsubscribe.address_hash == hashed
                    ),
                ),
                include_defaults=False,
            )
        )


def _schedule_packs(session: Session, found: ContactImport) -> None:
    """The packs of the list's trips: trips that begin on one day have theirs at one time."""
    now = utc_now()
    own = sa.select(Trip).join(Contact, Contact.id == Trip.contact_id).where(contacts_of(found))
    for day in session.scalars(own.with_only_columns(Trip.departs_on).distinct()).all():
        session.execute(
            sa.insert(TripPack).from_select(
                _PACK,
                own.with_only_columns(
                    sa.func.uuidv7(),
                    Trip.contact_id,
                    Trip.country,
                    Trip.departs_on,
                    sa.literal(pack_due_at(day, now), sa.DateTime(timezone=True)),
                ).where(Trip.departs_on == day),
                include_defaults=False,
            )
        )


def _good(session: Session, found: ContactImport) -> Iterator[tuple[int, Row]]:
    """The good rows, in pieces: a COPY cannot run while a cursor is read."""
    last = 0
    while True:
        rows = session.execute(
            sa.select(ContactImportRow.number, ContactImportRow.content)
            .where(
                ContactImportRow.import_id == found.id,
                ContactImportRow.verdict == "good",
                ContactImportRow.number > last,
            )
            .order_by(ContactImportRow.number)
            .limit(_AT_ONCE)
        ).all()
        if not rows:
            return
        last = rows[-1].number
        yield from ((row.number, Row.load(row.content)) for row in rows)


def contacts_of(found: ContactImport) -> sa.ColumnElement[bool]:
    """Which contacts a list made."""
    return Contact.source.startswith(source(found), autoescape=True)


def take_out(session: Session, found: ContactImport) -> int:
    """Delete a list's contacts; what waits to be sent to them alone is cancelled.

    The consents stay in the history, with a line that they are no longer relied on.

    Returns:
        How many contacts.
    """
    own = contacts_of(found)
    other = aliased(Contact)
    elsewhere = ~other.source.startswith(source(found), autoescape=True)
    call_off(
        session,
        [
            Delivery.contact_id.in_(sa.select(Contact.id).where(own)),
            # Two questions, because one with "or" could use no index.
            ~sa.exists().where(other.email_hash == Delivery.address_hash, elsewhere),
            ~sa.exists().where(other.phone_hash == Delivery.address_hash, elsewhere),
        ],
    )
    gone = session.scalar(sa.select(sa.func.count()).select_from(Contact).where(own)) or 0
    session.execute(sa.delete(Contact).where(own).execution_options(synchronize_session=False))
    consents.take_back(session, Consent.source.startswith(source(found), autoescape=True))
    return gone
