"""What an activity is found by, and what somebody looks for.

Words are those of ``services/chassis/words.py``; nothing else reads ``activities.search``. Neither
places nor weights are kept: with them PostgreSQL unpacks the words of every row that the index has
found, and with 10,000 activities a frequent word takes many times as long. So a lexeme of the title
is there a second time with a mark, and one of the title or the names a third time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from services.chassis.i18n import LANGUAGES, country_name, speaking, words_of
from services.chassis.reference import district_name, topic_name
from services.chassis.words import lexemes as lexemes_of
from services.chassis.words import spoken, term, vector, wanted
from services.registration.activities.models import KIND_NAMES, Activity
from services.registration.activities.words import AUDIENCE_NAMES, LANGUAGE_NAMES
from services.registration.database import database

# Stands in every row, and in no text: how the words were made. Raise it when that changes, and the
# worker makes those that are stored anew.
WAY = "#2"
BATCH = 100

# Marks of a lexeme by where it stands; no text has them.
_TITLE, _NAMES, _ANYWHERE = "1#", "2#", ""


@dataclass(frozen=True)
class Looked:
    """What to ask of the rows for the words that somebody typed.

    Attributes:
        found: whether every word stands in an activity.
        tiers: conditions of which exactly one holds for what is found, the nearest first: all of
            them stand in its title; in the title, its place, topics and countries; in all its
            texts.
    """

    found: sa.ColumnElement[bool]
    tiers: tuple[sa.ColumnElement[bool], ...]


def index(activity: Activity) -> None:
    """Write anew what an activity is found by; whoever writes its texts calls this."""
    activity.search = lexemes(activity)


def index_stored() -> int:
    """Index whatever is stored without its words, or with words made another way.

    Returns:
        How many activities that were.
    """
    done = 0
    while True:
        with database.transaction() as session:
            rows = session.scalars(
                sa.select(Activity)
                .where(sa.not_(_matches(f"'{WAY}'")))
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            for activity in rows:
                # By hand, so that this does not count as an edit.
                values = {"search": lexemes(activity), "updated_at": activity.updated_at}
                session.execute(
                    sa.update(Activity).where(Activity.id == activity.id).values(values)
                )
        done += len(rows)
        if len(rows) < BATCH:
            return done


def looked_for(text: str) -> Looked | None:
    """The query for what was typed; ``None`` when there is no word in it."""
    words = list(wanted(text))
    if not words:
        return None
    title, names, anywhere = (
        _has(" & ".join(term(word, mark) for word in words)) for mark in (_TITLE, _NAMES, _ANYWHERE)
    )
    tiers = (title, sa.and_(names, sa.not_(title)), sa.and_(anywhere, sa.not_(names)))
    return Looked(found=anywhere, tiers=tiers)


def lexemes(activity: Activity) -> str:
    """Everything that an activity is found by, in PostgreSQL's notation of a ``tsvector``."""
    title = lexemes_of(spoken(activity.title))
    names = title | lexemes_of(
        [*spoken(activity.venue_name, activity.venue_address), *_names(activity)]
    )
    everything = names | lexemes_of(spoken(activity.summary))
    marked = (
        *(_TITLE + lexeme for lexeme in title),
        *(_NAMES + lexeme for lexeme in names),
        *everything,
    )
    return vector((WAY, *marked))


def _names(activity: Activity) -> list[str]:
    """What its codes are called in both languages."""
    found: list[str] = []
    with words_of(database.service):
        for tag in LANGUAGES:
            with speaking(tag):
                found += _named(activity)
    return found


def _named(activity: Activity) -> Iterable[str]:
    yield district_name(activity.district)
    yield from map(topic_name, activity.topics)
    yield from map(country_name, activity.countries)
    for code, names in (
        *((code, AUDIENCE_NAMES) for code in activity.audience or ()),
        *((tag, LANGUAGE_NAMES) for tag in activity.languages),
        (activity.kind, KIND_NAMES),
    ):
        yield str(names.get(code, ""))


def _has(query: str) -> sa.ColumnElement[bool]:
    """Whether an activity is among those that the index finds.

    A question of its own, and the offset keeps it one: as one condition among others PostgreSQL
    would rather unpack the words of every row that these leave.
    """
    return Activity.id.in_(sa.select(Activity.id).where(_matches(query)).offset(0))


def _matches(query: str) -> sa.ColumnElement[bool]:
    return Activity.search.bool_op("@@")(sa.cast(sa.literal(query), postgresql.TSQUERY))
