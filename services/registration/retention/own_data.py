"""A person's own data, by their link: see it, take it along, have it erased."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.problems import LinkNotValid, Problem
from services.registration.activities.events import ActivityState, state_of
from services.registration.activities.models import Activity
from services.registration.certificates import service as certificates
from services.registration.checkin.models import Scan
from services.registration.database import database
from services.registration.feedback import service as feedback
from services.registration.feedback.questions import Answers
from services.registration.questions.columns import answered
from services.registration.registrations import refusals, service
from services.registration.registrations.models import LIVE, Cause, Registration, Source, Status
from services.registration.retention.erasing import erase
from services.registration.retention.sweep import kept_for
from services.registration.verification.models import ContactCode


class _Stored(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class RegistrationData(_Stored):
    """The registration itself."""

    id: uuid.UUID
    status: Status
    source: Source = Field(description="By which door it came in: web, api, staff or door.")
    name: str
    email: str | None
    phone: str | None
    party_size: int
    children: int
    companions: list[str]
    language: str
    answers: dict[str, Any]
    consents: dict[str, Any]
    ticket_code: str
    registered_at: datetime
    cancelled_at: datetime | None
    cancel_cause: Cause | None
    checked_in_at: datetime | None
    contact_failed: bool = Field(description="A message to this person could not be delivered.")


class ScanData(_Stored):
    """The ticket was shown at a door."""

    at: datetime
    door: str
    result: str


class CodeData(_Stored):
    """A code was sent to verify the contact."""

    channel: str
    sent_at: datetime


class CertificateData(_Stored):
    """The certificate of attendance."""

    code: str
    issued_at: datetime
    revoked_at: datetime | None
    revoked_reason: str | None


class OwnData(BaseModel):
    """Everything that this service holds of a person by reason of one registration.

    ``kept_until``: when it is erased by itself. Copies for sending messages, of name, addresses
    and what was sent, are with the service that sends them, and go together with this.
    """

    exported_at: datetime
    kept_until: datetime
    registration: RegistrationData
    activity: ActivityState
    scans: list[ScanData]
    codes: list[CodeData]
    certificate: CertificateData | None
    feedback: Answers | None


class Erased(_Stored):
    """What is left to say about an erased registration."""

    id: uuid.UUID
    erased_at: datetime


def show(token: str) -> OwnData:
    """What is held of a registration.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 410 ``registration-erased``.
    """
    with database.transaction() as session:
        registration = _of_link(session, token)
        if registration.erased_at is not None:
            raise refusals.erased()
        return _collected(session, registration)


def _collected(session: Session, registration: Registration) -> OwnData:
    activity = session.get_one(Activity, registration.activity_id)
    certificate = certificates.of_registration(session, registration.id)
    survey = feedback.find(session, registration.id)
    scans = session.scalars(
        sa.select(Scan).where(Scan.registration_id == registration.id).order_by(Scan.at)
    )
    codes = session.scalars(
        sa.select(ContactCode)
        .where(ContactCode.registration_id == registration.id)
        .order_by(ContactCode.sent_at)
    )
    return OwnData(
        exported_at=utc_now(),
        kept_until=activity.ends_at + kept_for(),
        registration=RegistrationData.model_validate(registration),
        activity=state_of(activity),
        scans=[ScanData.model_validate(scan) for scan in scans],
        codes=[CodeData.model_validate(code) for code in codes],
        certificate=CertificateData.model_validate(certificate) if certificate else None,
        feedback=feedback.given(session, survey) if survey else None,
    )


def answers_in_words(held: OwnData) -> list[tuple[str, str]]:
    """The answers with the questions that they belong to, in the language of the moment."""
    with database.transaction() as session:
        activity = session.get_one(Activity, held.activity.id)
        return answered(activity.questions, held.registration.answers)


def erase_own(token: str) -> Erased:
    """Erase a registration's personal data at once; one that still stands is cancelled first.

    Doing so twice changes nothing.

    Raises:
        LinkNotValid: the token is forged or damaged.
    """
    now = utc_now()
    try:
        if _is_cancelled_first(token, now):
            service.cancel(token)
        with database.transaction() as session:
            registration, _ = service.locked(session, token)
            erase(session, [registration], now)
    except Problem as problem:
        # Somebody with the same link, or the sweep, was faster: all is as it was wished.
        if problem.kind != "registration-erased":
            raise
    with database.transaction() as session:
        return Erased.model_validate(_of_link(session, token))


def _is_cancelled_first(token: str, now: datetime) -> bool:
    """Whether others can still have the places: not once it has begun or the party is in."""
    with database.transaction() as session:
        registration = _of_link(session, token)
        begins = session.get_one(Activity, registration.activity_id).starts_at
        return registration.status in LIVE and begins > now and registration.checked_in_at is None


def _of_link(session: Session, token: str) -> Registration:
    registration = session.get(Registration, service.read_token(token))
    if registration is None:
        raise LinkNotValid
    return registration
