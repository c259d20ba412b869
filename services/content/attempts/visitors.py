"""What a browser keeps of a quiz: a random id, signed, for this one quiz alone.

It says nothing of the person, and two quizzes know the same browser by two ids.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from fastapi import Request
from fastapi.responses import Response

from services.chassis import crypto
from services.chassis.settings import settings
from services.content.attempts.service import Begun


def cookie_name(quiz_id: uuid.UUID) -> str:
    """The cookie of one quiz."""
    return f"lingbao_quiz_{quiz_id.hex[-12:]}"


def visitor_of(request: Request, quiz_id: uuid.UUID) -> uuid.UUID | None:
    """What the browser kept, if it is ours."""
    try:
        return crypto.read_id("quiz-visitor", request.cookies.get(cookie_name(quiz_id), ""))
    except crypto.TokenError:
        return None


def keep(response: Response, quiz_id: uuid.UUID, begun: Begun) -> None:
    """Have the browser keep it, for as long as the attempt itself is kept."""
    response.set_cookie(
        cookie_name(quiz_id),
        crypto.sign_id("quiz-visitor", begun.visitor),
        max_age=int(timedelta(days=settings().retention_days).total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings().is_https,
    )
