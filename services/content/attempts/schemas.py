"""What goes in and comes out of attempts and their certificates."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.chassis.fields import Name, SingleLine

Ending = Literal["handed-in", "time-up"]


class ItemOut(BaseModel):
    """An item of a paper as whoever answers may see it: without its key.

    ``content`` goes by the kind: ``{"choices"}``, ``{"prompts", "answers"}`` or ``{"steps"}``,
    lists of ``{"id", "text"}`` in the order of this paper; empty for ``true-false`` and
    ``short-answer``.
    """

    id: uuid.UUID
    kind: str
    text: dict[str, str]
    content: dict[str, Any]


class ItemResult(BaseModel):
    """How an item was answered, for whoever may know: after handing in, as the quiz has it.

    ``given`` and ``right`` are lines in the language of the call.
    """

    id: uuid.UUID
    mark: float = Field(description="0 to 1")
    given: list[str]
    right: list[str]
    remarks: list[str] = Field(description="What the author has to say to just this answer.")
    explanation: dict[str, str]
    source: str | None


class ResultOut(BaseModel):
    """What an attempt came to. ``items`` is null while the quiz keeps the right answers back."""

    score: float
    percent: int
    passed: bool
    finished_at: datetime
    ending: Ending
    items: list[ItemResult] | None


class AttemptOut(BaseModel):
    """An attempt as its holder sees it. ``url`` is the page to go on at; it ends in the token.

    ``answers`` are the responses kept so far, by the id of the item.
    """

    id: uuid.UUID
    quiz_id: uuid.UUID
    title: dict[str, str]
    token: str
    url: str
    started_at: datetime
    deadline: datetime | None
    most: int
    items: list[ItemOut]
    answers: dict[str, Any]
    result: ResultOut | None


class BeginIn(BaseModel):
    """Nothing need be said to begin."""

    model_config = ConfigDict(extra="forbid")


class AnswersIn(BaseModel):
    """Responses by the id of the item; ``null`` takes one away. Their shapes are in
    ``docs/quizzes.md``."""

    model_config = ConfigDict(extra="forbid")

    answers: Annotated[dict[uuid.UUID, Any], Field(min_length=1, max_length=200)]


class Saved(BaseModel):
    """How many items have an answer now, and until when more are taken."""

    answered: int
    most: int
    deadline: datetime | None


class CertifyIn(BaseModel):
    """The name for a certificate, as it is to stand there. Nobody checks it."""

    name: Name


Validity = Literal["valid", "withdrawn", "unknown"]


class Verified(BaseModel):
    """What anybody learns about a code; for one that we do not know every other part is null.

    ``name`` is masked, and null as well once the person's data was erased.
    """

    result: Validity
    code: str = Field(description="The code as it was read, without spaces.")
    name: str | None = None
    title: dict[str, str] | None = None
    percent: int | None = None
    taken_at: datetime | None = None
    issued_at: datetime | None = None


class OwnCertificate(BaseModel):
    """A certificate as its holder prints it. ``name`` is in full; times are UTC."""

    name: str
    title: dict[str, str]
    percent: int
    taken_at: datetime
    code: str
    url: str
    issued_at: datetime
    valid: bool


class ListedCertificate(BaseModel):
    """A certificate as staff see it: without a name."""

    id: uuid.UUID
    code: str
    percent: int
    issued_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str | None


class WithdrawCertificateIn(BaseModel):
    """Why a certificate holds no longer; for staff alone."""

    reason: Annotated[SingleLine, Field(min_length=1, max_length=200)]
