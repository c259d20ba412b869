"""Addresses of public answers, made of the English question."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.content.questions.models import PublicAnswer

_LONGEST: Final = 80
# Pages of this room.
_TAKEN: Final = frozenset({"ask", "asked", "expert", "similar"})


def free_slug(session: Session, answer: PublicAnswer) -> str:
    """An address that no other answer has, with a number where the words are taken."""
    question = unicodedata.normalize("NFKD", answer.question.get("en", ""))
    words = re.sub(r"[^a-z0-9]+", "-", question.replace("’", "").replace("'", "").lower())
    base = words[:_LONGEST].strip("-") or f"answer-{answer.id.hex[-12:]}"
    # Two editors with one question at one moment wait for each other here.
    lock = sa.func.pg_advisory_xact_lock(sa.func.hashtext("public_answers.slug"))
    session.execute(sa.select(lock))
    begins = PublicAnswer.slug.startswith(base, autoescape=True)
    taken = _TAKEN | set(session.scalars(sa.select(PublicAnswer.slug).where(begins)))
    number = 2
    slug = base
    while slug in taken:
        slug = f"{base}-{number}"
        number += 1
    return slug
