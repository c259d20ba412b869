"""What goes into feeds that are followed, and what is said of them and of alerts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict

from services.chassis.fields import BlankIsNone, Country, Name, refuse
from services.chassis.outgoing import NotAllowed, check_host
from services.content.advisories.difference import Difference
from services.content.advisories.schemas import AdvisoryKept, Reason, WebAddress
from services.content.advisories.words import Level
from services.content.alerts.cap import Alert
from services.content.alerts.models import State


def _outside(value: str) -> str:
    try:
        check_host(urlsplit(value).hostname or "")
    except NotAllowed as error:
        raise refuse("This address leads inside our own network. Please give a public one.") from (
            error
        )
    return value


FeedAddress = Annotated[WebAddress, AfterValidator(_outside)]


class FeedIn(BaseModel):
    """A feed to follow.

    Attributes:
        url: of an Atom or RSS feed whose entries are or point to CAP alerts, or of one alert.
        country: what it is about, for alerts that do not say so.
        least_level: alerts below it are kept without a draft.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name
    url: FeedAddress
    country: Annotated[Country | None, BlankIsNone] = None
    least_level: Level = "yellow"


class FeedChange(BaseModel):
    """Some fields of a feed; ``is_active`` switches it off and on."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    url: FeedAddress | None = None
    country: Annotated[Country | None, BlankIsNone] = None
    least_level: Level | None = None
    is_active: bool | None = None


class FeedOut(BaseModel):
    """A feed and how it is doing; ``failing`` is a sentence."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str
    url: str
    country: str | None
    least_level: Level
    is_active: bool
    due_at: datetime
    polled_at: datetime | None
    worked_at: datetime | None
    failures: int
    failing: str | None = None
    taken: int = 0


class DraftIn(BaseModel):
    """The country that a draft is to be about."""

    model_config = ConfigDict(extra="forbid")

    country: Country


class FollowIn(BaseModel):
    """The advisory that is to follow an alert; ``reason`` for the public, of a cancellation."""

    model_config = ConfigDict(extra="forbid")

    advisory_id: uuid.UUID
    reason: Reason | None = None


class LinkOut(BaseModel):
    """What an alert means for an advisory."""

    model_config = ConfigDict(from_attributes=True)

    advisory_id: uuid.UUID
    state: Literal["drafted", "proposed", "taken", "set-aside"]


class AlertOut(BaseModel):
    """An alert of somebody else; ``content`` is all of it by the names of CAP 1.2.

    Attributes:
        level: what its severity amounts to.
        countries: what it is about.
        warnings: sentences about what to look at before anything is made of it.
    """

    id: uuid.UUID
    feed_id: uuid.UUID | None
    sender: str
    identifier: str
    sent: datetime
    message: str
    level: Level
    countries: list[str]
    state: State
    taken_in_at: datetime
    warnings: list[str]
    links: list[LinkOut]
    content: dict[str, Any]


class Proposal(BaseModel):
    """An advisory that an alert is about, and what would change in it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    advisory: AdvisoryKept
    state: str
    differences: list[Difference]


class AlertForStaff(BaseModel):
    """An alert with what staff decide about it."""

    alert: AlertOut
    content: Alert
    feed_name: str | None
    taken_in_by_name: str | None
    proposals: list[Proposal]
    is_unknown: bool
