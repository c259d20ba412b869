"""“Was this helpful?”: once for each visitor, without an account.

A browser keeps a random id of its own for that, which says nothing of the person.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Annotated, Final, Literal

import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, StringConstraints
from sqlalchemy.dialects import postgresql

from services.chassis import crypto
from services.chassis.database import new_id
from services.chassis.fields import MultiLine
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound
from services.chassis.settings import settings
from services.content.database import database
from services.content.questions.models import AnswerVote, PublicAnswer

COOKIE: Final = "lingbao_reader"
_PURPOSE: Final = "answer-reader"
_KEPT_FOR: Final = timedelta(days=180)


class VoteIn(BaseModel):
    """Whether it helped, and a few words if wanted."""

    helpful: Literal["yes", "no"]
    words: Annotated[MultiLine, StringConstraints(max_length=500)] = ""


def vote(slug: str, visitor: uuid.UUID, wanted: VoteIn) -> None:
    """Keep what a visitor says of an answer; a later word takes the place of an earlier one.

    Raises:
        NotFound: there is no such public answer.
    """
    with database.transaction() as session:
        answer_id = session.scalar(
            sa.select(PublicAnswer.id).where(
                PublicAnswer.slug == slug.replace("\0", ""), PublicAnswer.status == "published"
            )
        )
        if answer_id is None:
            raise NotFound(lazy("There is no such answer."))
        insert = postgresql.insert(AnswerVote).values(
            answer_id=answer_id,
            visitor=visitor,
            helpful=wanted.helpful == "yes",
            words=wanted.words or None,
        )
        kept = {name: insert.excluded[name] for name in ("helpful", "words")}
        session.execute(
            insert.on_conflict_do_update(
                index_elements=[AnswerVote.answer_id, AnswerVote.visitor],
                set_=kept | {"created_at": sa.func.now()},
            )
        )


def said_before(answer_id: uuid.UUID, visitor: uuid.UUID | None) -> bool | None:
    """What this visitor said of an answer; ``None``: nothing."""
    if visitor is None:
        return None
    with database.transaction() as session:
        found = session.get(AnswerVote, (answer_id, visitor))
        return None if found is None else found.helpful


def visitor_of(request: Request) -> uuid.UUID | None:
    """What the browser kept, if it is ours."""
    try:
        return crypto.read_id(_PURPOSE, request.cookies.get(COOKIE, ""))
    except crypto.TokenError:
        return None


def keep(response: Response, visitor: uuid.UUID | None) -> uuid.UUID:
    """Have the browser keep an id, its own from before or a fresh one."""
    known = visitor or new_id()
    response.set_cookie(
        COOKIE,
        crypto.sign_id(_PURPOSE, known),
        max_age=int(_KEPT_FOR.total_seconds()),
        path="/questions",
        httponly=True,
        samesite="lax",
        secure=settings().is_https,
    )
    return known
