"""What follows from what content says about questions: a message for each, once."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from services.chassis.events import Envelope
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import Address, Planned, plan
from services.notifications.erasing.service import forget_messages
from services.notifications.questions.schemas import (
    QuestionAnsweredTold,
    QuestionAskedTold,
    QuestionContext,
    QuestionErasedTold,
    QuestionReferredTold,
)

ASKED: Final = "question-asked"
ANSWERED: Final = "question-answered"
REFERRED: Final = "question-referred"

_Told = QuestionAskedTold | QuestionAnsweredTold | QuestionReferredTold


def on_asked(session: Session, told: QuestionAskedTold, _envelope: Envelope) -> None:
    """Say that a question has arrived and by when it is answered."""
    _plan(session, ASKED, f"{ASKED}/{told.subject_id}", told)


def on_answered(session: Session, told: QuestionAnsweredTold, _envelope: Envelope) -> None:
    """Send an answer, once for each asker and each answer."""
    _plan(session, ANSWERED, f"{ANSWERED}/{told.subject_id}/{told.answer_id}", told)


def on_referred(session: Session, told: QuestionReferredTold, _envelope: Envelope) -> None:
    """Put a question to an expert."""
    _plan(session, REFERRED, f"{REFERRED}/{told.referral_id}", told)


def on_erased(session: Session, told: QuestionErasedTold, _envelope: Envelope) -> None:
    """Forget where messages about a question went and what they said."""
    forget_messages(session, Delivery.question_id == told.subject_id)


def _plan(session: Session, kind: str, key: str, told: _Told) -> None:
    addresses: list[Address] = []
    if told.email:
        addresses.append(Address("email", told.email))
    if phone := getattr(told, "phone", None):
        addresses.append(Address("sms", phone))
    known: dict[str, Any] = {name: getattr(told, name) for name in _kept(told)}
    plan(
        session,
        addresses,
        Planned(
            kind=kind,
            key=key,
            language=told.language,
            district=told.district,
            question_id=told.subject_id,
            context=QuestionContext(**known).model_dump(mode="json"),
        ),
    )


def _kept(told: _Told) -> set[str]:
    return QuestionContext.model_fields.keys() & type(told).model_fields.keys()
