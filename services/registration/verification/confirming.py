"""What a person does with a code: type it, follow the link in a mail, ask for another."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, LinkNotValid, Problem
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.registrations import service as registrations
from services.registration.registrations.models import Registration
from services.registration.registrations.schemas import OwnRegistration
from services.registration.registrations.upkeep import contact_verified
from services.registration.verification import service
from services.registration.verification.events import Channel
from services.registration.verification.models import ContactCode

MOST_WRONG = 5
MOST_RESENDS = 3
BETWEEN = timedelta(minutes=1)


@dataclass(frozen=True)
class Pending:
    """A registration whose contact is to be verified, as its page shows it.

    Attributes:
        sent_to: the address of the newest code, by ``channel``.
        expired: whether its time has passed.
        locked: whether too many wrong codes were typed; another code unlocks.
        resend_at: from when another code can be sent (UTC); ``None`` when there are no more.
        channels: by what it can be sent.
        holds_places: whether places are kept meanwhile; otherwise the waiting list comes next.
    """

    registration: OwnRegistration
    channel: Channel
    sent_to: str
    expires_at: datetime | None
    expired: bool
    locked: bool
    resend_at: datetime | None
    channels: list[Channel]
    holds_places: bool


def pending(token: str) -> Pending:
    """How the verification of a registration stands.

    Raises:
        LinkNotValid: the token is forged or damaged.
    """
    now = utc_now()
    with database.transaction() as session:
        registration = session.get(Registration, registrations.read_token(token))
        if registration is None:
            raise LinkNotValid
        activity = session.get_one(Activity, registration.activity_id)
        codes = _codes(session, registration)
        newest = codes[0] if codes else None
        channel: Channel = "sms" if newest is not None and newest.channel == "sms" else "email"
        expires = registration.hold_expires_at
        more = newest is not None and len(codes) <= MOST_RESENDS
        return Pending(
            registration=registrations.own(session, registration, activity),
            channel=channel,
            sent_to=(registration.phone if channel == "sms" else registration.email) or "",
            expires_at=expires,
            expired=registration.status == "cancelled" or expires is None or expires <= now,
            locked=newest is None or newest.wrong >= MOST_WRONG,
            resend_at=newest.sent_at + BETWEEN if newest is not None and more else None,
            channels=service.channels_of(registration),
            holds_places=registration.seats_held > 0,
        )


def verify(token: str, typed: str) -> OwnRegistration:
    """Take a code; the right one lets the registration count. Once it does, any code is well.

    Args:
        typed: as people type: spaces and full-width digits are understood.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Invalid: the code is not the one that was sent last.
        Problem: 409 ``verification-expired``, ``code-locked``.
    """
    code = "".join(sign for sign in unicodedata.normalize("NFKC", typed) if sign.isalnum())
    now = utc_now()
    with database.transaction() as session:
        # The activity is locked from here on, so guesses at the same moment are counted one by one.
        registration, activity = registrations.locked(session, token)
        if registration.status not in ("unverified", "cancelled"):
            return registrations.own(session, registration, activity)
        refusal = _expired(registration, now) or _wrong(session, registration, code)
        if refusal is None:
            contact_verified(session, registration, activity, now)
            return registrations.own(session, registration, activity)
    raise refusal  # after the commit: a wrong guess stays counted


def verify_by_link(token: str, proof: str) -> OwnRegistration:
    """The same for whoever pressed the button behind the link of a mail.

    Raises:
        LinkNotValid: the token or the proof is forged or damaged.
        Problem: 409 ``verification-expired``.
    """
    now = utc_now()
    with database.transaction() as session:
        registration, activity = registrations.locked(session, token)
        _must_be_proof(session, registration, proof)
        if registration.status not in ("unverified", "cancelled"):
            return registrations.own(session, registration, activity)
        if refusal := _expired(registration, now):
            raise refusal
        contact_verified(session, registration, activity, now)
        return registrations.own(session, registration, activity)


def must_be_proof(token: str, proof: str) -> None:
    """Look at the link of a mail without using it.

    Raises:
        LinkNotValid: the token or the proof is forged or damaged.
    """
    with database.transaction() as session:
        registration = session.get(Registration, registrations.read_token(token))
        if registration is None:
            raise LinkNotValid
        _must_be_proof(session, registration, proof)


def resend(token: str, channel: Channel | None = None) -> None:
    """Send another code; those before it are of no use any more, wrong guesses are forgotten.

    Args:
        channel: by what; the same as before when not given.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Invalid: there is no address for that channel.
        Problem: 409 ``verification-expired``, ``no-more-codes``; 429 ``code-too-soon`` within a
            minute of the last one, ``too-many-codes``.
    """
    now = utc_now()
    with database.transaction() as session:
        registration, activity = registrations.locked(session, token)
        if registration.status not in ("unverified", "cancelled"):
            return
        if refusal := _expired(registration, now):
            raise refusal
        codes = _codes(session, registration)
        if codes and codes[0].sent_at > now - BETWEEN:
            raise _too_soon()
        if len(codes) > MOST_RESENDS:
            raise _no_more()
        by = channel or ("sms" if codes and codes[0].channel == "sms" else "email")
        if by not in service.channels_of(registration):
            raise Invalid([FieldError("channel", lazy("We have no such address of yours."))])
        # A newer version, so that those who hear of it do not take it for the first again.
        registration.version += 1
        session.flush()
        service.send(session, registration, activity, by, now)


def _codes(session: Session, registration: Registration) -> list[ContactCode]:
    """What was sent for a registration, the newest first."""
    return list(
        session.scalars(
            sa.select(ContactCode)
            .where(ContactCode.registration_id == registration.id)
            .order_by(ContactCode.sent_at.desc(), ContactCode.id.desc())
        )
    )


def _wrong(session: Session, registration: Registration, code: str) -> Problem | None:
    """Why a code is not taken, its guess counted; ``None`` when it is the right one."""
    codes = _codes(session, registration)
    if not codes or codes[0].wrong >= MOST_WRONG:
        return _locked()
    if codes[0].code_hash in service.hashes(registration.id, code):
        return None
    codes[0].wrong += 1
    if codes[0].wrong >= MOST_WRONG:
        return _locked()
    return Invalid(
        [FieldError("code", lazy("This is not the code that we sent last. Please check it."))]
    )


def _must_be_proof(session: Session, registration: Registration, proof: str) -> None:
    try:
        row = session.get(ContactCode, crypto.read_id("contact-code", proof))
    except crypto.TokenError as error:
        raise LinkNotValid from error
    # The rows go after a while, the registration stays; then the link leads to what it became.
    if row is None and registration.status != "unverified":
        return
    if row is None or row.registration_id != registration.id:
        raise LinkNotValid


def _expired(registration: Registration, now: datetime) -> Problem | None:
    expires = registration.hold_expires_at
    if registration.status == "unverified" and expires is not None and expires > now:
        return None
    return Problem(
        409,
        "verification-expired",
        lazy("The time to enter the code has passed."),
        lazy("Your places are no longer kept. Please register again."),
    )


def _locked() -> Problem:
    return Problem(
        409,
        "code-locked",
        lazy("Too many wrong codes were entered, so this code no longer works."),
        lazy("Please have a new one sent."),
    )


def _too_soon() -> Problem:
    return Problem(
        429,
        "code-too-soon",
        lazy("We sent you a code less than a minute ago."),
        lazy("Please wait for it a little, then ask again."),
    )


def _no_more() -> Problem:
    return Problem(
        409,
        "no-more-codes",
        lazy("We have sent as many codes as we may for this registration."),
        lazy("Please use the last one, or register again later with another address."),
    )
