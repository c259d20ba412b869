"""Saying everything anew: for entries made another way, and for what was public before there were
any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.content.activities_seen.service import entries as activities
from services.content.advisories.indexing import entries as advisories
from services.content.database import database
from services.content.materials.indexing import entries as materials
from services.content.questions.indexing import entries as questions
from services.content.quizzes.indexing import entries as quizzes
from services.content.search.models import SearchEntry
from services.content.search.service import WAY, Entry, Kind, put

# Every room that has something to be found: all of it that is public, as an entry each.
SOURCES: Final[dict[Kind, Callable[[Session], Iterator[Entry]]]] = {
    "activity": activities,
    "advisory": advisories,
    "material": materials,
    "question": questions,
    "quiz": quizzes,
}


def rebuild_old() -> int:
    """Make the words of everything anew, if there are none yet or some were made another way.

    Returns:
        How many entries were made.
    """
    with database.transaction() as session:
        if not _is_old(session):
            return 0
        _hold(session)
        # Whoever was quicker has done it by now.
        return _rebuild(session) if _is_old(session) else 0


def rebuild() -> int:
    """Make the words of everything anew.

    Returns:
        How many entries were made.
    """
    with database.transaction() as session:
        _hold(session)
        return _rebuild(session)


def _is_old(session: Session) -> bool:
    # Only what is made anew here: anything else would be found old at each look, for ever.
    ours = SearchEntry.kind.in_(SOURCES)
    other = sa.exists().where(ours, SearchEntry.way != WAY)
    anything = sa.exists().where(ours)
    return bool(session.scalar(sa.select(sa.or_(other, sa.not_(anything)))))


def _hold(session: Session) -> None:
    """Rooms go on saying what changes meanwhile; a table that is read is not in their way, and what
    they say waits until this is done. So does who else would make everything anew.
    """
    session.execute(sa.text("LOCK TABLE search_entries IN SHARE ROW EXCLUSIVE MODE"))


def _rebuild(session: Session) -> int:
    session.execute(sa.delete(SearchEntry).where(SearchEntry.kind.in_(SOURCES)))
    count = 0
    for entries in SOURCES.values():
        for entry in entries(session):
            put(session, entry)
            count += 1
    return count
