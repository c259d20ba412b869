"""Deliveries as JSON, for staff and programs: lists, one with its history, and the unknown ones."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.chassis.auth import Principal, require
from services.chassis.fields import refuse
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.notifications.delivery import overview, reading, unknown
from services.notifications.delivery.models import Channel, State
from services.notifications.delivery.overview import DeliveryLine

router = APIRouter(prefix="/deliveries", tags=["deliveries"])

Reader = Annotated[Principal, Depends(require("deliveries.view"))]
Opener = Annotated[Principal, Depends(require("contacts.view"))]
Writer = Annotated[Principal, Depends(require("broadcasts.write"))]

MOST_NAMED = 500


class Wanted(BaseModel):
    """Which deliveries a list has."""

    state: State | None = None
    channel: Channel | None = None
    kind: str = ""
    broadcast_id: uuid.UUID | None = None
    cursor: str | None = None
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT)


class SearchIn(BaseModel):
    """An address to look for: e-mail, or telephone number as people write it."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[str, StringConstraints(max_length=254)]


class ChosenIn(BaseModel):
    """Which unknown messages: those named, or all of a broadcast."""

    model_config = ConfigDict(extra="forbid")

    ids: list[uuid.UUID] = Field(default=[], max_length=MOST_NAMED)
    broadcast_id: uuid.UUID | None = None

    @model_validator(mode="after")
    def _some(self) -> ChosenIn:
        if not self.ids and self.broadcast_id is None:
            raise refuse("Please name messages or a broadcast.")
        return self

    def chosen(self) -> unknown.Chosen:
        """As the use cases take it."""
        return unknown.Chosen(tuple(self.ids), self.broadcast_id)


class ChangedOut(BaseModel):
    """How many messages were changed."""

    changed: int


@router.get("")
def index(principal: Reader, wanted: Annotated[Wanted, Query()]) -> PageOut[DeliveryLine]:
    """Every message that leaves the house, newest first. Addresses are masked."""
    chosen = overview.Chosen(
        wanted.state or "", wanted.channel or "", wanted.kind, wanted.broadcast_id
    )
    page = overview.listed(principal, chosen, cursor=wanted.cursor, limit=wanted.limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("/search")
def search(principal: Opener, body: SearchIn) -> PageOut[DeliveryLine]:
    """Everything that went to an address, newest first. A POST, so that no log has the address."""
    return PageOut(items=reading.to_address(principal, body.address), next_cursor=None)


@router.post("/unknown/send-again")
def send_again(principal: Writer, body: ChosenIn) -> ChangedOut:
    """Send unknown messages once more, but for those that are too late or were given up."""
    return ChangedOut(changed=unknown.send_again(principal, body.chosen()))


@router.post("/unknown/count-as-arrived")
def count_as_arrived(principal: Writer, body: ChosenIn) -> ChangedOut:
    """Count unknown messages as arrived."""
    return ChangedOut(changed=unknown.count_as_arrived(principal, body.chosen()))


@router.get("/{delivery_id}")
def read(principal: Reader, delivery_id: uuid.UUID) -> reading.Whole:
    """One message and what became of it. The address is masked."""
    return reading.one(principal, delivery_id)
