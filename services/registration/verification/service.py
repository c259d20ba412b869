"""Sending a code to a contact. What the person does with it is in ``confirming.py``."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.database import new_id, utc_now
from services.chassis.events import publish
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, Problem
from services.chassis.settings import settings
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.registrations.events import standing
from services.registration.registrations.models import Registration
from services.registration.verification.events import Channel, RegistrationUnverified
from services.registration.verification.models import ContactCode

# Codes that one address is sent within an hour, for whatever it is registered.
PER_CONTACT = 8
_HOUR = timedelta(hours=1)
# Codes are of no use once their registration's hold has run out.
KEEP = timedelta(hours=2)


def ask(session: Session, registration: Registration, activity: Activity, now: datetime) -> None:
    """Send a code for a registration that was just stored as ``unverified``.

    By SMS when there is a telephone number and messages can be sent there, by mail otherwise.

    Raises:
        Invalid: text messages cannot be sent, and there is no e-mail address.
        Problem: 429 ``too-many-codes``: this address was sent enough of them within the hour.
    """
    channels = channels_of(registration)
    if not channels:
        sentence = lazy("Please give an e-mail address: we cannot send text messages at present.")
        raise Invalid([FieldError("email", sentence)])
    send(session, registration, activity, channels[0], now)


def channels_of(registration: Registration) -> list[Channel]:
    """By what a code can reach the person, the nearest to hand first."""
    found: list[Channel] = []
    if registration.phone and settings().sms_provider != "none":
        found.append("sms")
    if registration.email:
        found.append("email")
    return found


def send(
    session: Session,
    registration: Registration,
    activity: Activity,
    channel: Channel,
    now: datetime,
) -> None:
    """Make a fresh code, which replaces any before it, and have it sent.

    Raises:
        Problem: 429 ``too-many-codes``.
    """
    address = registration.phone if channel == "sms" else registration.email
    if address is None:
        raise ValueError(f"There is no address for {channel}.")
    _must_be_seldom(session, address, now)
    code = f"{secrets.randbelow(1_000_000):06d}"
    row = ContactCode(
        id=new_id(),
        registration_id=registration.id,
        channel=channel,
        contact_hash=crypto.fingerprint(address),
        code_hash=hashes(registration.id, code)[0],
        sent_at=now,
    )
    session.add(row)
    publish(
        session,
        RegistrationUnverified.model_validate(
            standing(registration, activity)
            | {"code": code, "channel": channel, "verify_url": verify_url(registration, row)}
        ),
    )


def hashes(registration_id: uuid.UUID, code: str) -> list[str]:
    """The keyed hashes of a code, under every key; the same code is another's for another row."""
    return crypto.fingerprints(f"code {registration_id} {code}")


def verify_url(registration: Registration, code: ContactCode) -> str:
    """The link in a mail: only whoever reads the mail knows its last part."""
    return f"{registration.manage_url}/verify/{crypto.sign_id('contact-code', code.id)}"


def forget() -> None:
    """Delete codes that have been of no use for a while."""
    with database.transaction() as session:
        session.execute(sa.delete(ContactCode).where(ContactCode.sent_at < utc_now() - KEEP))


def _must_be_seldom(session: Session, address: str, now: datetime) -> None:
    sent = session.scalars(
        sa.select(sa.func.count())
        .select_from(ContactCode)
        .where(
            ContactCode.contact_hash.in_(crypto.fingerprints(address)),
            ContactCode.sent_at > now - _HOUR,
        )
    ).one()
    if sent >= PER_CONTACT:
        raise Problem(
            429,
            "too-many-codes",
            lazy("Too many codes were asked for within the last hour."),
            lazy("Please try again in an hour, or ask our staff to register you."),
        )
