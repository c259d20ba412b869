"""Contacts: made from events, never merged, and what each may be written."""

from __future__ import annotations

import sqlalchemy as sa

from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import address_hash
from services.notifications.database import database
from tests.notifications import told


def _contacts() -> list[Contact]:
    with database.transaction() as session:
        return list(session.scalars(sa.select(Contact).order_by(Contact.created_at)))


def test_a_registration_makes_a_contact() -> None:
    identifier = told.registration("confirmed", told.activity(told.soon(days=3)))
    [contact] = _contacts()
    assert contact.source == f"registration/{identifier}"
    assert (contact.email, contact.phone) == (told.EMAIL, None)
    assert contact.email_hash == address_hash("WANG.LI@example.com")
    assert (contact.districts, contact.countries, contact.topics) == (
        ["110102"],
        ["TH"],
        ["travel"],
    )
    assert contact.reachable
    assert not contact.wants_broadcasts


def test_the_same_typed_address_stays_two_contacts() -> None:
    state = told.activity(told.soon(days=3))
    told.registration("confirmed", state)
    told.registration("confirmed", state)
    first, second = _contacts()
    assert first.email_hash == second.email_hash


def test_addresses_are_sealed_in_the_database() -> None:
    told.registration("confirmed", told.activity(told.soon(days=3)), phone=told.PHONE)
    with database.engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT (SELECT json_agg(c)::text FROM contacts c) || "
                "(SELECT json_agg(d)::text FROM deliveries d) || "
                "(SELECT json_agg(r)::text FROM registrations_seen r)"
            )
        ).scalar_one()
    for secret in (told.EMAIL, told.PHONE, "王丽", "K7QX2M9P"):
        assert secret not in rows


def test_who_cancels_is_no_longer_reachable_unless_they_asked_for_advisories() -> None:
    state = told.activity(told.soon(days=3))
    wants = {"reminders": True, "advisories": True, "privacy_version": "2026-11"}
    gone = told.registration("confirmed", state)
    stays = told.registration("confirmed", state, consents=wants)
    told.registration("cancelled", state, gone, version=2)
    told.registration("cancelled", state, stays, version=2, consents=wants)
    by_source = {contact.source: contact for contact in _contacts()}
    assert not by_source[f"registration/{gone}"].reachable
    assert by_source[f"registration/{stays}"].reachable
    assert by_source[f"registration/{stays}"].wants_broadcasts


def test_an_older_event_changes_nothing() -> None:
    state = told.activity(told.soon(days=3))
    identifier = told.registration("cancelled", state, version=2)
    told.registration("confirmed", state, identifier, version=1)
    assert [delivery.kind for delivery in told.deliveries()] == ["registration-cancelled"]
