"""Reading contacts: the list, one with its whole history, an address wherever it is."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.i18n import country_name, lazy
from services.chassis.i18n import gettext as _
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound
from services.chassis.reference import city, district_name, topic_name
from services.chassis.sheets import Format, Rows, Value, must_fit
from services.notifications.contacts import addresses, history
from services.notifications.contacts.filters import SOURCES, Filters, own
from services.notifications.contacts.models import Contact, Suppression, Unsubscribe
from services.notifications.contacts.schemas import ContactLine, ContactOut, SoughtOut, TripOut
from services.notifications.database import database

_IN_FILE_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Listed:
    """A page of contacts, and how many there are in all."""

    page: Page[ContactLine]
    total: int


def listed(
    principal: Principal,
    filters: Filters,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Listed:
    """The contacts of the caller's office that match, the newest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    where = (own(principal), *filters.conditions())
    query = sa.select(Contact).where(*where).options(selectinload(Contact.trips))
    with database.transaction() as session:
        page = page_of(session, query, [Contact.id], cursor=cursor, limit=limit, descending=True)
        total = session.scalar(sa.select(sa.func.count()).select_from(Contact).where(*where))
        return Listed(Page(lines(session, page.items), page.next_cursor), total or 0)


def note_read(principal: Principal, target: str, detail: str = "") -> None:
    """Note in the audit trail that a program was given addresses in full.

    Args:
        target: ``contacts``, ``suppressions`` or ``contact/<id>``.
        detail: how many, or what was done; no personal data.
    """
    with database.transaction() as session:
        district = principal.district
        audit.record(session, principal, "contacts.read", target, district=district, detail=detail)


def lines(session: Session, contacts: Sequence[Contact]) -> list[ContactLine]:
    """Contacts as they stand in a list."""
    stopped, suppressed = (_noted(session, table, contacts) for table in (Unsubscribe, Suppression))
    return [
        ContactLine.model_validate(
            _plain(contact)
            | {"stopped": stopped.get(contact.id, []), "suppressed": suppressed.get(contact.id, [])}
        )
        for contact in contacts
    ]


def _plain(contact: Contact) -> dict[str, object]:
    skip = {"source", "trips", "stopped", "suppressed"}
    return {
        name: getattr(contact, name) for name in ContactLine.model_fields if name not in skip
    } | {
        "source": kind_of(contact),
        "trips": [
            TripOut(country=trip.country, from_=trip.departs_on, to=trip.returns_on)
            for trip in contact.trips
        ],
    }


def kind_of(contact: Contact) -> str:
    """What made a contact: a key of :data:`.filters.SOURCES`."""
    return contact.source.partition("/")[0]


def _noted(
    session: Session, table: type[Suppression | Unsubscribe], contacts: Sequence[Contact]
) -> dict[uuid.UUID, list[str]]:
    """The channels of each contact whose address is on a list, looked up under every key."""
    whose: dict[tuple[str, str], set[uuid.UUID]] = {}
    for contact in contacts:
        for found in addresses.of_contact(contact):
            for one in found.hashes:
                whose.setdefault((found.channel, one), set()).add(contact.id)
    rows = session.execute(
        sa.select(table.channel, table.address_hash).where(
            table.address_hash.in_({one for _channel, one in whose})
        )
    )
    noted: dict[uuid.UUID, list[str]] = {}
    for row in rows:
        for identifier in whose.get((row.channel, row.address_hash), ()):
            noted.setdefault(identifier, []).append(row.channel)
    return noted


def stored(
    session: Session, principal: Principal, contact_id: uuid.UUID, *, lock: bool = False
) -> Contact:
    """A contact that the caller may see; with ``lock``, until the transaction ends.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    found = session.get(Contact, contact_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(lazy("There is no such contact, or it has been erased."))
    if principal.district is not None and principal.district not in found.districts:
        principal.must_cover(found.districts[0] if found.districts else None)
    return found


def one(principal: Principal, contact_id: uuid.UUID) -> ContactOut:
    """A contact with everything that is known of it and was ever sent to its addresses.

    Raises:
        NotFound, Problem: as :func:`stored`.
    """
    with database.transaction() as session:
        contact = stored(session, principal, contact_id)
        found = addresses.of_contact(contact)
        messages, more = history.messages(session, principal, found, contact_id)
        [line] = lines(session, [contact])
        return ContactOut(
            **line.model_dump(by_alias=False),
            holder=contact.holder,
            email_verified=contact.email_verified,
            phone_verified=contact.phone_verified,
            digest=contact.digest,
            paused_until=contact.paused_until,
            consents=history.consents(session, found),
            answers=history.answers(session, principal, found),
            blocks=history.blocks(session, principal, found),
            blocked=history.blocked(session, found),
            messages=messages,
            more_messages=more,
            updated_at=contact.updated_at,
        )


def sought(principal: Principal, text: str) -> SoughtOut:
    """Everything there is for an address, also when no contact has it any more.

    Raises:
        Invalid: it is no address.
    """
    found = addresses.typed(text)
    with database.transaction() as session:
        contacts = session.scalars(
            sa.select(Contact)
            .where(addresses.has(found), own(principal))
            .options(selectinload(Contact.trips))
            .order_by(Contact.id.desc())
        ).all()
        messages, _more = history.messages(session, principal, [found], None)
        concerned = addresses.concerns(session, principal, found)
        blocks = history.blocks(session, principal, [found]) if concerned else []
        return SoughtOut(
            contacts=lines(session, contacts),
            messages=messages,
            stopped=concerned and _has_stopped(session, found),
            suppressed=bool(blocks),
            blocks=blocks,
        )


def _has_stopped(session: Session, found: addresses.Found) -> bool:
    where = (Unsubscribe.channel == found.channel, Unsubscribe.address_hash.in_(found.hashes))
    return bool(session.scalar(sa.select(sa.exists().where(*where))))


@dataclass(frozen=True)
class Export:
    """Contacts as a file: headings, and rows that are read while it is sent."""

    name: str
    heads: list[str]
    rows: Rows


def export(principal: Principal, filters: Filters, form: Format) -> Export:
    """A file of the contacts that match; who took it and how many is noted.

    Raises:
        Problem: 409 ``too-many`` for a workbook.
    """
    where = (own(principal), *filters.conditions())
    with database.transaction() as session:
        identifiers = session.scalars(
            sa.select(Contact.id).where(*where).order_by(Contact.id)
        ).all()
        must_fit(len(identifiers), form)
        audit.record(
            session,
            principal,
            "contacts.exported",
            "contacts",
            district=principal.district,
            detail=f"{len(identifiers)}, {form}, {filters.text}",
        )
    heads = [
        _("Name"),
        _("E-mail"),
        _("Telephone"),
        _("Language"),
        _("Organisation"),
        _("Receives for how many people"),
        _("Districts"),
        _("Countries"),
        _("Trips"),
        _("Topics"),
        _("Where from"),
        _("Gets broadcasts"),
        _("On the drill list"),
        _("Since"),
    ]
    return Export(_("Contacts"), heads, _in_file(identifiers))


def _in_file(identifiers: Sequence[uuid.UUID]) -> Iterator[list[Value]]:
    """Some rows at a time, each in a transaction of its own: a slow download holds none."""
    zone = ZoneInfo(city().timezone)
    for start in range(0, len(identifiers), _IN_FILE_AT_ONCE):
        with database.transaction() as session:
            contacts = session.scalars(
                sa.select(Contact)
                .where(Contact.id.in_(identifiers[start : start + _IN_FILE_AT_ONCE]))
                .options(selectinload(Contact.trips))
                .order_by(Contact.id)
            ).all()
            batch = lines(session, contacts)
        for line in batch:
            yield [
                line.name,
                line.email,
                line.phone,
                line.language,
                line.organisation,
                line.relays_for,
                _listed(map(district_name, line.districts)),
                _listed(map(country_name, line.countries)),
                _listed(trip_words(trip) for trip in line.trips),
                _listed(map(topic_name, line.topics)),
                str(SOURCES[line.source]),
                _("Yes") if line.wants_broadcasts and not line.stopped else "",
                _("Yes") if line.on_drill_list else "",
                line.created_at.astimezone(zone).replace(tzinfo=None, microsecond=0),
            ]


def trip_words(trip: TripOut) -> str:
    """A trip in one line, as a spreadsheet program sorts it."""
    return f"{country_name(trip.country)} {trip.from_.isoformat()} – {trip.to or ''}".rstrip(" –")


def _listed(words: Iterable[str]) -> str:
    return _(", ").join(words)
