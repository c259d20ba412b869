"""Certificates: issued after the end to who came, shown to their holder, checked by anybody."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.certificates import LENGTH, fresh_code, masked
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound, Problem
from services.registration.activities.catalogue import covered
from services.registration.activities.events import ActivityState, state_of
from services.registration.activities.models import Activity
from services.registration.certificates.models import Certificate
from services.registration.certificates.schemas import (
    ListedCertificate,
    OwnCertificate,
    RevokeIn,
    Verified,
)
from services.registration.database import database
from services.registration.registrations.models import Registration
from services.registration.registrations.tickets import ALPHABET, normal

# Certificates that one tick issues; the next tick takes the rest.
AT_ONCE = 500


def came() -> sa.ColumnElement[bool]:
    """Whether a registration's people were let in at the door."""
    return sa.and_(Registration.status == "confirmed", Registration.checked_in_at.is_not(None))


def issue_due(now: datetime | None = None) -> int:
    """Issue the certificates of everybody who came to an activity that is over.

    A check-in that a door hands in late is found by a later call. Two calls at the same time issue
    each certificate once: its registration is unique.

    Args:
        now: the moment up to which activities have ended (UTC); the present by default.

    Returns:
        How many were issued.
    """
    moment = now or utc_now()
    with database.transaction() as session:
        due = session.scalars(
            sa.select(Registration.id)
            .join(Activity, Activity.id == Registration.activity_id)
            .where(
                Activity.certificates,
                Activity.status.in_(("published", "completed")),
                Activity.ends_at <= moment,
                came(),
                Registration.erased_at.is_(None),
                ~sa.exists().where(Certificate.registration_id == Registration.id),
            )
            .limit(AT_ONCE)
        ).all()
        if not due:
            return 0
        issued = session.execute(
            postgresql.insert(Certificate)
            .values(
                [
                    {
                        "id": new_id(),
                        "registration_id": identifier,
                        "code": fresh_code(ALPHABET),
                        "issued_at": moment,
                    }
                    for identifier in due
                ]
            )
            .on_conflict_do_nothing()
            .returning(Certificate.id)
        )
        return len(issued.all())


def of_registration(session: Session, registration_id: uuid.UUID) -> Certificate | None:
    """A registration's certificate; ``None`` when none was issued."""
    return session.scalar(
        sa.select(Certificate).where(Certificate.registration_id == registration_id)
    )


def own_certificate(registration_id: uuid.UUID) -> OwnCertificate:
    """The certificate of a registration, for whoever holds the registration's link.

    Raises:
        Problem: 404 ``no-certificate``: none was issued, or not yet.
    """
    with database.transaction() as session:
        certificate = of_registration(session, registration_id)
        if certificate is None:
            raise Problem(
                404,
                "no-certificate",
                lazy("There is no certificate for this registration yet."),
                lazy(
                    "Where an activity gives certificates, everyone who was checked in at the "
                    "door gets one within minutes of the end."
                ),
            )
        registration = session.get_one(Registration, registration_id)
        activity = session.get_one(Activity, registration.activity_id)
        return OwnCertificate(
            name=registration.name,
            activity=state_of(activity),
            code=certificate.code,
            url=certificate.url,
            issued_at=certificate.issued_at,
            valid=_holds(certificate, registration),
        )


def verify(typed: str) -> Verified:
    """What a stranger may know about a code, however it is written; an unknown one is no error."""
    code = normal(typed)[: 2 * LENGTH]
    with database.transaction() as session:
        found = session.execute(
            sa.select(Certificate, Registration, Activity)
            .join(Registration, Registration.id == Certificate.registration_id)
            .join(Activity, Activity.id == Registration.activity_id)
            .where(Certificate.code == code)
        ).first()
        if found is None:
            return Verified(result="unknown", code=code)
        certificate, registration, activity = found
        return Verified(
            result="valid" if _holds(certificate, registration) else "revoked",
            code=code,
            name=masked(registration.name) or None,
            title=activity.title,
            starts_at=activity.starts_at,
            ends_at=activity.ends_at,
            timezone=activity.timezone,
            minutes=minutes_of(activity.starts_at, activity.ends_at),
            issued_at=certificate.issued_at,
        )


def minutes_of(begins: datetime, ends: datetime) -> int | None:
    """How long something went on, in whole minutes; ``None`` when it was open for days."""
    went_on = ends - begins
    return went_on // timedelta(minutes=1) if went_on < timedelta(days=1) else None


def _holds(certificate: Certificate, registration: Registration) -> bool:
    # A check-in that was taken back takes the certificate with it.
    return certificate.revoked_at is None and registration.checked_in_at is not None


def listed(
    principal: Principal, activity_id: uuid.UUID
) -> tuple[ActivityState, Sequence[ListedCertificate]]:
    """The certificates of an activity, in the order of their registrations.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        rows = session.execute(
            sa.select(Certificate, Registration.name)
            .join(Registration, Registration.id == Certificate.registration_id)
            .where(Registration.activity_id == activity_id)
            .order_by(Registration.id)
        ).all()
        return state_of(activity), [_listed(certificate, name) for certificate, name in rows]


def one(
    principal: Principal, activity_id: uuid.UUID, certificate_id: uuid.UUID
) -> ListedCertificate:
    """One certificate of an activity.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        covered(session, principal, activity_id)
        certificate, registration = _of(session, activity_id, certificate_id)
        return _listed(certificate, registration.name)


def revoke(
    principal: Principal, activity_id: uuid.UUID, certificate_id: uuid.UUID, wanted: RevokeIn
) -> None:
    """Declare that a certificate holds no longer. Doing so twice keeps the first reason.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        certificate, _ = _of(session, activity_id, certificate_id)
        if certificate.revoked_at is not None:
            return
        certificate.revoked_at = utc_now()
        certificate.revoked_reason = wanted.reason
        certificate.revoked_by = principal.id
        # The reason may name the person, so it does not go into the audit trail.
        audit.record(
            session,
            principal,
            "certificate.revoked",
            f"certificate/{certificate.id}",
            district=activity.district,
            detail=activity.slug,
        )


def _of(
    session: Session, activity_id: uuid.UUID, certificate_id: uuid.UUID
) -> tuple[Certificate, Registration]:
    certificate = session.get(Certificate, certificate_id, with_for_update=True)
    if certificate is not None:
        registration = session.get_one(Registration, certificate.registration_id)
        if registration.activity_id == activity_id:
            return certificate, registration
    raise NotFound(lazy("There is no such certificate."))


def _listed(certificate: Certificate, name: str) -> ListedCertificate:
    return ListedCertificate(
        id=certificate.id,
        registration_id=certificate.registration_id,
        name=name,
        code=certificate.code,
        issued_at=certificate.issued_at,
        revoked_at=certificate.revoked_at,
        revoked_reason=certificate.revoked_reason,
    )
