"""Lists with cursors: every row once, whatever is added meanwhile; a made-up cursor is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services import house
from services.chassis.crypto import encode
from services.chassis.database import COLUMN_TYPES, Database, metadata, new_id
from services.chassis.lists import LARGEST_LIMIT, Page, page_of, page_of_tiers
from services.chassis.problems import Problem

START = datetime(2026, 11, 1, tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = metadata()
    type_annotation_map = COLUMN_TYPES


class Note(Base):
    """A row to be listed: by moment, which several share, and number."""

    __tablename__ = "listed_notes"

    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]


@pytest.fixture
def database() -> Iterator[Database]:
    found = house.database("identity")
    Base.metadata.create_all(found.engine)
    yield found
    Base.metadata.drop_all(found.engine)


def add(database: Database, *numbers: int) -> None:
    with database.transaction() as session:
        session.add_all(
            Note(number=number, at=START + timedelta(microseconds=number // 3))
            for number in numbers
        )


def page(
    database: Database, cursor: str | None, limit: int = 4, *, descending: bool = False
) -> Page[int]:
    with database.transaction() as session:
        found = page_of(
            session,
            sa.select(Note),
            [Note.at, Note.number],
            cursor=cursor,
            limit=limit,
            descending=descending,
        )
        return found.map(lambda note: note.number)


@pytest.mark.parametrize("descending", [False, True])
def test_every_row_is_listed_once(database: Database, descending: bool) -> None:
    add(database, *range(10))
    listed: list[int] = []
    cursor: str | None = None
    sizes = []
    while True:
        found = page(database, cursor, descending=descending)
        listed += found.items
        sizes.append(len(found.items))
        if (cursor := found.next_cursor) is None:
            break
    assert listed == sorted(range(10), reverse=descending)
    assert sizes == [4, 4, 2]


def test_the_last_full_page_has_no_next(database: Database) -> None:
    add(database, *range(4))
    assert page(database, None).next_cursor is None
    assert page(database, None, limit=4).items == [0, 1, 2, 3]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 20])
def test_tiers_stand_one_after_the_other(database: Database, limit: int) -> None:
    add(database, *range(1, 11))
    # The second of four is empty, and so is the last.
    tiers = [
        sa.select(Note).where(Note.number.in_(chosen)) for chosen in ([7, 8], [], [1, 2, 3, 10], [])
    ]
    seen: list[int] = []
    cursor = None
    for _ in range(10):
        with database.transaction() as session:
            found = page_of_tiers(
                session, tiers, [Note.at, Note.number], cursor=cursor, limit=limit
            )
            assert found.items
            seen += [note.number for note in found.items]
        if (cursor := found.next_cursor) is None:
            break
    assert seen == [7, 8, 1, 2, 3, 10]


@pytest.mark.parametrize("forged", ["4.", "-1.", "x", "0.x", "²."])
def test_a_made_up_tier_is_a_bad_request(database: Database, forged: str) -> None:
    with database.transaction() as session, pytest.raises(Problem, match="bad-cursor"):
        page_of_tiers(
            session,
            [sa.select(Note), sa.select(Note)],
            [Note.at, Note.number],
            cursor=forged,
        )


def test_rows_that_come_in_between_move_nothing(database: Database) -> None:
    add(database, 10, 20, 30, 40, 50, 60)
    first = page(database, None, limit=3)
    add(database, 5, 15, 45)  # before, inside and after what was shown
    with database.transaction() as session:
        session.execute(sa.delete(Note).where(Note.number == 30))  # where the cursor stands
    second = page(database, first.next_cursor, limit=10)
    assert first.items == [10, 20, 30]
    assert second.items == [40, 45, 50, 60]


@pytest.mark.parametrize(("asked", "given"), [(-5, 1), (0, 1), (1, 1), (1000, LARGEST_LIMIT)])
def test_a_limit_has_its_limits(database: Database, asked: int, given: int) -> None:
    add(database, *range(LARGEST_LIMIT + 5))
    assert len(page(database, None, limit=asked).items) == given


def cursor_of(value: object) -> str:
    return encode(json.dumps(value).encode())


@pytest.mark.parametrize(
    "forged",
    [
        "x",
        "领保",
        "%%%",
        encode(b"\xff\xfe"),
        encode(b"[" * 20_000),
        cursor_of(None),
        cursor_of(5),
        cursor_of({}),
        cursor_of([]),
        cursor_of(["2026-11-01"]),
        cursor_of(["2026-11-01", "1", "2"]),
        cursor_of(["never", "1"]),
        cursor_of(["2026-02-30", "1"]),
        cursor_of(["2026-11-01", "many"]),
        cursor_of(["2026-11-01", "9" * 30]),
        cursor_of(["2026-11-01", "1\x00"]),
        cursor_of(["2026-11-01", "\ud800"]),
        cursor_of(["2026-11-01", None]),
        cursor_of([["2026-11-01"], {"a": 1}]),
    ],
    ids=range(19),
)
def test_a_made_up_cursor_is_a_bad_request(database: Database, forged: str) -> None:
    add(database, 1)
    with pytest.raises(Problem) as caught:
        page(database, forged)
    assert (caught.value.status, caught.value.kind) == (400, "bad-cursor")


def test_a_cursor_holds_no_sql(database: Database) -> None:
    add(database, 1, 2)
    with pytest.raises(Problem):
        page(database, cursor_of(["2026-11-01', 0); DROP TABLE listed_notes; --", "1"]))
    assert page(database, None).items == [1, 2]


def test_ids_are_sorted_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(100)]
    assert made == sorted(made)
    assert {identifier.version for identifier in made} == {7}
