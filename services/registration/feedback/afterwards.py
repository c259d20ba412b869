"""What somebody who came finds on the page of their registration when it is over."""

from __future__ import annotations

from dataclasses import dataclass

from services.chassis.database import utc_now
from services.registration.certificates import service as certificates
from services.registration.database import database
from services.registration.feedback.surveys import OPEN_FOR, feedback_url, is_asked, survey_of
from services.registration.registrations.schemas import OwnRegistration


@dataclass(frozen=True)
class Afterwards:
    """``certificate``: one was issued and holds. ``survey``: its address, while it is open."""

    certificate: bool = False
    survey: str | None = None


def afterwards(registration: OwnRegistration) -> Afterwards:
    """What there is for a registration now; nothing before the end, or for who did not come."""
    now = utc_now()
    ends = registration.activity.ends_at
    came = registration.status == "confirmed" and registration.checked_in_at is not None
    if not came or now < ends or registration.activity.status == "cancelled":
        return Afterwards()
    with database.transaction() as session:
        certificate = certificates.of_registration(session, registration.id)
        asked = now < ends + OPEN_FOR and is_asked(survey_of(session, registration.activity.id))
    return Afterwards(
        certificate=certificate is not None and certificate.revoked_at is None,
        survey=feedback_url(registration.id) if asked else None,
    )
