"""The JSON calls of taking a quiz: begin, answer, hand in, certificate, erase."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Response

from services.chassis.idempotency import OncePerKey
from services.chassis.ratelimit import PublicRate, RoomBeginRate, RoomRate
from services.content.attempts import certificates, erasing, reading, service
from services.content.attempts.schemas import (
    AnswersIn,
    AttemptOut,
    BeginIn,
    CertifyIn,
    OwnCertificate,
    Saved,
    Verified,
)

api = APIRouter(tags=["attempts"])


@api.post("/quizzes/{quiz_id:uuid}/attempts", status_code=201, dependencies=[RoomBeginRate])
def begin(quiz_id: uuid.UUID, once: OncePerKey, wanted: BeginIn | None = None) -> AttemptOut:
    """Begin an attempt: a paper without its key, and until when answers are taken.

    A program keeps no cookie, so it begins a new attempt each time; send an ``Idempotency-Key``
    to begin once. 409 types: `quiz-not-open`, `quiz-closed`, `quiz-empty`.
    """
    begun = service.begin(quiz_id, None, once)
    return reading.attempt_out(reading.look(begun.token))


@api.get("/attempts/{token}")
def look(token: str) -> AttemptOut:
    """The attempt, with the answers kept so far and, once it is handed in, its result."""
    return reading.attempt_out(reading.look(token))


@api.put("/attempts/{token}/answers", dependencies=[RoomRate])
def answer(token: str, wanted: AnswersIn) -> Saved:
    """Keep answers, all of them or none, in place of earlier ones.

    409 types: `time-is-up`, `handed-in`. Something that is no answer to its item takes an earlier
    one away.
    """
    service.answer_all(token, wanted.answers)
    return reading.saved(token)


@api.post("/attempts/{token}/hand-in", dependencies=[RoomRate])
def hand_in(token: str) -> AttemptOut:
    """Hand in and see the result. A second call changes nothing and answers the same."""
    service.hand_in(token)
    return reading.attempt_out(reading.look(token))


@api.post("/attempts/{token}/certificate", dependencies=[PublicRate])
def certify(token: str, wanted: CertifyIn) -> OwnCertificate:
    """Get the certificate of an attempt that passed. A later call does not change the name."""
    return certificates.issue(token, wanted.name)


@api.delete("/attempts/{token}", status_code=204, dependencies=[PublicRate])
def erase(token: str) -> Response:
    """Erase the answers and the name at once; the marks stay and lead to nobody."""
    erasing.erase_own(token)
    return Response(status_code=204)


@api.get("/quiz-certificates/{code}", dependencies=[PublicRate])
def verify(code: str) -> Verified:
    """Whether a certificate is genuine and holds."""
    return certificates.verify(code)
