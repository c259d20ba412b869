"""The smallest application that registers: one endpoint, one statement, nothing else.

What a registration costs without checks of addresses, encryption, events, limits and languages:
the measure for :mod:`bench.rush`. Run as ``python -m bench.smallest PORT``, with the database's
address in ``BENCH_DATABASE_URL``.
"""

from __future__ import annotations

import os
import secrets
import sys
import uuid
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from pydantic import BaseModel

from services.chassis.database import POOL_SIZE
from services.chassis.serve import serve

# What `registrations/seats.py: take` does.
STATEMENT = """
WITH seat AS (
    UPDATE activities SET seats_taken = seats_taken + 1
    WHERE id = :activity AND status = 'published'
      AND (capacity IS NULL OR seats_taken + 1 <= capacity)
    RETURNING id
)
INSERT INTO registrations (
    id, version, activity_id, status, name, email, email_hash, language, party_size, seats_held,
    answers_json, consents, ticket_code, registered_at
)
SELECT :id, 1, seat.id, 'confirmed', :name, :email, :hash, 'zh-CN', 1, 1,
    '{}', CAST('{}' AS jsonb), :code, now()
FROM seat
RETURNING id
"""


def values(activity_id: uuid.UUID, name: str, email: str) -> dict[str, Any]:
    """What the statement is sent with."""
    return {
        "activity": activity_id,
        "id": uuid.uuid4(),
        "name": name,
        "email": email,
        "hash": email,
        "code": secrets.token_hex(8),
    }


class Wanted(BaseModel):
    """What is read of a registration."""

    name: str
    email: str


def make(database_url: str) -> FastAPI:
    """The application, on a database of registration's."""
    app = FastAPI()
    engine = sa.create_engine(database_url, pool_size=POOL_SIZE, max_overflow=0)
    statement = sa.text(STATEMENT)

    @app.post("/activities/{activity_id}/registrations", status_code=201)
    def register(activity_id: uuid.UUID, wanted: Wanted) -> dict[str, str]:
        given = values(activity_id, wanted.name, wanted.email)
        with engine.begin() as connection:
            connection.execute(statement, given).one()
        return {"id": str(given["id"]), "activity_id": str(activity_id), "status": "confirmed"}

    return app


if __name__ == "__main__":
    serve(make(os.environ["BENCH_DATABASE_URL"]), host="127.0.0.1", port=int(sys.argv[1]))
