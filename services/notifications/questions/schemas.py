"""What this service reads of events about questions."""

from __future__ import annotations

import uuid

from pydantic import BaseModel

from services.chassis.events.envelope import Payload, SealedText


class QuestionAskedTold(Payload):
    """Somebody asked something."""

    subject_id: uuid.UUID
    version: int
    language: str
    name: SealedText | None = None
    email: SealedText | None = None
    phone: SealedText | None = None
    url: SealedText
    urgent: bool = False
    working_days: int
    district: str | None = None


class QuestionAnsweredTold(Payload):
    """A question was answered; ``answer`` is Markdown."""

    subject_id: uuid.UUID
    version: int
    language: str
    name: SealedText | None = None
    email: SealedText | None = None
    phone: SealedText | None = None
    url: SealedText
    text: SealedText
    answer: SealedText
    answer_id: uuid.UUID
    district: str | None = None


class QuestionReferredTold(Payload):
    """A question was put to an expert."""

    subject_id: uuid.UUID
    version: int
    language: str
    name: SealedText
    email: SealedText
    text: SealedText
    url: SealedText
    referral_id: uuid.UUID
    district: str | None = None


class QuestionErasedTold(Payload):
    """What was held of a person in a question is gone."""

    subject_id: uuid.UUID


class QuestionContext(BaseModel):
    """What a message about a question needs, kept sealed with its delivery."""

    name: str | None
    url: str
    text: str = ""
    answer: str = ""
    urgent: bool = False
    working_days: int = 0
