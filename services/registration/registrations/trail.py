"""Who did what to somebody's registration, for the audit trail."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.registration.activities.models import Activity


def note(
    session: Session,
    by: Principal,
    action: str,
    registration_id: uuid.UUID | None,
    activity: Activity,
) -> None:
    """Keep what a member of staff did to a registration. The person's name is not in it."""
    audit.record(
        session,
        by,
        action,
        f"registration/{registration_id}",
        district=activity.district,
        detail=activity.slug,
    )
