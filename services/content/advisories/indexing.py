"""Advisories as the search finds them: those in force, which lead to the page of their country."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import LANGUAGES
from services.chassis.markdown import to_text
from services.content.advisories.models import Advisory
from services.content.advisories.reading import is_in_force
from services.content.database import database
from services.content.search.models import SearchEntry
from services.content.search.service import Entry, drop, put

# Advisories that one turn of the tick takes in; the next takes the rest.
_AT_ONCE: Final = 200


def follow(session: Session, advisory: Advisory) -> None:
    """Have an advisory found as it is now; not before it begins, and no more once it is over."""
    if advisory.in_force:
        put(session, _entry(advisory))
    else:
        drop(session, "advisory", advisory.id)


def follow_begun(now: datetime) -> int:
    """Have found what has come into force by the clock alone.

    Returns:
        How many.
    """
    known = sa.exists().where(SearchEntry.kind == "advisory", SearchEntry.id == Advisory.id)
    with database.transaction() as session:
        begun = session.scalars(
            sa.select(Advisory)
            .where(is_in_force(now), ~known)
            .limit(_AT_ONCE)
            # Whoever changes one at this moment says of it what is right then.
            .with_for_update(skip_locked=True)
        ).all()
        for advisory in begun:
            put(session, _entry(advisory))
        return len(begun)


def entries(session: Session) -> Iterator[Entry]:
    """Every advisory in force, for making the words of everything anew."""
    for advisory in session.scalars(sa.select(Advisory).where(is_in_force(utc_now()))):
        yield _entry(advisory)


def _entry(advisory: Advisory) -> Entry:
    return Entry(
        kind="advisory",
        id=advisory.id,
        title=advisory.headline,
        text={tag: _text(advisory, tag) for tag in LANGUAGES},
        url=f"/advisories/{advisory.country}",
        countries=[advisory.country],
        topics=[],
        audience=[],
        at=advisory.announced_at or advisory.updated_at,
        until=advisory.valid_until,
    )


def _text(advisory: Advisory, tag: str) -> str:
    texts = (advisory.text.get(tag, ""), advisory.advice.get(tag, ""))
    parts = (advisory.region.get(tag, ""), *map(to_text, texts))
    return "\n".join(part for part in parts if part)
