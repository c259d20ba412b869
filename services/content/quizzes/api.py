"""The JSON calls about quizzes: the public list, and everything that staff do with them."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.content.materials.schemas import WithdrawIn
from services.content.publication import Status
from services.content.quizzes import reading, service
from services.content.quizzes.schemas import CopyIn, QuizIn, QuizOut, QuizPatch, QuizPublic

api = APIRouter(tags=["quizzes"])

Viewer = Annotated[Principal, Depends(require("quizzes.view"))]
Editor = Annotated[Principal, Depends(require("quizzes.edit"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


@api.get("/quizzes")
def list_quizzes(cursor: str | None = None, limit: Limit = DEFAULT_LIMIT) -> PageOut[QuizPublic]:
    """The quizzes for everybody that have not closed, the newest first."""
    found = reading.list_public(cursor=cursor, limit=limit)
    return PageOut(items=list(found.items), next_cursor=found.next_cursor)


@api.get("/quizzes/all")
def list_all(
    principal: Viewer,
    *,
    status: Status | None = None,
    purpose: str | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[QuizOut]:
    """Staff: every quiz of the office, in whatever state, with its code."""
    found = reading.list_for_staff(
        principal, status=status, purpose=purpose, cursor=cursor, limit=limit
    )
    return PageOut(items=list(found.items), next_cursor=found.next_cursor)


@api.get("/quizzes/{quiz_id:uuid}")
def get_quiz(quiz_id: uuid.UUID, request: Request) -> QuizOut | QuizPublic:
    """A published quiz; for staff with a key also a draft of theirs, and all of it."""
    # A browser's ageing session must not turn a public call into a refusal, so only a key counts.
    if "authorization" in request.headers:
        return reading.get_for_staff(require("quizzes.view")(request), quiz_id).quiz
    return reading.get_public(quiz_id)


@api.post("/quizzes", status_code=201)
def create_quiz(wanted: QuizIn, principal: Editor, once: OncePerKey) -> QuizOut:
    """Write a draft."""
    return service.create(principal, wanted, once)


@api.patch("/quizzes/{quiz_id:uuid}")
def edit_quiz(quiz_id: uuid.UUID, patch: QuizPatch, principal: Editor) -> QuizOut:
    """Change some fields; papers that were begun stay as they are."""
    return service.edit(principal, quiz_id, patch)


@api.post("/quizzes/{quiz_id:uuid}/publish")
def publish_quiz(quiz_id: uuid.UUID, principal: Editor) -> QuizOut:
    """Let it be taken, and tell the other services."""
    return service.publish(principal, quiz_id)


@api.post("/quizzes/{quiz_id:uuid}/withdraw")
def withdraw_quiz(quiz_id: uuid.UUID, wanted: WithdrawIn, principal: Editor) -> QuizOut:
    """Let nobody begin it any more, and tell the other services."""
    return service.withdraw(principal, quiz_id, wanted.reason)


@api.post("/quizzes/{quiz_id:uuid}/copy", status_code=201)
def copy_quiz(quiz_id: uuid.UUID, wanted: CopyIn, principal: Editor, once: OncePerKey) -> QuizOut:
    """A draft with the same draws and a code of its own, such as `after` from `before`."""
    return service.copy(principal, quiz_id, wanted.purpose, once)
