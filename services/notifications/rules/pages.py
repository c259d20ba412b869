"""The staff's page of the rules: who gets a broadcast of each urgency, and when."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.chassis.auth import Principal, require
from services.chassis.settings import settings
from services.notifications.broadcasts.labels import URGENCIES
from services.notifications.database import pages
from services.notifications.rules.quiet import spans

router = APIRouter(prefix="/staff/broadcasts/policy")

Reader = Annotated[Principal, Depends(require("broadcasts.view"))]


@router.get("")
def show(request: Request, principal: Reader) -> Response:
    """docs/emergency-policy.md as far as staff decide by it, with the hours and limits set here."""
    return pages.render(
        request,
        "rules/policy.html",
        names={key: name for key, (name, _hint) in URGENCIES.items()},
        quiet=dict(spans()),
        limit=settings().routine_cap,
        days=settings().routine_cap_days,
    )
