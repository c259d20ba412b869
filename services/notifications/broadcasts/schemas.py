"""What goes into a broadcast and what is shown of one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from services.chassis.fields import (
    BlankIsNone,
    Countries,
    Districts,
    LanguageTag,
    MultiLine,
    SingleLine,
    Topics,
    Zone,
)
from services.chassis.reference import city

Urgency = Literal["routine", "important", "emergency"]
Channel = Literal["email", "sms"]
OrganisationKind = Literal["school", "enterprise", "community"]
Whose = Literal["failed", "unanswered"]
Failures = Annotated[int, Field(ge=1, le=1_000_000)]

# What a provider takes at once is 500 characters; the way to stop needs some of them.
LONGEST_SMS = 350
MOST_TEST_ADDRESSES = 5


class Audience(BaseModel):
    """Who is meant: each list is "any of these", an empty one is "all", and all rules hold at once.

    Attributes:
        travelling_on: only people who are abroad on this day, as far as their trips say; with
            ``countries`` in one of those.
        travelling_until: together with ``travelling_on``: abroad on any day between the two.
        activity_id: only people who are registered for, or wait for, this activity.
        of_broadcast: only people of this earlier broadcast, and of them ``whose`` message
            ``failed`` (or came too late; addresses that have it are left out), or who left its
            question ``unanswered`` at every address of theirs.
    """

    model_config = ConfigDict(extra="forbid")

    districts: Districts = Field(default=[], max_length=40)
    countries: Countries = Field(default=[], max_length=260)
    topics: Topics = Field(default=[], max_length=40)
    travelling_on: Annotated[date | None, BlankIsNone] = None
    travelling_until: Annotated[date | None, BlankIsNone] = None
    activity_id: Annotated[uuid.UUID | None, BlankIsNone] = None
    organisation_kinds: list[OrganisationKind] = Field(default=[], max_length=3)
    of_broadcast: Annotated[uuid.UUID | None, BlankIsNone] = None
    whose: Annotated[Whose | None, BlankIsNone] = None


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
    """The texts by language. A language that is left empty falls back to the other one."""

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, serialize_by_alias=True, validate_default=True
    )

    chinese: Words = Field(default=Words(), alias="zh-CN")
    english: Words = Field(default=Words(), alias="en")

    def in_language(self, tag: str) -> tuple[LanguageTag, Words]:
        """What a reader of ``tag`` gets, and the language that it is really in."""
        first: tuple[LanguageTag, Words] = ("zh-CN", self.chinese)
        second: tuple[LanguageTag, Words] = ("en", self.english)
        if tag == "en":
            first, second = second, first
        return first if first[1].begun else second

    @property
    def languages(self) -> list[LanguageTag]:
        """The languages in which something is written."""
        found: list[LanguageTag] = []
        if self.chinese.begun:
            found.append("zh-CN")
        if self.english.begun:
            found.append("en")
        return found


def _here() -> str:
    return city().timezone


class BroadcastIn(BaseModel):
    """A broadcast as it is written.

    Attributes:
        drill: an exercise, which reaches only contacts on the drill list and is marked as one.
        asks: recipients are asked "I am safe" or "I need help".
        stop_after: how many failed messages pause it by itself; ``None``: a tenth of all, 20 at
            least. Nothing pauses an emergency unless this says so.
        template_version_id: the version of the template that the texts began as.
    """

    model_config = ConfigDict(extra="forbid")

    title: Annotated[SingleLine, StringConstraints(min_length=1, max_length=120)]
    urgency: Urgency
    channels: list[Channel] = Field(min_length=1, max_length=2)
    audience: Audience = Audience()
    message: Message
    send_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    timezone: Zone = Field(default_factory=_here)
    drill: bool = False
    asks: bool = False
    stop_after: Annotated[Failures | None, BlankIsNone] = None
    template_version_id: Annotated[uuid.UUID | None, BlankIsNone] = None


class BroadcastChange(BaseModel):
    """What is to be different; what is not given stays. ``version`` guards against overwriting."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = None
    title: Annotated[SingleLine, StringConstraints(min_length=1, max_length=120)] | None = None
    urgency: Urgency | None = None
    channels: Annotated[list[Channel], Field(min_length=1, max_length=2)] | None = None
    audience: Audience | None = None
    message: Message | None = None
    send_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    timezone: Zone | None = None
    drill: bool | None = None
    asks: bool | None = None
    stop_after: Failures | None = None


class ApprovalIn(BaseModel):
    """An approval may name the content that was read; another content is then refused."""

    model_config = ConfigDict(extra="forbid")

    content_hash: str | None = Field(default=None, max_length=64)


class TestIn(BaseModel):
    """Where a trial goes: e-mail addresses and telephone numbers."""

    model_config = ConfigDict(extra="forbid")
    __test__ = False  # for pytest: this is no test

    to: list[Annotated[str, StringConstraints(max_length=254)]] = Field(
        min_length=1, max_length=MOST_TEST_ADDRESSES
    )


class TestOut(BaseModel):
    """How many trial messages are on their way."""

    __test__ = False

    planned: int


class Excluded(BaseModel):
    """Addresses, and for ``no_address`` contacts, that match the rules and get nothing.

    Attributes:
        paused: their holders asked for silence until a day.
        capped: they had as many broadcasts lately as one person should get.
    """

    unsubscribed: int = 0
    suppressed: int = 0
    no_address: int = 0
    paused: int = 0
    capped: int = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return sum(self.model_dump().values())


class AudienceOut(BaseModel):
    """How many messages a broadcast amounts to; ``total`` is the sum of ``by_channel``.

    ``people`` counts who gets at least one: contacts with the same address are one. ``gathered``
    of the messages wait for the digest that their recipients asked for, and are counted like the
    others.
    """

    total: int
    people: int
    by_channel: dict[str, int]
    by_language: dict[str, int]
    gathered: int = 0
    excluded: Excluded


class Counts(BaseModel):
    """Messages by state. They add up to ``total``; before the approval all are 0."""

    total: int = 0
    pending: int = 0
    sending: int = 0
    accepted: int = 0
    delivered: int = 0
    bounced: int = 0
    failed: int = 0
    suppressed: int = 0
    expired: int = 0
    cancelled: int = 0
    unknown: int = 0

    @classmethod
    def of(cls, by_state: Mapping[str, int]) -> Counts:
        """From the number of rows in each state."""
        return cls(**by_state, total=sum(by_state.values()))

    @property
    def done(self) -> int:
        """How many need nothing more."""
        return self.total - self.pending - self.sending

    @property
    def reached(self) -> int:
        """How many were taken by the next server or arrived."""
        return self.accepted + self.delivered

    @property
    def not_arrived(self) -> int:
        """How many ended, as far as is known, without arriving."""
        return self.bounced + self.failed + self.suppressed + self.expired + self.unknown

    @property
    def not_reached(self) -> int:
        """How many could be sent once more: they failed, or came too late."""
        return self.failed + self.expired


class BroadcastOut(BaseModel):
    """A broadcast as the API answers it.

    ``freezing``: it is approved, and its recipients are still being drawn up, which takes a minute
    for very many; until then its counts are 0, and what is to be sent is ``scheduled`` and goes
    right after. ``approval_lapsed`` says why an approval was taken back by itself: ``nobody`` would
    get it, or drawing up its recipients ``broke-off`` several times.
    """

    id: uuid.UUID
    version: int
    title: str
    urgency: Urgency
    channels: list[Channel]
    audience: Audience
    message: Message
    send_at: datetime | None
    expires_at: datetime | None
    timezone: str
    status: str
    district: str | None
    author: str
    submitted_by: str | None
    submitted_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    content_hash: str
    drill: bool
    asks: bool
    stop_after: int | None
    error_limit: int | None
    freezing: bool = False
    approval_lapsed: Literal["nobody", "broke-off"] | None = None
    origin: str | None
    template_version_id: uuid.UUID | None
    pause_reason: str | None
    started_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    counts: Counts


class BroadcastLine(BaseModel):
    """A broadcast in a list."""

    id: uuid.UUID
    title: str
    urgency: Urgency
    channels: list[Channel]
    status: str
    district: str | None
    author: str
    drill: bool
    asks: bool
    origin: str | None
    total: int
    send_at: datetime | None
    timezone: str
    created_at: datetime
    updated_at: datetime


class RecipientOut(BaseModel):
    """One recipient: ``address`` is masked unless the caller may see contacts."""

    id: uuid.UUID
    channel: Channel
    address: str
    language: str
    state: str
    attempts: int
    reason: str | None
    sent_at: datetime | None
