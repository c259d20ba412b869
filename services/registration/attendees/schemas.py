"""What goes in and comes out of acts on an activity's people."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.chassis.fields import (
    LanguageTag,
    MultiLine,
    OptionalEmail,
    OptionalPhone,
    SingleLine,
    refuse,
)
from services.registration.attendees.filters import LONGEST, Filters
from services.registration.registrations.models import Source, Status

Channel = Literal["email", "sms"]
# Nobody is written to whose address is not known to be theirs.
Writable = Literal["confirmed", "offered", "waiting", "cancelled"]
# What a provider takes at once is 500 characters, the signature included.
LONGEST_SMS = 450


class Wanted(BaseModel):
    """Which registrations are meant; what is left out does not narrow. As in :class:`.Filters`."""

    model_config = ConfigDict(extra="forbid")

    status: Status | None = None
    q: Annotated[str, StringConstraints(max_length=LONGEST)] = Field(
        default="", description="Words of a name, an address, a number, or a ticket code."
    )
    came: Literal["yes", "no"] | None = None
    asked: bool = Field(default=False, description="Asked whether they come, and no answer yet.")
    failed: bool = Field(default=False, description="A message did not get through.")
    source: Source | None = None
    question: Annotated[str, StringConstraints(max_length=LONGEST)] = Field(
        default="", description="Who answered this question; with `answer`, with these words."
    )
    answer: Annotated[str, StringConstraints(max_length=LONGEST)] = ""

    @property
    def as_filters(self) -> Filters:
        """The same as the list's page reads it from its address."""
        given = self.model_dump(exclude_none=True)
        flags = {name: "yes" if given.pop(name) else "" for name in ("asked", "failed")}
        return Filters.read(given | flags)


class ContactIn(BaseModel):
    """How somebody is reached. Both may be missing: then they have their ticket on paper."""

    phone: OptionalPhone = None
    email: OptionalEmail = None


class ManyIn(BaseModel):
    """An act on many: on those in ``ids``, or on all that match ``filters``.

    ``expected``: how many registrations the caller means to change; another number changes none.
    ``dry_run`` only counts. ``reason`` is told to the people whose registrations are cancelled.
    """

    model_config = ConfigDict(extra="forbid")

    ids: list[uuid.UUID] = Field(default=[], max_length=2_000)
    filters: Wanted | None = None
    reason: Annotated[MultiLine, Field(max_length=500)] = ""
    expected: int | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.ids) == (self.filters is not None):
            raise refuse("Please give either the ids or the filters.")
        return self


class ManyOut(BaseModel):
    """Whom an act concerns, and how many registrations it changed."""

    registrations: int
    people: int
    done: int


class Words(BaseModel):
    """The texts of one language. ``body`` is Markdown; ``sms`` goes out without its signature."""

    model_config = ConfigDict(extra="forbid")

    subject: SingleLine = ""
    body: MultiLine = ""
    sms: Annotated[SingleLine, StringConstraints(max_length=LONGEST_SMS)] = ""

    @property
    def begun(self) -> bool:
        """Whether anything is written."""
        return bool(self.subject or self.body or self.sms)


class Message(BaseModel):
    """The texts by language. A reader whose language is left empty gets the other one."""

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, serialize_by_alias=True, validate_default=True
    )

    chinese: Words = Field(default=Words(), alias="zh-CN")
    english: Words = Field(default=Words(), alias="en")

    @property
    def written(self) -> dict[LanguageTag, Words]:
        """The languages in which something is written, with their texts."""
        both: dict[LanguageTag, Words] = {"zh-CN": self.chinese, "en": self.english}
        return {tag: words for tag, words in both.items() if words.begun}


class Letter(BaseModel):
    """What staff write, and by which channels it goes."""

    model_config = ConfigDict(extra="forbid")

    channels: list[Channel] = Field(min_length=1, max_length=2)
    message: Message


class MessageIn(Letter):
    """A message to those who stand so."""

    statuses: list[Writable] = Field(min_length=1, max_length=4)


class Reach(BaseModel):
    """Whom a message reaches: ``people`` registrations; ``by_channel`` counts messages."""

    people: int
    by_channel: dict[str, int]
    left_out: int = Field(description="Registrations without an address for these channels.")


class SentMessage(BaseModel):
    """A message that was sent."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    activity_id: uuid.UUID
    statuses: list[str]
    channels: list[Channel]
    message: Message
    reached: int
    left_out: int
    sent_by_name: str
    sent_at: datetime
