"""What goes in and comes out of acts on an activity's people."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.chassis.fields import LanguageTag, MultiLine, OptionalEmail, OptionalPhone, SingleLine

Channel = Literal["email", "sms"]
# Nobody is written to whose address is not known to be theirs.
Writable = Literal["confirmed", "offered", "waiting", "cancelled"]
# What a provider takes at once is 500 characters, the signature included.
LONGEST_SMS = 450


class ContactIn(BaseModel):
    """How somebody is reached. Both may be missing: then they have their ticket on paper."""

    phone: OptionalPhone = None
    email: OptionalEmail = None


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
