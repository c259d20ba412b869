"""What goes in and comes out of bookings, for forms and calls alike.

The request is asked for in four steps; each is a model of its own, and :class:`BookingIn` is the
four together, so a step of the form and a call are checked by the same rules.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
)

from services.chassis.database import utc_now
from services.chassis.fields import (
    BlankIsNone,
    Countries,
    District,
    LanguageTag,
    MultiLine,
    Name,
    OptionalEmail,
    OptionalPhone,
    SingleLine,
    Topics,
    refuse,
)
from services.chassis.reference import city
from services.registration.bookings.models import Booking, Kind, OrganisationKind, Status
from services.registration.moments import Moment
from services.registration.resources.schemas import MOST_LECTURERS, Reason

MOST_TIMES = 3
LARGEST_GROUP = 5000
LAST_YEAR = 2100
SHORTEST_SESSION, LONGEST_SESSION = 15, 720  # minutes
Words = Annotated[MultiLine, Field(max_length=2000)]


def _narrow(value: object) -> object:
    """Full-width digits, as Chinese input methods write them, count as digits."""
    return unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else value


def _to_come(value: datetime) -> datetime:
    if value <= utc_now():
        raise refuse("Please choose a time that is still to come.")
    return value


def _in_order(values: list[datetime]) -> list[datetime]:
    return sorted(dict.fromkeys(values))


def _sensible(value: date) -> date:
    if value.year > LAST_YEAR:
        raise refuse("Please check the year.")
    return value


Times = Annotated[
    list[Annotated[Moment, AfterValidator(_to_come)]],
    Field(min_length=1, max_length=MOST_TIMES),
    AfterValidator(_in_order),
]
Duration = Annotated[int, BeforeValidator(_narrow), Field(ge=SHORTEST_SESSION, le=LONGEST_SESSION)]
Headcount = Annotated[int, BeforeValidator(_narrow), Field(ge=1, le=LARGEST_GROUP)]
OptionalDate = Annotated[Annotated[date, AfterValidator(_sensible)] | None, BlankIsNone]


class Organisation(BaseModel):
    """Who asks. ``district``: where it is (GB/T 2260)."""

    name: Annotated[SingleLine, Field(min_length=1, max_length=120)]
    kind: OrganisationKind
    district: District


class Contact(BaseModel):
    """Whom to answer: at least one of telephone and e-mail."""

    name: Name
    phone: OptionalPhone = None
    email: OptionalEmail = Field(default=None, validate_default=True)

    @field_validator("email")
    @classmethod
    def _one_way_to_be_reached(cls, value: str | None, info: ValidationInfo) -> str | None:
        # A telephone number that was refused has its own sentence already.
        if value is None and "phone" in info.data and info.data["phone"] is None:
            raise refuse("Please give an e-mail address or a telephone number, or both.")
        return value


class OrganisationStep(BaseModel):
    """Step 1: who asks, and for what."""

    kind: Kind
    organisation: Organisation


class ContactStep(BaseModel):
    """Step 2: whom to answer."""

    contact: Contact


class TimesStep(BaseModel):
    """Step 3: when, and for how many."""

    proposed_times: Times
    headcount: Headcount


class SubjectStep(BaseModel):
    """Step 4: what it is about."""

    destinations: Countries = Field(default_factory=list, max_length=60)
    departs_on: OptionalDate = None
    returns_on: OptionalDate = None
    topics: Topics = Field(default_factory=list, max_length=20)
    note: Annotated[Words | None, BlankIsNone] = None

    @field_validator("departs_on")
    @classmethod
    def _leaves_in_time(cls, value: date | None) -> date | None:
        if value is not None and value < utc_now().astimezone(ZoneInfo(city().timezone)).date():
            raise refuse("Please choose a day that is still to come.")
        return value

    @field_validator("returns_on")
    @classmethod
    def _returns_after_leaving(cls, value: date | None, info: ValidationInfo) -> date | None:
        departs = info.data.get("departs_on")
        if value is not None and departs is not None and value < departs:
            raise refuse("The return must not be before the departure.")
        return value


class BookingIn(OrganisationStep, ContactStep, TimesStep, SubjectStep):
    """A whole request."""

    language: LanguageTag = "zh-CN"


class Planned(BaseModel):
    """How long the session lasts, who goes, and in which room of ours, if in one.

    Whatever is left out stays as it is held already. ``override_reason``: why, although somebody
    or something is taken or not available.
    """

    duration_minutes: Duration | None = None
    venue_id: Annotated[uuid.UUID | None, BlankIsNone] = None
    lecturer_ids: Annotated[list[uuid.UUID], Field(max_length=MOST_LECTURERS)] | None = None
    override_reason: Reason = None


class AcceptIn(Planned):
    """Staff agree to one of the proposed times; with a single one it need not be named."""

    agreed_time: Moment | None = None
    answer: Annotated[Words | None, BlankIsNone] = None


class ProposeIn(Planned):
    """Staff offer other times."""

    proposed_times: Times
    answer: Annotated[Words | None, BlankIsNone] = None


class DeclineIn(BaseModel):
    """Staff cannot come; the organisation reads why. ``reason`` is another name of ``answer``."""

    answer: Annotated[Words, Field(min_length=1)] = Field(
        validation_alias=AliasChoices("answer", "reason")
    )


class Chosen(BaseModel):
    """The time that an organisation takes of those offered."""

    agreed_time: Moment


class OrganisationOut(BaseModel):
    """Who asked. ``district``: GB/T 2260."""

    name: str
    kind: OrganisationKind
    district: str


class ContactOut(BaseModel):
    """Whom to answer."""

    name: str
    phone: str | None
    email: str | None


class BookingOut(BaseModel):
    """A booking as its organisation and staff see it. Times are UTC, shown in ``timezone``.

    ``speakers``: who comes, once a time is agreed and the office has chosen; names by language.
    """

    id: uuid.UUID
    version: int
    kind: Kind
    status: Status
    organisation: OrganisationOut
    contact: ContactOut
    language: str
    proposed_times: list[datetime]
    agreed_time: datetime | None
    timezone: str
    duration_minutes: int
    headcount: int
    destinations: list[str]
    departs_on: date | None
    returns_on: date | None
    topics: list[str]
    note: str | None
    answer: str | None
    created_at: datetime
    updated_at: datetime
    manage_url: str
    speakers: list[dict[str, str]] = Field(default_factory=list)

    @classmethod
    def of(cls, booking: Booking, speakers: Sequence[dict[str, str]] = ()) -> Self:
        """The answer for a stored booking."""
        known = {
            name: getattr(booking, name)
            for name in cls.model_fields
            if name not in ("organisation", "contact", "speakers")
        }
        return cls.model_validate(
            known
            | {
                "speakers": list(speakers),
                "organisation": {
                    "name": booking.organisation_name,
                    "kind": booking.organisation_kind,
                    "district": booking.district,
                },
                "contact": {
                    "name": booking.contact_name,
                    "phone": booking.contact_phone,
                    "email": booking.contact_email,
                },
            }
        )


class Requested(BaseModel):
    """The answer to a request. ``manage_url`` leads to the conversation about it."""

    id: uuid.UUID
    status: Status
    manage_url: str
