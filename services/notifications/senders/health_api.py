"""Senders' health as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from services.chassis.auth import Principal, require
from services.chassis.lists import PageOut
from services.notifications.senders import health
from services.notifications.senders.health import SenderOut

router = APIRouter(prefix="/senders", tags=["senders"])

Reader = Annotated[Principal, Depends(require("senders.view"))]
Manager = Annotated[Principal, Depends(require("senders.manage"))]


@router.get("")
def index(principal: Reader) -> PageOut[SenderOut]:
    """Every mail relay and SMS provider, and how it does."""
    return PageOut(items=health.listed(), next_cursor=None)


@router.post("/{name}/rest", status_code=204)
def rest(principal: Manager, name: str) -> None:
    """Give it nothing any more; the others take its part."""
    health.rest(principal, name)


@router.post("/{name}/wake", status_code=204)
def wake(principal: Manager, name: str) -> None:
    """Let it send again."""
    health.wake(principal, name)


@router.post("/{name}/release-brake", status_code=204)
def release_brake(principal: Manager, name: str) -> None:
    """Count its bounces anew; paused broadcasts are resumed one by one."""
    health.release_brake(principal, name)
