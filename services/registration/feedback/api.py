"""What a survey has brought, as JSON for staff."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends

from services.chassis.auth import Principal, require
from services.registration.feedback import results
from services.registration.feedback.results import Results

router = APIRouter(tags=["feedback"])

Viewer = Annotated[Principal, Depends(require("activities.view"))]


@router.get("/activities/{activity_id}/feedback")
def feedback(activity_id: uuid.UUID, principal: Viewer) -> Results:
    """How many answered, how often each answer was given, and the texts; never who."""
    return results.results(principal, activity_id).results
