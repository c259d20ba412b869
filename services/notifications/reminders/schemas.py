"""What this service reads of events about activities, registrations and advisories."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.chassis.events.envelope import Payload, SealedText


class Venue(BaseModel):
    """Where it takes place, by language."""

    model_config = ConfigDict(extra="ignore")

    name: dict[str, str] = Field(default_factory=dict)
    address: dict[str, str] = Field(default_factory=dict)


class ActivityState(BaseModel):
    """The whole of an activity, as far as messages need it. Times have their offset."""

    model_config = ConfigDict(extra="ignore")

    id: uuid.UUID
    version: int
    status: str
    title: dict[str, str]
    district: str
    venue: Venue
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    timezone: str
    reminders: list[str] = Field(default_factory=list)
    topics: list[str] = Field(default_factory=list)
    countries: list[str] = Field(default_factory=list)
    url: str
    cancel_reason: str | None = None


class ActivityTold(Payload):
    """An activity was published, changed (``changed`` names fields) or cancelled.

    ``note``: the staff's own words about a change, by language. ``asks``: whoever is registered is
    asked to confirm or to cancel.
    """

    activity: ActivityState
    changed: list[str] = Field(default_factory=list)
    note: dict[str, str] = Field(default_factory=dict)
    asks: bool = False


class Consents(BaseModel):
    """What somebody agreed to, each by itself."""

    model_config = ConfigDict(extra="ignore")

    reminders: bool = False
    advisories: bool = False
    privacy_version: str | None = None


class RegistrationTold(Payload):
    """How a registration stands: confirmed, offered a place, on the waiting list, cancelled."""

    subject_id: uuid.UUID
    version: int
    activity: ActivityState
    status: str
    name: SealedText
    email: SealedText | None = None
    phone: SealedText | None = None
    language: str
    party_size: int
    ticket_code: SealedText
    manage_url: SealedText
    consents: Consents
    waiting_position: int | None = None
    promoted: bool = False
    cause: Literal["registrant", "activity", "staff", "expired"] | None = None
    reason: SealedText | None = None
    children: int = 0
    hold_expires_at: AwareDatetime | None = None
    asked: bool = False


class UnverifiedTold(RegistrationTold):
    """A registration whose contact is to be verified, and the code that goes to it."""

    code: SealedText
    verify_url: SealedText
    channel: Literal["email", "sms"]


class AttendedTold(RegistrationTold):
    """Somebody was there: what they may get and give afterwards."""

    certificate_url: SealedText | None = None
    feedback_url: SealedText | None = None


class ErasedTold(Payload):
    """A registration or a booking whose personal data is to be forgotten."""

    subject_id: uuid.UUID


class AdvisoryChange(BaseModel):
    """What is new in an advisory: ``published``, ``raised``, ``lowered``, ``changed``,
    ``withdrawn``; ``before`` has the former values of what differs."""

    model_config = ConfigDict(extra="ignore")

    kind: str
    before: dict[str, Any] = Field(default_factory=dict)


class AdvisoryTold(Payload):
    """An advisory was published, edited or withdrawn."""

    subject_id: uuid.UUID
    version: int
    country: str
    region: dict[str, str] = Field(default_factory=dict)
    level: Literal["blue", "yellow", "orange", "red"]
    word: Literal["take-care", "travel-with-caution", "do-not-travel"]
    headline: dict[str, str]
    advice: dict[str, str] = Field(default_factory=dict)
    valid_from: datetime
    valid_until: datetime | None = None
    url: str
    withdrawn: bool = False
    change: AdvisoryChange | None = None


def as_json(state: ActivityState) -> dict[str, Any]:
    """The state as it is kept in a column."""
    return state.model_dump(mode="json")
