"""What goes into questions and what comes out."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from services.chassis import crypto
from services.chassis.fields import (
    BlankIsNone,
    Country,
    District,
    Email,
    LanguageTag,
    MultiLine,
    Name,
    OptionalEmail,
    OptionalPhone,
    SingleLine,
    Topic,
    refuse,
)
from services.content.questions.events import ASKER, own_url
from services.content.questions.models import Question
from services.content.questions.states import Status

PRIVACY_VERSION = "2026-11"
LONGEST_QUESTION = 4000
LONGEST_ANSWER = 12_000
LONGEST_NOTE = 4000

Text = Annotated[MultiLine, Field(min_length=1, max_length=LONGEST_QUESTION)]
Answer = Annotated[MultiLine, Field(min_length=1, max_length=LONGEST_ANSWER)]
Note = Annotated[MultiLine, Field(min_length=1, max_length=LONGEST_NOTE)]


class _Asked(BaseModel):
    """What every question has. ``country`` is ISO 3166-1 alpha-2; ``language`` that of the answer.

    ``text`` may also be called ``question``.
    """

    model_config = ConfigDict(populate_by_name=True)

    text: Text = Field(validation_alias=AliasChoices("text", "question"))
    country: Annotated[Country | None, BlankIsNone] = None
    topic: Annotated[Topic | None, BlankIsNone] = None
    name: Annotated[Name | None, BlankIsNone] = None
    phone: OptionalPhone = None
    email: OptionalEmail = None
    language: LanguageTag = "zh-CN"


class Consents(BaseModel):
    """``privacy_version`` is the version of the privacy notice that the person saw."""

    privacy_version: Annotated[SingleLine, Field(max_length=20)] | None = None


class QuestionIn(_Asked):
    """A question that somebody asks for themselves: there has to be a way to answer it."""

    email: OptionalEmail = Field(default=None, validate_default=True)
    consents: Consents = Field(default_factory=Consents)

    @field_validator("email")
    @classmethod
    def _one_way_to_be_reached(cls, value: str | None, info: ValidationInfo) -> str | None:
        # A telephone number that was refused has its own sentence already.
        if value is None and "phone" in info.data and info.data["phone"] is None:
            raise refuse("Please give an e-mail address or a telephone number, or both.")
        return value


class _FormConsents(Consents):
    privacy_version: str | None = Field(default=None, validate_default=True)

    @field_validator("privacy_version")
    @classmethod
    def _agreed(cls, value: str | None) -> str:
        if value != PRIVACY_VERSION:
            raise refuse("Please agree that we may use these details to answer you.")
        return value


class QuestionForm(QuestionIn):
    """A question typed on our own page: there the privacy notice has to be agreed to."""

    # Without a default: an unticked box is refused together with whatever else is missing.
    consents: _FormConsents


class HeardIn(_Asked):
    """A question that staff heard at an activity or on the telephone, with or without contact."""

    district: Annotated[District | None, BlankIsNone] = None


class AddIn(BaseModel):
    """What the asker adds."""

    text: Text


class AnswerIn(BaseModel):
    """An answer. ``version`` is the question's that was seen: an older one is refused."""

    text: Answer
    version: int | None = None


class NoteIn(BaseModel):
    """An internal note."""

    text: Note


class AssignIn(BaseModel):
    """Who is to answer: a district's office (``None``: the city's), an expert, or both."""

    district: Annotated[District | None, BlankIsNone] = None
    expert_id: Annotated[uuid.UUID | None, BlankIsNone] = None


class MergeIn(BaseModel):
    """The question whose answer is to be this one's, too."""

    into: uuid.UUID


class ExpertIn(BaseModel):
    """Somebody whom questions can be put to."""

    name: Name
    email: Email
    field: Annotated[SingleLine, Field(min_length=1, max_length=120)]
    district: Annotated[District | None, BlankIsNone] = None


class QuestionReceived(BaseModel):
    """What whoever asked gets: ``manage_url`` is theirs alone.

    With ``urgent`` they should be shown 12308 (from abroad +86 10 12308) at once.
    """

    id: uuid.UUID
    status: Status
    urgent: bool
    alarms: list[str]
    due_at: datetime
    manage_url: str

    @classmethod
    def of(cls, question: Question) -> Self:
        """The answer for a stored question."""
        return cls.model_validate(
            {
                "id": question.id,
                "status": question.status,
                "urgent": question.urgent,
                "alarms": question.alarms,
                "due_at": question.due_at,
                "manage_url": own_url(question.id),
            }
        )

    @property
    def token(self) -> str:
        """The token in the link."""
        return crypto.sign_id(ASKER, self.id)


class QuestionSummary(BaseModel):
    """A question in a list for staff; it names nobody. ``opening`` is how it begins."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    version: int
    status: Status
    via: str
    language: str
    country: str | None
    topic: str | None
    urgent: bool
    alarms: list[str]
    district: str | None
    entered_district: str | None
    expert_id: uuid.UUID | None
    due_at: datetime
    created_at: datetime
    answered_at: datetime | None
    merged_into: uuid.UUID | None
    opening: str = ""
    taken_by_name: str | None = None

    @classmethod
    def of(cls, question: Question) -> Self:
        """The line for a stored question."""
        line = cls.model_validate(question)
        words = " ".join((question.text or "").split())
        line.opening = words if len(words) <= _OPENING else f"{words[:_OPENING]}…"
        return line


_OPENING = 80


class EntryOut(BaseModel):
    """Something that was said about a question; ``by_name`` is ``None`` for whoever asked."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    kind: str
    text: str | None
    by_name: str | None
    created_at: datetime


class ExpertOut(BaseModel):
    """An expert, for staff."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str
    email: str
    field: str
    district: str | None


class QuestionOut(QuestionSummary):
    """A question as staff see it, with everything that was said about it."""

    text: str | None
    name: str | None
    email: str | None
    phone: str | None
    entered_by_name: str | None
    taken_by: uuid.UUID | None
    merged_at: datetime | None
    finished_at: datetime | None
    erased_at: datetime | None
    can_be_reached: bool
    is_open: bool
    entries: list[EntryOut] = Field(default_factory=list)
    expert: ExpertOut | None = None
    duplicates: list[QuestionSummary] = Field(default_factory=list)
    public_answer_id: uuid.UUID | None = None
    may_be_unmerged: bool = False


class OwnQuestion(BaseModel):
    """A question as the one who asked it sees it: without notes, and without who works on it."""

    id: uuid.UUID
    status: Status
    urgent: bool
    text: str
    country: str | None
    topic: str | None
    due_at: datetime
    created_at: datetime
    answered_at: datetime | None
    entries: list[EntryOut]
    is_open: bool
