"""What the things in a pack say now, each kind read in one go."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from services.chassis.database import utc_now
from services.chassis.i18n import LANGUAGES, Lazy, country_name, lazy, localized, speaking, words_of
from services.chassis.i18n import gettext as _
from services.chassis.settings import settings
from services.content.advisories.models import Advisory
from services.content.advisories.words import LEVEL_NAMES, WORD_NAMES
from services.content.language import in_both
from services.content.materials.models import Material
from services.content.materials.schemas import public_url
from services.content.packs.country_sheet import country_sheets
from services.content.packs.schemas import Sheet, SheetFile
from services.content.quizzes.codes import spaced
from services.content.quizzes.models import Quiz
from services.content.search.models import SearchEntry

Row = TypeVar("Row")


def read(session: Session, keys: Iterable[str]) -> dict[str, Sheet]:
    """The sheets of items, by their keys (``material/…``).

    What was never public, or is not there at all, has none; what was and is not any more says so
    (``Sheet.gone``).
    """
    wanted: dict[str, list[str]] = {}
    for key in keys:
        kind, _slash, ref = key.partition("/")
        wanted.setdefault(kind, []).append(ref)
    sheets = (one for kind, refs in wanted.items() for one in _READERS[kind](session, refs))
    return {sheet.key: sheet for sheet in sheets}


def _both(write: Callable[[Row, str], str], row: Row) -> dict[str, str]:
    """A text about a row written once in each language, in this service's words."""
    said: dict[str, str] = {}
    with words_of("content"):
        for tag in LANGUAGES:
            with speaking(tag):
                said[tag] = write(row, tag)
    return said


def _ids(refs: Collection[str]) -> list[uuid.UUID]:
    return [uuid.UUID(ref) for ref in refs]


def _gone(reason: str | None) -> dict[str, str]:
    if not reason:
        return in_both(lazy("It has been withdrawn."))
    return in_both(lazy("It has been withdrawn: %(reason)s", reason=reason))


def _materials(session: Session, refs: Collection[str]) -> Iterator[Sheet]:
    query = (
        sa.select(Material)
        .where(Material.id.in_(_ids(refs)), Material.published_at.is_not(None))
        .options(selectinload(Material.files))
    )
    for row in session.scalars(query):
        gone = row.status == "withdrawn"
        yield Sheet(
            kind="material",
            ref=str(row.id),
            title=row.title,
            summary=row.summary,
            text={} if gone else row.body,
            url=public_url(row.slug),
            files=[] if gone else [SheetFile.of(file) for file in row.files],
            changes=row.changes,
            gone=_gone(row.withdraw_reason) if gone else None,
        )


def _advisories(session: Session, refs: Collection[str]) -> Iterator[Sheet]:
    query = sa.select(Advisory).where(
        Advisory.id.in_(_ids(refs)), Advisory.published_at.is_not(None)
    )
    for row in session.scalars(query):
        gone = None
        if row.status == "withdrawn":
            gone = _gone(row.withdraw_reason)
        elif row.is_over:
            gone = in_both(lazy("It is no longer in force."))
        yield Sheet(
            kind="advisory",
            ref=str(row.id),
            title=_both(_headline, row),
            summary=_both(_level, row),
            text={} if gone else _both(_advice, row),
            url=f"{settings().public_url}/advisories/{row.country}",
            level=row.level,
            word=row.word,
            gone=gone,
        )


def _headline(row: Advisory, tag: str) -> str:
    region = localized(row.region, tag)
    place = f"{country_name(row.country)} · {region}" if region else country_name(row.country)
    return f"{place} · {localized(row.headline, tag)}"


def _level(row: Advisory, _tag: str) -> str:
    return f"{LEVEL_NAMES[row.level]} · {WORD_NAMES[row.word]}"


def _advice(row: Advisory, tag: str) -> str:
    parts = [localized(row.text, tag)]
    if advice := localized(row.advice, tag):
        parts += [f"## {_('What to do')}", advice]
    if row.source_url:
        parts.append(f"[{_('Source')}]({row.source_url})")
    return "\n\n".join(part for part in parts if part)


def _quizzes(session: Session, refs: Collection[str]) -> Iterator[Sheet]:
    query = sa.select(Quiz).where(Quiz.id.in_(_ids(refs)), Quiz.published_at.is_not(None))
    for row in session.scalars(query):
        gone = None
        if row.status == "withdrawn":
            gone = _gone(row.withdraw_reason)
        elif row.closes_at is not None and row.closes_at <= utc_now():
            gone = in_both(lazy("It can no longer be taken."))
        yield Sheet(
            kind="quiz",
            ref=str(row.id),
            title=row.title,
            summary=row.summary,
            text={} if gone else _both(_way_in, row),
            url=row.url,
            gone=gone,
        )


def _way_in(row: Quiz, _tag: str) -> str:
    return _("[Take the quiz](%(url)s), code %(code)s. You need no account and no name.") % {
        "url": row.url,
        "code": spaced(row.code),
    }


def _questions(session: Session, refs: Collection[str]) -> Iterator[Sheet]:
    """Answered questions as the search has them: an answer that was taken back is not there."""
    query = sa.select(SearchEntry, SearchEntry.text).where(
        SearchEntry.kind == "question", SearchEntry.id.in_(_ids(refs))
    )
    for row, text in session.execute(query):
        yield Sheet(
            kind="question",
            ref=str(row.id),
            title=row.title,
            text=text,
            url=settings().public_url + row.url,
        )


_READERS: Final[Mapping[str, Callable[[Session, Collection[str]], Iterator[Sheet]]]] = {
    "advisory": _advisories,
    "country": country_sheets,
    "material": _materials,
    "quiz": _quizzes,
    "question": _questions,
}

KIND_NAMES: Final[dict[str, Lazy]] = {
    "advisory": lazy("Safety advisory"),
    "country": lazy("Country sheet"),
    "material": lazy("Material"),
    "quiz": lazy("Quiz"),
    "question": lazy("Question and answer"),
}
