"""What this service says about questions. Whatever leads to a person is sealed."""

from __future__ import annotations

import uuid
from typing import ClassVar

from services.chassis import crypto
from services.chassis.events import Event
from services.chassis.events.envelope import SealedText
from services.chassis.settings import settings
from services.content.questions.deadlines import WORKING_DAYS
from services.content.questions.models import Expert, Question

ASKER = "question"
EXPERT = "question-expert"


class QuestionAsked(Event):
    """Somebody asked something; they are told that it has arrived and by when it is answered."""

    type: ClassVar[str] = "question.asked.v1"
    subject_kind: ClassVar[str] = "question"

    language: str
    name: SealedText | None
    email: SealedText | None
    phone: SealedText | None
    url: SealedText
    urgent: bool
    working_days: int
    district: str | None


class QuestionAnswered(Event):
    """A question was answered. Those that were merged into it get an event of their own.

    ``answer_id`` is the answer's: whoever asked is written to once for each answer.
    """

    type: ClassVar[str] = "question.answered.v1"
    subject_kind: ClassVar[str] = "question"

    language: str
    name: SealedText | None
    email: SealedText | None
    phone: SealedText | None
    url: SealedText
    text: SealedText
    answer: SealedText
    answer_id: uuid.UUID
    district: str | None


class QuestionReferred(Event):
    """A question was put to an expert, without the person who asked it."""

    type: ClassVar[str] = "question.referred.v1"
    subject_kind: ClassVar[str] = "question"

    language: str
    name: SealedText
    email: SealedText
    text: SealedText
    url: SealedText
    referral_id: uuid.UUID
    district: str | None


class QuestionErased(Event):
    """What was held of a person in a question is gone; copies of it go, too."""

    type: ClassVar[str] = "question.erased.v1"
    subject_kind: ClassVar[str] = "question"


PUBLISHED: tuple[type[Event], ...] = (
    QuestionAsked,
    QuestionAnswered,
    QuestionReferred,
    QuestionErased,
)


def own_url(question_id: uuid.UUID) -> str:
    """The address of the asker's own page; whoever has it has the question."""
    return f"{settings().public_url}/questions/asked/{crypto.sign_id(ASKER, question_id)}"


def asked(question: Question) -> QuestionAsked:
    """The event of a new question."""
    return QuestionAsked(
        subject_id=question.id,
        version=question.version,
        language=question.language,
        name=question.name,
        email=question.email,
        phone=question.phone,
        url=own_url(question.id),
        urgent=question.urgent,
        working_days=WORKING_DAYS,
        district=question.district,
    )


def answered(question: Question, answer_id: uuid.UUID, answer: str) -> QuestionAnswered:
    """The event of an answer to one asker."""
    return QuestionAnswered(
        subject_id=question.id,
        version=question.version,
        language=question.language,
        name=question.name,
        email=question.email,
        phone=question.phone,
        url=own_url(question.id),
        text=question.text or "",
        answer=answer,
        answer_id=answer_id,
        district=question.district,
    )


def referred(question: Question, expert: Expert, referral_id: uuid.UUID) -> QuestionReferred:
    """The event of a question that was put to an expert."""
    link = f"{settings().public_url}/questions/expert/{crypto.sign_id(EXPERT, referral_id)}"
    return QuestionReferred(
        subject_id=question.id,
        version=question.version,
        language=question.language,
        name=expert.name,
        email=expert.email,
        text=question.text or "",
        url=link,
        referral_id=referral_id,
        district=question.district,
    )
