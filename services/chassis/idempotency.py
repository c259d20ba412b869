"""``Idempotency-Key``: the same creating call, sent twice, creates once and is answered alike."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Request
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import new_id, utc_now
from services.chassis.forms import Typed
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.chassis.tables import IdempotencyKey

KEEP = timedelta(days=2)
LONGEST_KEY = 200
ONCE_FIELD = "_once"


class Once:
    """One creating call. Its use case asks :meth:`first_answer` first and :meth:`keep` last.

    Both happen in the use case's transaction: of two equal calls at the same moment the second
    waits for the first to commit and then reads its answer.
    """

    def __init__(self, scope: str, key: str | None, body: bytes) -> None:
        self._scope = scope
        self._key = key
        self._body_hash = hashlib.sha256(body).hexdigest()

    @property
    def is_kept(self) -> bool:
        """Whether the call has a key, so that its answer is kept for whoever repeats it."""
        return self._key is not None

    @property
    def content(self) -> str:
        """A hash of what was sent: the same for the same call sent twice."""
        return self._body_hash

    def told_by(self, content: bytes) -> Once:
        """The same call, recognised by ``content`` instead of by its body.

        For multipart: whoever sends such a form again separates its parts by another boundary.
        """
        return Once(self._scope, self._key, content)

    def first_answer(self, session: Session) -> dict[str, Any] | None:
        """What the same call was answered before, or ``None`` when this is the first.

        Raises:
            Problem: 422 ``idempotency-key-reused``: the same key came with another body.
        """
        if self._key is None:
            return None
        inserted = session.execute(
            postgresql.insert(IdempotencyKey)
            .values(scope=self._scope, key=self._key, body_hash=self._body_hash)
            .on_conflict_do_nothing()
            .returning(IdempotencyKey.key)
        )
        if inserted.first() is not None:
            return None
        row = session.get_one(IdempotencyKey, (self._scope, self._key))
        if row.body_hash != self._body_hash:
            raise Problem(
                422,
                "idempotency-key-reused",
                lazy("This Idempotency-Key was used for another request."),
                lazy("Send a fresh key with a new request."),
            )
        answer: dict[str, Any] | None = json.loads(row.answer) if row.answer else None
        return answer

    def keep(self, session: Session, answer: dict[str, Any]) -> None:
        """Store the answer (JSON values, encrypted) for whoever repeats the call."""
        if self._key is not None:
            session.execute(
                sa.update(IdempotencyKey)
                .where(IdempotencyKey.scope == self._scope, IdempotencyKey.key == self._key)
                .values(answer=json.dumps(answer, ensure_ascii=False))
            )


NOT_REPEATED = Once("", None, b"")


async def once_per_key(request: Request) -> Once:
    """A FastAPI dependency for APIs: by the header ``Idempotency-Key`` and who is calling.

    Raises:
        Problem: 400 when the key is too long.
    """
    return Once(_scope(request), _key(request), await request.body())


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Problem(
            400,
            "idempotency-key-invalid",
            lazy("An Idempotency-Key has 1 to %(most)s characters.", most=LONGEST_KEY),
        )
    return key


def _scope(request: Request) -> str:
    caller = hashlib.sha256(request.headers.get("authorization", "").encode()).hexdigest()[:16]
    return f"{request.method} {request.url.path} {caller}"


def once_for(request: Request, content: bytes) -> Once:
    """For a call with a file, whose body is too large to be read at once.

    Args:
        content: stands for what was sent, such as a hash of the file.

    Raises:
        Problem: 400 when the key is too long.
    """
    return Once(_scope(request), _key(request), content)


OncePerKey = Annotated[Once, Depends(once_per_key)]


def fresh_once() -> str:
    """A value for a form's hidden field, by which a second submission is recognised."""
    return new_id().hex


def once_per_form(request: Request, typed: Typed) -> Once:
    """For pages: the same form sent twice creates once; an edited one is a new submission."""
    body = json.dumps(typed.fields, ensure_ascii=False).encode()
    # The hidden value is among the fields, so a hash of them stands for both.
    key = hashlib.sha256(body).hexdigest() if typed.text(ONCE_FIELD) else None
    return Once(f"form {request.url.path}", key, body)


def forget_old_keys(session: Session) -> None:
    """Delete keys older than :data:`KEEP`."""
    session.execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at < utc_now() - KEEP))
