"""Reading the rows of a list: what each says, what is wrong with it, whether it is news."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.crypto import seal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid
from services.chassis.reference import city
from services.notifications.imports.bulk import batches, copy
from services.notifications.imports.files import Line, lines_of, refused
from services.notifications.imports.heads import ADDRESSES, FIELDS, Layout, layout_of
from services.notifications.imports.known import Hashes, known, said
from services.notifications.imports.models import ContactImport, ContactImportRow
from services.notifications.imports.rows import Reader, Row

AT_ONCE: Final = 2_000

# Is told how many rows are done, of how many.
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Opened:
    """A file: its headings with what the columns hold, and its rows."""

    layout: Layout
    lines: Sequence[Line]


def opened(data: bytes) -> Opened:
    """Open a CSV or XLSX; see :func:`.files.lines_of`.

    Raises:
        Invalid: it cannot be taken as a whole; with a sentence.
    """
    lines = lines_of(data)
    layout = layout_of(lines)
    if layout is None:
        raise refused(
            lazy(
                "We found neither headings nor any address in the first rows. Please put the list "
                "on the first sheet, with headings such as 姓名, 手机 and 邮箱, or Name and E-mail."
            )
        )
    return Opened(layout, lines[layout.body :])


def check_columns(columns: Sequence[str], width: int) -> None:
    """Look at what somebody says that the columns hold.

    Raises:
        Invalid: two hold the same, one holds what is not known, or there are not ``width``.
    """
    wrong: list[FieldError] = []
    seen: set[str] = set()
    for place, held in enumerate(columns):
        if held and held not in FIELDS:
            wrong.append(
                FieldError(f"column.{place}", lazy("Please choose one of the answers offered."))
            )
        elif held and held in seen:
            said_twice = lazy("Another column holds this already.")
            wrong.append(FieldError(f"column.{place}", said_twice))
        seen.add(held)
    if len(columns) != width:
        sentence = lazy("Please say for each of the %(width)s columns what it holds.", width=width)
        wrong.append(FieldError("columns", sentence))
    if wrong:
        raise Invalid(wrong)


def parked(session: Session, found: ContactImport) -> Iterator[Line]:
    """The rows of a list as they stood in its file, in pieces."""
    last = 0
    while rows := session.execute(
        sa.select(ContactImportRow.number, ContactImportRow.content)
        .where(ContactImportRow.import_id == found.id, ContactImportRow.number > last)
        .order_by(ContactImportRow.number)
        .limit(AT_ONCE)
    ).all():
        yield from (Line(row.number, Row.load(row.content).cells) for row in rows)
        last = rows[-1].number


def judge(
    session: Session,
    found: ContactImport,
    columns: Sequence[str],
    lines: Iterable[Line],
    told: Callable[[int], None],
) -> None:
    """Read each row, compare it with those before it and with what we have, and park it.

    What was parked of the same rows before is replaced. The list itself is changed at the end
    alone, so that its row stays free for whoever notes how far this has come.
    """
    today = utc_now().astimezone(ZoneInfo(city().timezone)).date()
    reader = Reader(columns, today, found.district)
    before: dict[object, int] = {}
    counts: dict[str, int] = {}
    done = 0
    for batch in batches(lines, AT_ONCE):
        rows = [(line.number, reader.read(list(line.cells))) for line in batch]
        hashes = Hashes()
        here = known(session, [row for _, row in rows], hashes, found.district)
        for number, row in rows:
            if row.problems:
                continue
            mark = said(row, hashes.of(row.email), hashes.of(row.phone))
            if mark in before:
                row.same_as = before[mark]
            elif here.get(mark):
                row.same_as = 0
            before.setdefault(mark, number)
        for _, row in rows:
            counts[row.verdict] = counts.get(row.verdict, 0) + 1
        _park(session, found, rows)
        done += len(rows)
        told(done)
    # Without a column for addresses every row would say the same: that is said once, above them.
    addressed = any(held in ADDRESSES for held in columns)
    found.columns = list(columns)
    found.good = counts.get("good", 0) if addressed else 0
    found.problems = sum(counts.values()) - found.good - counts.get("duplicate", 0)
    found.duplicates = counts.get("duplicate", 0)
    found.total = sum(counts.values())


def _park(session: Session, found: ContactImport, rows: Sequence[tuple[int, Row]]) -> None:
    session.execute(
        sa.delete(ContactImportRow)
        .where(
            ContactImportRow.import_id == found.id,
            ContactImportRow.number.between(rows[0][0], rows[-1][0]),
        )
        .execution_options(synchronize_session=False)
    )
    copy(
        session,
        ContactImportRow,
        ("import_id", "number", "verdict", "content"),
        ((found.id, number, row.verdict, seal(row.dump())) for number, row in rows),
    )
