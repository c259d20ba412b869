"""Contacts as staff's forms and programs see them."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.chassis.fields import (
    BlankIsNone,
    Countries,
    Districts,
    LanguageTag,
    Name,
    OptionalEmail,
    OptionalPhone,
    SingleLine,
    Topics,
)
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid
from services.notifications.imports.basis import BasisIn

OrganisationKind = Literal["school", "enterprise", "community"]
Relayed = Annotated[int, Field(ge=1, le=100_000)]


class ContactIn(BaseModel):
    """What staff may say of a contact. What is proven of an address, nobody can say."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name | None, BlankIsNone] = None
    organisation: Annotated[SingleLine | None, BlankIsNone] = None
    organisation_kind: Annotated[OrganisationKind | None, BlankIsNone] = None
    relays_for: Annotated[Relayed | None, BlankIsNone] = None
    language: LanguageTag = "zh-CN"
    districts: Districts = []
    countries: Countries = []
    topics: Topics = []
    on_drill_list: bool = False


class ContactChange(BaseModel):
    """What of it is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name | None, BlankIsNone] = None
    organisation: Annotated[SingleLine | None, BlankIsNone] = None
    organisation_kind: Annotated[OrganisationKind | None, BlankIsNone] = None
    relays_for: Annotated[Relayed | None, BlankIsNone] = None
    language: LanguageTag | None = None
    districts: Districts | None = None
    countries: Countries | None = None
    topics: Topics | None = None
    on_drill_list: bool | None = None


class NewContact(ContactIn, BasisIn):
    """One contact added by hand, with the ground on which it may be written to."""

    email: OptionalEmail = None
    phone: OptionalPhone = None

    @model_validator(mode="after")
    def _reached_somehow(self) -> NewContact:
        if self.email is None and self.phone is None:
            sentence = lazy("Please give an e-mail address or a telephone number.")
            raise Invalid([FieldError("email", sentence)])
        return self


class TripOut(BaseModel):
    """A stay abroad; ``to`` is ``null`` when the return is not known."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    country: str
    from_: date = Field(alias="from")
    to: date | None


class ContactLine(BaseModel):
    """A contact in a list.

    ``source``: ``registration``, ``booking``, ``subscription``, ``import`` or ``staff``.
    ``wants_broadcasts``: agreed to routine and important ones; ``reachable``: may be written to in
    an emergency. ``stopped`` and ``suppressed``: the channels whose address has stopped broadcasts,
    or is not written to at all.
    """

    id: uuid.UUID
    source: str
    name: str | None
    email: str | None
    phone: str | None
    language: str
    organisation: str | None
    organisation_kind: str | None
    relays_for: int | None
    districts: list[str]
    countries: list[str]
    topics: list[str]
    trips: list[TripOut]
    on_drill_list: bool
    wants_broadcasts: bool
    reachable: bool
    stopped: list[str]
    suppressed: list[str]
    created_at: datetime


class Step(BaseModel):
    """Something that happened to a message; ``reply`` is what the server said."""

    at: datetime
    state: str
    reply: str | None = None
    sender: str | None = None


class MessageOut(BaseModel):
    """A message to one of the addresses, and why it went.

    ``title`` is the broadcast's or the activity's; ``history`` what happened, oldest first;
    ``district`` whose message it is, ``null`` for the city's.
    """

    id: uuid.UUID
    kind: str
    district: str | None
    title: str | None
    broadcast_id: uuid.UUID | None
    channel: str
    state: str
    reason: str | None
    sender: str | None
    planned_at: datetime
    sent_at: datetime | None
    history: list[Step]


class ConsentOut(BaseModel):
    """A line of an address's history of consents."""

    channel: str
    what: str
    given: bool
    version: str
    source: str
    at: datetime


class AnswerOut(BaseModel):
    """What this address answered to a broadcast that asked."""

    broadcast_id: uuid.UUID
    title: str
    answer: str
    via: str
    note: str | None
    answered_at: datetime


class SuppressionActOut(BaseModel):
    """Somebody of staff blocked an address, or undid that."""

    channel: str
    act: str
    reason: str
    by: str
    at: datetime


class BlockOut(BaseModel):
    """Why nothing is sent to an address, and what shows it.

    ``reply``: what the mail server said, or the words of staff. ``return_id``: the message that
    came back, while it is kept; ``delivery_id``: the message of ours that was refused.
    """

    channel: str
    address: str
    reason: str
    since: datetime
    reply: str | None = None
    return_id: uuid.UUID | None = None
    delivery_id: uuid.UUID | None = None


class ContactOut(ContactLine):
    """A contact with everything that is known; the newest messages, ``more_messages`` if older."""

    holder: str | None
    email_verified: bool
    phone_verified: bool
    digest: str
    paused_until: datetime | None
    consents: list[ConsentOut]
    answers: list[AnswerOut]
    blocks: list[BlockOut]
    blocked: list[SuppressionActOut]
    messages: list[MessageOut]
    more_messages: bool
    updated_at: datetime


class Sought(BaseModel):
    """An address that is looked for, in full."""

    address: Annotated[str, Field(max_length=254)]


class SoughtOut(BaseModel):
    """What there is for an address: contacts that have it, and messages that went there."""

    contacts: list[ContactLine]
    messages: list[MessageOut]
    stopped: bool
    suppressed: bool
    blocks: list[BlockOut]


class DrillIn(BaseModel):
    """Contacts to put on the drill list, or to take off."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[uuid.UUID], Field(min_length=1, max_length=1000)]
    on: bool = True


class DrillOut(BaseModel):
    """How many contacts that changed."""

    changed: int


class SuppressionOut(BaseModel):
    """An address that nothing is sent to."""

    channel: str
    address: str
    reason: str
    since: datetime


class SuppressionIn(BaseModel):
    """An address that nothing is to be sent to, and why; an e-mail address or a number."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[str, Field(min_length=1, max_length=254)]
    reason: Annotated[SingleLine, Field(min_length=1)]
