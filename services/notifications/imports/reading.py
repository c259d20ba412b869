"""Reading lists: all of them, one with a page of its rows, its report as a file."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.i18n import Lazy, country_name, lazy
from services.chassis.i18n import gettext as _
from services.chassis.lists import LARGEST_LIMIT, Page, page_of
from services.chassis.problems import Problem
from services.chassis.reference import district_name, topic_name
from services.chassis.sheets import Rows, Value
from services.notifications.contacts.models import Contact
from services.notifications.database import database
from services.notifications.imports import service, taking
from services.notifications.imports.files import Cell
from services.notifications.imports.heads import FIELDS
from services.notifications.imports.models import ContactImport, ContactImportRow, Verdict
from services.notifications.imports.rows import Row
from services.notifications.imports.schemas import (
    ColumnOut,
    ImportCounts,
    ImportOut,
    ReportOut,
    RowOut,
    row_out,
)
from services.notifications.trips.words import days_of

ROWS_AT_ONCE: Final = 50
_IN_FILE_AT_ONCE: Final = 1_000
# What somebody has to read comes before what may be believed.
_PROBLEMS_FIRST: Final = sa.case({"problem": 0, "good": 1}, value=ContactImportRow.verdict, else_=2)

VERDICT_NAMES: Final = {
    "good": lazy("Will be taken in"),
    "problem": lazy("Has a problem, is left out"),
    "duplicate": lazy("Says nothing new, is left out"),
}
STATUS_NAMES: Final = {
    "reading": lazy("Is being read"),
    "refused": lazy("Could not be read"),
    "waiting": lazy("Waits for your word"),
    "taking": lazy("Is being taken in"),
    "done": lazy("Taken in"),
    "undoing": lazy("Is being taken out"),
    "undone": lazy("Taken out again"),
    "discarded": lazy("Put aside"),
}
STATUS_TONES: Final = {
    "reading": "live",
    "refused": "bad",
    "waiting": "wait",
    "taking": "live",
    "done": "good",
    "undoing": "live",
    "undone": "neutral",
    "discarded": "neutral",
}


@dataclass(frozen=True)
class Listed:
    """A list in the list of lists; ``file_name`` as in :class:`Report`."""

    shown: ImportOut
    file_name: str | None
    made_by: str
    confirmed_by: str | None
    may_undo: bool


@dataclass(frozen=True)
class Report:
    """A list as its page shows it.

    Attributes:
        file_name: ``None`` once there is no contact of it any more.
        has_rows: whether its rows are still kept.
        sample: what stands in the first rows of each column, to recognise it by.
        left: how many of its contacts there are at this moment.
        refusal: why the last work on it failed; empty when it did not.
    """

    shown: ImportOut
    file_name: str | None
    has_rows: bool
    made_by: str
    confirmed_by: str | None
    undone_by: str | None
    may_undo: bool
    rows: Page[RowOut]
    sample: list[list[str]]
    left: int
    refusal: str


def listed(principal: Principal, cursor: str | None = None) -> Page[Listed]:
    """The lists of the caller's office, the newest first."""
    query = sa.select(ContactImport)
    if principal.district is not None:
        query = query.where(ContactImport.district == principal.district)
    with database.transaction() as session:
        page = page_of(session, query, [ContactImport.id], cursor=cursor, descending=True)
        return page.map(
            lambda one: Listed(
                out(one),
                one.file_name,
                one.made_by_name,
                one.confirmed_by_name,
                service.may_undo(one),
            )
        )


def out(found: ContactImport) -> ImportOut:
    """A list and how it stands."""
    heads = json.loads(found.heads) if found.heads else [""] * len(found.columns)
    same = ("id", "status", "district", "basis", "version", "agreed_on", "written")
    work = ("rows_read", "rows_in_file")
    times = ("made_at", "confirmed_at", "undone_at")
    return ImportOut.model_validate(
        {name: getattr(found, name) for name in (*same, *work, *times)}
        | {
            "counts": ImportCounts(total=found.total, **service.counted(found)),
            "columns": [
                ColumnOut(head=head, holds=holds)
                for head, holds in zip(heads, found.columns, strict=True)
            ],
        }
    )


def report(
    principal: Principal,
    import_id: uuid.UUID,
    *,
    only: Verdict | None = None,
    cursor: str | None = None,
    limit: int = ROWS_AT_ONCE,
    problems_first: bool = False,
) -> Report:
    """One list with a page of its rows; once they are deleted, with none.

    Args:
        only: rows of which this becomes.
        problems_first: those that somebody has to read before the others, not as in the file.

    Raises:
        Problem: 404; 403 of another office; 400 ``bad-cursor``.
    """
    with database.transaction() as session:
        found = service.stored(session, import_id, principal)
        query = sa.select(ContactImportRow).where(ContactImportRow.import_id == import_id)
        if only:
            query = query.where(ContactImportRow.verdict == only)
        page = page_of(
            session,
            query,
            [*([_PROBLEMS_FIRST] if problems_first else []), ContactImportRow.number],
            cursor=cursor,
            limit=min(limit, LARGEST_LIMIT),
        )
        return Report(
            shown=out(found),
            file_name=found.file_name,
            has_rows=found.heads is not None,
            made_by=found.made_by_name,
            confirmed_by=found.confirmed_by_name,
            undone_by=found.undone_by_name,
            may_undo=service.may_undo(found),
            rows=page.map(lambda row: row_out(row.number, Row.load(row.content))),
            sample=_sample(session, import_id, len(found.columns)),
            refusal=str(Lazy(**found.refusal)) if found.refusal else "",
            left=session.scalar(
                sa.select(sa.func.count()).select_from(Contact).where(taking.contacts_of(found))
            )
            or 0
            if found.status == "done"
            else 0,
        )


def _sample(session: Session, import_id: uuid.UUID, width: int) -> list[list[str]]:
    contents = session.scalars(
        sa.select(ContactImportRow.content)
        .where(ContactImportRow.import_id == import_id)
        .order_by(ContactImportRow.number)
        .limit(3)
    )
    rows = [Row.load(content).cells for content in contents]
    return [
        [_text(row[place])[:30] for row in rows if place < len(row) and row[place] is not None]
        for place in range(width)
    ]


def report_out(found: Report) -> ReportOut:
    """The same as JSON."""
    return ReportOut(
        **found.shown.model_dump(),
        refusal=found.refusal or None,
        items=list(found.rows.items),
        next_cursor=found.rows.next_cursor,
    )


@dataclass(frozen=True)
class Sheet:
    """A report as a file: headings, and rows that are read while it is sent."""

    name: str
    heads: list[str]
    rows: Rows


def sheet(principal: Principal, import_id: uuid.UUID) -> Sheet:
    """The report of every row, with what stood there; who took it is noted.

    Raises:
        Problem: 404; 403 of another office; 410 once the rows are deleted.
    """
    with database.transaction() as session:
        found = service.stored(session, import_id, principal)
        if found.status == "reading":
            raise service.at_work()
        if found.heads is None:
            raise Problem(
                410,
                "report-gone",
                lazy("The rows of this list have been deleted."),
                lazy("They are kept for a day. Please hand the file in again to see its report."),
            )
        audit.record(
            session,
            principal,
            "contacts.report-downloaded",
            f"contact-import/{import_id}",
            district=found.district,
        )
        heads = json.loads(found.heads)
    own = [
        head or _("Column %(number)s") % {"number": place} for place, head in enumerate(heads, 1)
    ]
    return Sheet(
        _("Report of a list"),
        [_("Row"), _("What becomes of it"), _("Why"), _("Understood as"), *own],
        _in_file(import_id, len(own)),
    )


def _in_file(import_id: uuid.UUID, width: int) -> Iterator[list[Value]]:
    """Some rows at a time, each in a transaction of its own: a slow download holds none."""
    last = 0
    while True:
        with database.transaction() as session:
            rows = session.execute(
                sa.select(ContactImportRow.number, ContactImportRow.content)
                .where(ContactImportRow.import_id == import_id, ContactImportRow.number > last)
                .order_by(ContactImportRow.number)
                .limit(_IN_FILE_AT_ONCE)
            ).all()
        if not rows:
            return
        for number, content in rows:
            row = Row.load(content)
            cells = [_text(cell) for cell in row.cells] + [""] * (width - len(row.cells))
            why = " ".join(reasons(row_out(number, row)))
            yield [
                number,
                str(VERDICT_NAMES[row.verdict]),
                why,
                summary(row_out(number, row)),
                *cells,
            ]
        last = rows[-1].number


def reasons(row: RowOut) -> list[str]:
    """What is to be said about a row, each sentence with the field that it is about."""
    found = [
        f"{FIELDS[one.field]}{_(': ')}{one.message}" if one.field in FIELDS else one.message
        for one in (*row.problems, *row.notes)
    ]
    if row.verdict == "duplicate":
        found.append(
            _("Row %(number)s says the same.") % {"number": row.same_as}
            if row.same_as
            else _("We have this contact from an earlier list.")
        )
    return found


def summary(row: RowOut) -> str:
    """What was understood of a row, in one line."""
    known = row.understood
    trips = [f"{country_name(trip.country)} {days_of(trip.from_, trip.to)}" for trip in known.trips]
    found = [
        known.name,
        known.email,
        known.phone,
        known.organisation,
        str(known.relays_for) if known.relays_for else None,
        *map(district_name, known.districts),
        *map(country_name, known.countries),
        *trips,
        *map(topic_name, known.topics),
    ]
    return " · ".join(one for one in found if one)


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)
