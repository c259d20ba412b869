"""What this service reads of events about orders."""

from __future__ import annotations

import uuid
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.chassis.events.envelope import Payload, SealedText

State = Literal[
    "requested",
    "ordered",
    "packed",
    "sent",
    "delivered",
    "ready",
    "collected",
    "handed-out",
    "returned",
    "cancelled",
]


class Item(BaseModel):
    """A title, how many copies of it are given and how many were asked for."""

    model_config = ConfigDict(extra="ignore")

    title: dict[str, str]
    copies: int
    asked: int


class Desk(BaseModel):
    """Where the order is fetched."""

    model_config = ConfigDict(extra="ignore")

    name: dict[str, str]
    address: dict[str, str]
    hours: dict[str, str]


class OrderTold(Payload):
    """Where an order stands now; nobody is told before ``told_from``."""

    subject_id: uuid.UUID
    version: int
    number: str
    state: State
    way: str
    store: str
    language: str
    name: SealedText | None = None
    email: SealedText | None = None
    phone: SealedText | None = None
    organisation: SealedText | None = None
    items: list[Item] = Field(default_factory=list)
    desk: Desk | None = None
    carrier: str | None = None
    tracking: str | None = None
    reason: SealedText | None = None
    url: SealedText
    told_from: AwareDatetime | None = None
    by_office: bool = True


class OrderContext(BaseModel):
    """What a message about an order needs, kept sealed with its delivery."""

    number: str
    state: State
    name: str
    organisation: str | None
    items: list[Item]
    desk: Desk | None
    carrier: str | None
    tracking: str | None
    reason: str | None
    url: str
    by_office: bool


class OrderLink(BaseModel):
    """One order and the link to it."""

    model_config = ConfigDict(extra="ignore")

    number: str
    state: State
    placed_at: AwareDatetime
    url: SealedText


class OrderLinksTold(Payload):
    """Somebody asked for the links to their orders."""

    subject_id: uuid.UUID
    language: str
    email: SealedText | None = None
    phone: SealedText | None = None
    items: list[OrderLink]


class OrderLinksContext(BaseModel):
    """What the message with the links needs, kept sealed with its delivery."""

    items: list[OrderLink]
