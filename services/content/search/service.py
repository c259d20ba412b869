"""What is found in a search: each room says here what becomes public, changes or leaves.

Words are those of ``services/chassis/words.py``, without places and weights, and marked by where
they stand: ``1#`` in the title, ``2#`` in the title or among the names of its countries and topics,
without a mark anywhere. A country is there by its code, too (``@TH``), so that every alias of it
finds what is about it; what is for every destination has ``@``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import LANGUAGES, country_name, localized, speaking, words_of
from services.chassis.reference import topic_name
from services.chassis.words import lexemes, spoken, vector
from services.content.database import database
from services.content.search.models import SearchEntry
from services.content.search.query import NAMES, TITLE, asked_for, marked
from services.content.search.snippets import Marker

Kind = Literal["material", "advisory", "question", "quiz", "activity", "pack"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

# How words are made. Raise it when that changes, and the worker makes all of them anew.
WAY: Final = "1"
# A book of a thousand pages is found by its beginning.
_LONGEST: Final = 20_000


@dataclass(frozen=True)
class Entry:
    """One thing that may be found.

    Attributes:
        title, text: by language (BCP 47); plain text, Markdown goes through ``markdown.to_text``.
        url: the path of its public page.
        countries: ISO 3166-1 alpha-2; without any it is for every destination.
        topics, audience: codes, as its room has them.
        at: by what the newest comes first (UTC).
        until: when it leaves by itself (UTC); ``None``: when its room says so.
    """

    kind: Kind
    id: UUID
    title: Mapping[str, str]
    text: Mapping[str, str]
    url: str
    countries: Sequence[str]
    topics: Sequence[str]
    audience: Sequence[str]
    at: datetime
    until: datetime | None = None
    languages: Sequence[str] = field(default=(), kw_only=True)

    @property
    def written_in(self) -> list[str]:
        """The languages (BCP 47) that it can be read in."""
        return list(self.languages) or [tag for tag in LANGUAGES if self.title.get(tag)]


@dataclass(frozen=True)
class Hit:
    """One thing that was found.

    Attributes:
        title: by language.
        url: the path of its public page.
        snippet: where the words stand in its text, in the language of the moment; safe HTML in
            which they are marked.
    """

    kind: str
    id: UUID
    title: Mapping[str, str]
    url: str
    snippet: Markup


def put(session: Session, entry: Entry) -> None:
    """Have an entry found from now on, in place of what was said of it before.

    Part of the caller's transaction.
    """
    row = row_of(entry)
    insert = postgresql.insert(SearchEntry).values(row)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=[SearchEntry.kind, SearchEntry.id],
            set_={name: insert.excluded[name] for name in row if name not in ("kind", "id")},
        )
    )


def drop(session: Session, kind: Kind, identifier: UUID) -> None:
    """Have a thing found no more; nothing happens when it was not. In the caller's transaction."""
    session.execute(
        sa.delete(SearchEntry).where(SearchEntry.kind == kind, SearchEntry.id == identifier)
    )


def drop_over() -> int:
    """Delete what nobody finds any more because its time is up.

    Returns:
        How many entries went.
    """
    with database.transaction() as session:
        gone = session.execute(
            sa.delete(SearchEntry).where(SearchEntry.until <= utc_now()).returning(SearchEntry.id)
        )
        return len(gone.all())


def row_of(entry: Entry) -> dict[str, Any]:
    """The columns of an entry's row."""
    text = {tag: part[:_LONGEST] for tag, part in entry.text.items()}
    title = lexemes(spoken(entry.title))
    names = title | lexemes(_names(entry))
    places = {f"@{code}" for code in entry.countries} or {"@"}
    everything = names | lexemes(spoken(text)) | places
    return {
        "kind": entry.kind,
        "id": entry.id,
        "title": dict(entry.title),
        "text": text,
        "url": entry.url,
        "countries": list(entry.countries),
        "topics": list(entry.topics),
        "audience": list(entry.audience),
        "languages": entry.written_in,
        "at": entry.at,
        "until": entry.until,
        "way": WAY,
        "search": vector((*marked(title, TITLE), *marked(names, NAMES), *everything)),
        "heading": vector(title),
    }


def _names(entry: Entry) -> Iterator[str]:
    """What its codes are called in both languages."""
    with words_of(database.service):
        for tag in LANGUAGES:
            with speaking(tag):
                yield from map(country_name, entry.countries)
                yield from map(topic_name, entry.topics)


def now_found() -> sa.ColumnElement[bool]:
    """What is found at this moment."""
    return sa.or_(SearchEntry.until.is_(None), SearchEntry.until > utc_now())


def similar(session: Session, text: str, *, kinds: Collection[str], limit: int = 5) -> list[Hit]:
    """What a text of somebody's own is most like, by how many of its words stand in a title.

    Unlike in a search no word has to be there: this is for a question that is still being typed.

    Args:
        text: anything; its first hundred characters count.
        kinds: what is wanted, of :data:`KINDS`.
    """
    asked = asked_for(text)
    if not asked.words or limit < 1:
        return []
    query = sa.cast(sa.literal(asked.any_of()), postgresql.TSQUERY)
    rows = session.execute(
        sa.select(SearchEntry, SearchEntry.text)
        .where(
            SearchEntry.heading.bool_op("@@")(query),
            SearchEntry.kind.in_(kinds),
            now_found(),
        )
        .order_by(
            sa.func.ts_rank(SearchEntry.heading, query).desc(),
            SearchEntry.at.desc(),
            SearchEntry.id,
        )
        .limit(limit)
    ).all()
    marker = Marker(asked)
    return [
        Hit(row.kind, row.id, row.title, row.url, marker.snippet(localized(found)))
        for row, found in rows
    ]
