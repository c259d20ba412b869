"""What goes in and comes out of registrations, for forms and calls alike."""

from __future__ import annotations

import json
import unicodedata
import uuid
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from services.chassis.fields import (
    LanguageTag,
    Name,
    OptionalEmail,
    OptionalPhone,
    SingleLine,
    refuse,
)
from services.registration.activities.events import ActivityState, state_of
from services.registration.activities.models import Activity
from services.registration.registrations.models import Cause, Registration, Status

# The notice at /privacy that the form shows; it changes when that page's substance does.
PRIVACY_VERSION = "2026-11"
LARGEST_PARTY = 50
MOST_ANSWERS = 30
LONGEST_ANSWERS = 10_000  # characters of JSON, all together


def _narrow(value: object) -> object:
    """Full-width digits, as Chinese input methods write them, count as digits."""
    return unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else value


def _storable(answers: dict[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(answers, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError:
        raise refuse("Please remove the special characters from this text.") from None
    if len(text) > LONGEST_ANSWERS:
        raise refuse("These answers are too long; please shorten them.")
    return answers


PartySize = Annotated[int, BeforeValidator(_narrow), Field(ge=1, le=LARGEST_PARTY)]
Children = Annotated[int, BeforeValidator(_narrow), Field(ge=0, le=LARGEST_PARTY)]
Companions = Annotated[list[Name], Field(max_length=LARGEST_PARTY - 1)]
Answer = str | int | float | bool | list[str] | None
Answers = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=100)], Answer],
    Field(max_length=MOST_ANSWERS),
    AfterValidator(_storable),
]


class Consents(BaseModel):
    """What the person agrees to, each by itself and never by silence."""

    reminders: bool = Field(default=False, description="Reminders before the activity begins.")
    advisories: bool = Field(default=False, description="Safety reminders later on.")
    privacy_version: Annotated[SingleLine, Field(max_length=20)] | None = Field(
        default=None, description="The version of the privacy notice that the person saw."
    )


class RegistrationIn(BaseModel):
    """A registration, as the registrant or a program writes it."""

    name: Name
    # The telephone comes first, as on the form, so that the sentence about both stands at the top.
    phone: OptionalPhone = None
    email: OptionalEmail = Field(default=None, validate_default=True)
    party_size: PartySize = 1
    children: Children = Field(default=0, description="How many of the party are children.")
    companions: Companions = Field(default_factory=list, description="The others' names.")
    language: LanguageTag = "zh-CN"
    answers: Answers = Field(default_factory=dict)
    consents: Consents = Field(default_factory=Consents)

    @field_validator("email")
    @classmethod
    def _one_way_to_be_reached(cls, value: str | None, info: ValidationInfo) -> str | None:
        # A telephone number that was refused has its own sentence already.
        if value is None and "phone" in info.data and info.data["phone"] is None:
            raise refuse("Please give an e-mail address or a telephone number, or both.")
        return value


class ProxyIn(BaseModel):
    """A registration that staff write for somebody else, who may have neither mail nor telephone.

    ``consents`` is what the person said to them.
    """

    name: Name
    phone: OptionalPhone = None
    email: OptionalEmail = None
    party_size: PartySize = 1
    children: Children = 0
    companions: Companions = Field(default_factory=list)
    language: LanguageTag = "zh-CN"
    answers: Answers = Field(default_factory=dict)
    consents: Consents = Field(default_factory=Consents)


class _FormConsents(Consents):
    privacy_version: str | None = Field(default=None, validate_default=True)

    @field_validator("privacy_version")
    @classmethod
    def _agreed(cls, value: str | None) -> str:
        if value != PRIVACY_VERSION:
            raise refuse("Please agree that we may use these details for this registration.")
        return value


class RegistrationForm(RegistrationIn):
    """A registration typed on our own page: there the privacy notice has to be agreed to.

    A program shows its own form, and says by ``privacy_version`` what the person saw there.
    """

    consents: _FormConsents = Field(default_factory=_FormConsents)


class ProxyForm(ProxyIn):
    """The same typed at the counter: the person has been told how their data is treated."""

    consents: _FormConsents = Field(default_factory=_FormConsents)


class RegistrationPatch(BaseModel):
    """What a registrant may change; what is not given stays as it is."""

    name: Name | None = None
    party_size: PartySize | None = None
    children: Children | None = None
    companions: Companions | None = None
    language: LanguageTag | None = None
    answers: Answers | None = None

    @field_validator("name", "party_size", "children", "companions", "language", "answers")
    @classmethod
    def _not_emptied(cls, value: object) -> object:
        if value is None:
            raise refuse("Please fill this in.")
        return value


class OwnPatch(RegistrationPatch):
    """The same from the registrant, who alone says whether they want to be reminded."""

    reminders: bool | None = None

    @field_validator("reminders")
    @classmethod
    def _said(cls, value: object) -> object:
        if value is None:
            raise refuse("Please fill this in.")
        return value


class Registered(BaseModel):
    """The answer to a registration. ``waiting_position`` counts from 1."""

    id: uuid.UUID
    activity_id: uuid.UUID
    status: Status
    party_size: int
    waiting_position: int | None
    ticket_code: str
    manage_url: str


class OtherDate(BaseModel):
    """Another date of a series, to which a registration may move. Times are UTC."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    slug: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    venue_name: dict[str, str]
    seats_left: int | None


class MoveIn(BaseModel):
    """The other date of the series to which a registration moves, and answers to what it asks.

    Answers to questions that both dates ask go along by themselves.
    """

    activity_id: uuid.UUID
    answers: Answers = Field(default_factory=dict)


class OwnRegistration(Registered):
    """A registration as its registrant sees it, with the activity that it is for."""

    version: int
    activity: ActivityState
    name: str
    email: str | None
    phone: str | None
    children: int
    companions: list[str]
    language: str
    answers: dict[str, Any]
    consents: Consents
    hold_expires_at: datetime | None = Field(
        description="Until when an offered place is kept, or a contact may be verified."
    )
    asked_at: datetime | None = Field(
        description="Since when the person is asked whether a new time or place suits them."
    )
    registered_at: datetime
    cancelled_at: datetime | None
    cancel_cause: Cause | None
    checked_in_at: datetime | None

    @classmethod
    def of(cls, registration: Registration, activity: Activity, position: int | None) -> Self:
        """The answer for a stored registration.

        Args:
            position: its place in the waiting list, from 1.
        """
        elsewhere = ("waiting_position", "activity")
        known = {
            name: getattr(registration, name) for name in cls.model_fields if name not in elsewhere
        }
        return cls(**known, waiting_position=position, activity=state_of(activity))


class ListedRegistration(BaseModel):
    """A registration as staff of its district see it."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    activity_id: uuid.UUID
    status: Status
    name: str
    email: str | None
    phone: str | None
    language: str
    party_size: int
    children: int
    companions: list[str]
    answers: dict[str, Any]
    ticket_code: str
    registered_at: datetime
    cancelled_at: datetime | None
    cancel_cause: Cause | None
    checked_in_at: datetime | None
    contact_failed: bool = Field(description="A message to this person could not be delivered.")
