"""The JSON call about results, for staff."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.chassis.auth import Principal, require
from services.content.attempts import certificates
from services.content.attempts.schemas import ListedCertificate, WithdrawCertificateIn
from services.content.results import reading
from services.content.results.schemas import ResultsOut, results_out

api = APIRouter(tags=["quizzes"])

Viewer = Annotated[Principal, Depends(require("quizzes.view"))]
Editor = Annotated[Principal, Depends(require("quizzes.edit"))]


@api.get("/quizzes/{quiz_id:uuid}/results")
def results(quiz_id: uuid.UUID, principal: Viewer) -> ResultsOut:
    """What the attempts at a quiz have come to, as a whole and item by item."""
    return results_out(reading.results(principal, quiz_id))


@api.get("/quizzes/{quiz_id:uuid}/certificates")
def list_certificates(quiz_id: uuid.UUID, principal: Viewer) -> list[ListedCertificate]:
    """The certificates of a quiz, the newest 500; nobody's name."""
    return list(certificates.listed(principal, quiz_id))


@api.post("/quizzes/{quiz_id:uuid}/certificates/{certificate_id:uuid}/withdraw", status_code=204)
def withdraw_certificate(
    quiz_id: uuid.UUID,
    certificate_id: uuid.UUID,
    wanted: WithdrawCertificateIn,
    principal: Editor,
) -> Response:
    """Declare that a certificate holds no longer."""
    certificates.withdraw(principal, quiz_id, certificate_id, wanted)
    return Response(status_code=204)
