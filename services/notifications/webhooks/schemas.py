"""What goes into and comes out of the use cases about webhooks."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.chassis.fields import Name, refuse
from services.chassis.outgoing import NotAllowed, check_host
from services.chassis.settings import settings
from services.notifications.webhooks.kinds import EVENTS


def _url(value: str) -> str:
    text = value.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")
    plain = text.isascii() and text.isprintable() and " " not in text
    if not plain or parts.scheme not in ("https", "http") or not host or port == 0:
        raise refuse("Write the whole address, such as https://system.example.gov.cn/lingbao.")
    if parts.scheme == "http" and settings().environment == "production":
        raise refuse("The address must begin with https://, so that nobody reads or changes calls.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise refuse("Please leave out the user name, the password and what follows a #.")
    try:
        check_host(host)
    except NotAllowed:
        raise refuse(
            "This address is inside our own network, where calls must not go. If it is meant, the "
            "operator can allow its network (LINGBAO_OUTGOING_ALLOW)."
        ) from None
    return text


def _event(value: str) -> str:
    if value not in EVENTS:
        raise refuse("We do not know this event; please choose one from the list.")
    return value


def _some(values: list[str]) -> list[str]:
    if not values:
        raise refuse("Please choose at least one event.")
    return list(dict.fromkeys(values))


Url = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_url)]
EventType = Annotated[str, AfterValidator(_event)]
EventTypes = Annotated[list[EventType], AfterValidator(_some)]


class EndpointIn(BaseModel):
    """A system to be told."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="Which system it is.")
    url: Url
    events: EventTypes


class EndpointChange(BaseModel):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    url: Url | None = None
    events: EventTypes | None = None
    is_active: bool | None = None


class EndpointOut(BaseModel):
    """A system that is told; ``disabled_at``: when we switched it off because it failed."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str
    url: str
    events: list[str]
    is_active: bool
    failing_since: datetime | None
    disabled_at: datetime | None
    old_secret_until: datetime | None
    created_at: datetime

    @property
    def host(self) -> str:
        """The server of the address, for lists: many systems take a token in the rest of it."""
        return urlsplit(self.url).hostname or ""


class EndpointMade(EndpointOut):
    """The same with its secret, which is shown this once."""

    secret: str


class TryOut(BaseModel):
    """One attempt: ``status`` is the HTTP status, ``None`` without an answer; ``ms`` it took."""

    at: datetime
    status: int | None
    said: str
    ms: int


class CallOut(BaseModel):
    """One event for one system, and every attempt to tell it."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    event_id: uuid.UUID
    event_type: str
    state: str
    due_at: datetime
    planned_at: datetime
    ended_at: datetime | None
    tries: list[TryOut]
