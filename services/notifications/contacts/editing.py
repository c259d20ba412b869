"""What staff may do with contacts: add one, change one, remove one, keep the drill list.

What a contact says of itself comes from where it was made. A registration's or a booking's data is
corrected there, and its next event brings it here; what a holder chose, the holder changes. Staff
change the rest, and everything of contacts that staff made.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, Problem
from services.notifications.consents import service as consents
from services.notifications.consents.models import Consent
from services.notifications.contacts import addresses
from services.notifications.contacts.filters import Filters, own
from services.notifications.contacts.models import Contact
from services.notifications.contacts.reading import kind_of, stored
from services.notifications.contacts.schemas import ContactChange, NewContact
from services.notifications.contacts.service import address_hash, is_unsubscribed
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import call_off

# What staff may change, by what made the contact.
_OFFICE: Final = frozenset({"organisation", "organisation_kind", "relays_for", "on_drill_list"})
_ALL: Final = _OFFICE | {"name", "language", "districts", "countries", "topics"}
EDITABLE: Final[dict[str, frozenset[str]]] = {
    "registration": frozenset({"on_drill_list"}),
    "booking": frozenset({"on_drill_list"}),
    "subscription": _OFFICE,
    "import": _ALL,
    "staff": _ALL,
}
# What every contact has; for these, nothing means "as it is".
_ALWAYS: Final = frozenset({"language", "districts", "countries", "topics", "on_drill_list"})
# What staff made, staff can remove.
REMOVABLE: Final = frozenset({"import", "staff"})


def add(principal: Principal, wanted: NewContact, once: Once = NOT_REPEATED) -> uuid.UUID:
    """Add one contact by hand. Its addresses are not proven by this.

    A district's staff add contacts of their district.

    Returns:
        Its id.
    """
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return uuid.UUID(first["id"])
        identifier = new_id()
        contact = Contact(
            id=identifier,
            source=f"staff/{identifier}",
            email=wanted.email,
            email_hash=address_hash(wanted.email) if wanted.email else None,
            phone=wanted.phone,
            phone_hash=address_hash(wanted.phone) if wanted.phone else None,
            consents=wanted.noted(),
            wants_broadcasts=wanted.ground.broadcasts,
            reachable=True,
            **{name: getattr(wanted, name) for name in _ALL},
        )
        contact.districts = _districts(principal, contact.districts)
        session.add(contact)
        session.flush()
        for found in addresses.of_contact(contact):
            # Who stopped broadcasts said the last word there; staff do not overrule it.
            if not is_unsubscribed(session, found.channel, found.address):
                for what in wanted.ground.whats:
                    consents.record(
                        session,
                        channel=found.channel,
                        address=found.address,
                        what=what,
                        given=True,
                        version=wanted.version,
                        source=contact.source,
                    )
        _note(session, principal, "contact.added", contact, wanted.basis)
        once.keep(session, {"id": str(identifier)})
        return identifier


def _districts(principal: Principal, chosen: Sequence[str]) -> list[str]:
    """The districts that somebody may give a contact: an office its own alone.

    Raises:
        Invalid: another office's.
    """
    if principal.district is None:
        return list(chosen)
    if any(code != principal.district for code in chosen):
        sentence = lazy("Your office keeps the contacts of its own district.")
        raise Invalid([FieldError("districts", sentence)])
    return [principal.district]


def change(principal: Principal, contact_id: uuid.UUID, wanted: ContactChange) -> None:
    """Change what is given; see :data:`EDITABLE` for what may be.

    Raises:
        Invalid: something of it is not staff's to change.
        NotFound, Problem: as :func:`.reading.stored`.
    """
    with database.transaction() as session:
        contact = stored(session, principal, contact_id, lock=True)
        given: dict[str, Any] = {
            name: value
            for name in wanted.model_fields_set
            if (value := getattr(wanted, name)) != getattr(contact, name)
            and not (value is None and name in _ALWAYS)
        }
        if principal.district is not None and "districts" in given:
            sentence = lazy("Your office keeps the contacts of its own district.")
            raise Invalid([FieldError("districts", sentence)])
        theirs = given.keys() - EDITABLE[kind_of(contact)]
        if theirs:
            sentence = lazy("This is changed where it came from, not here.")
            raise Invalid([FieldError(name, sentence) for name in sorted(theirs)])
        for name, value in given.items():
            setattr(contact, name, value)
        if given:
            contact.updated_at = utc_now()
            _note(session, principal, "contact.changed", contact, ", ".join(sorted(given)))


def remove(principal: Principal, contact_id: uuid.UUID) -> None:
    """Delete a contact that staff made; what waits to be sent to it is cancelled.

    Its consents stay in the history, with a line that they are no longer relied on.

    Raises:
        Problem: 409 ``not-made-by-staff``: it came from a registration, a booking or its holder.
        NotFound, Problem: as :func:`.reading.stored`.
    """
    with database.transaction() as session:
        contact = stored(session, principal, contact_id, lock=True)
        if kind_of(contact) not in REMOVABLE:
            raise Problem(
                409,
                "not-made-by-staff",
                lazy("This contact was not made by staff, so it is not removed here."),
                lazy("It goes with its registration or booking, or when its holder leaves."),
            )
        _note(session, principal, "contact.removed", contact)
        call_off(session, [Delivery.contact_id == contact.id])
        consents.take_back(session, Consent.source == contact.source)
        session.delete(contact)


def _note(
    session: Session, principal: Principal, act: str, contact: Contact, detail: str = ""
) -> None:
    district = contact.districts[0] if len(contact.districts) == 1 else principal.district
    audit.record(session, principal, act, f"contact/{contact.id}", district=district, detail=detail)


# --- the drill list -------------------------------------------------------------------------------


def drilled(
    principal: Principal, chosen: Sequence[uuid.UUID] | Filters, *, on: bool
) -> list[uuid.UUID]:
    """Which contacts putting some on the drill list, or taking them off, would change.

    Args:
        chosen: ids, or filters for all that match.
    """
    with database.transaction() as session:
        return list(session.scalars(sa.select(Contact.id).where(_meant(principal, chosen, on=on))))


def set_drill(principal: Principal, chosen: Sequence[uuid.UUID] | Filters, *, on: bool) -> int:
    """Put contacts on the drill list, or take them off.

    Returns:
        How many that changed.
    """
    with database.transaction() as session:
        changed = session.scalars(
            sa.update(Contact)
            .where(_meant(principal, chosen, on=on))
            .values(on_drill_list=on)
            .returning(Contact.id)
            .execution_options(synchronize_session=False)
        ).all()
        if changed:
            audit.record(
                session,
                principal,
                "contacts.drill-list-changed",
                "contacts",
                district=principal.district,
                detail=f"{len(changed)}, {'on' if on else 'off'}",
            )
        return len(changed)


def _meant(
    principal: Principal, chosen: Sequence[uuid.UUID] | Filters, *, on: bool
) -> sa.ColumnElement[bool]:
    which = chosen.conditions() if isinstance(chosen, Filters) else (Contact.id.in_(list(chosen)),)
    return sa.and_(own(principal), Contact.on_drill_list.is_not(on), *which)
