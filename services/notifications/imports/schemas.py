"""Lists as programs see them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from services.notifications.imports.files import Cell
from services.notifications.imports.models import Status, Verdict
from services.notifications.imports.rows import Remark, Row


class TripOut(BaseModel):
    """A stay abroad; ``to`` is the last day, ``null`` when it is not known."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    country: str
    from_: date = Field(alias="from")
    to: date | None


class RemarkOut(BaseModel):
    """A sentence about a field of a row; ``field`` is empty for the row as a whole."""

    field: str
    message: str


class Understood(BaseModel):
    """What of a row would be written: addresses normalised, places and topics as codes."""

    name: str | None
    email: str | None
    phone: str | None
    language: str | None
    organisation: str | None
    organisation_kind: str | None
    relays_for: int | None
    districts: list[str]
    countries: list[str]
    topics: list[str]
    trips: list[TripOut]


class RowOut(BaseModel):
    """One row of the report.

    ``row`` counts from 1 as a spreadsheet program does. ``verdict``: ``good``, ``problem`` or
    ``duplicate``. ``same_as`` of a duplicate is the earlier row, 0 for a contact that we have.
    """

    row: int
    verdict: Verdict
    cells: list[Cell]
    understood: Understood
    problems: list[RemarkOut]
    notes: list[RemarkOut]
    same_as: int | None


class ColumnOut(BaseModel):
    """A column: its heading, and what it was taken for (``""``: nothing)."""

    head: str
    holds: str


class ImportCounts(BaseModel):
    """Rows by what becomes of them; they add up to ``total``."""

    total: int
    good: int
    problem: int
    duplicate: int


class ImportOut(BaseModel):
    """A list and how it stands; ``written`` is how many contacts it made.

    While it is ``reading`` or ``taking``, ``rows_read`` of ``rows_in_file`` are done; that is 0
    until the file is open.
    """

    id: uuid.UUID
    status: Status
    district: str | None
    counts: ImportCounts
    columns: list[ColumnOut]
    basis: str | None
    version: str | None
    agreed_on: date | None
    written: int
    rows_read: int
    rows_in_file: int
    made_at: datetime
    confirmed_at: datetime | None
    undone_at: datetime | None


class ReportOut(ImportOut):
    """A list with a page of its rows; ``refusal`` says why the last work on it failed."""

    refusal: str | None
    items: list[RowOut]
    next_cursor: str | None


class ColumnsIn(BaseModel):
    """What each column holds, in their order: a name of a field, or ``""`` for nothing."""

    columns: list[str]


def row_out(number: int, row: Row) -> RowOut:
    """A row as the report shows it, in the language of the moment."""
    verdict: Verdict = "problem" if row.problems else "good" if row.same_as is None else "duplicate"
    return RowOut(
        row=number,
        verdict=verdict,
        cells=row.cells,
        understood=Understood(
            **{name: getattr(row, name) for name in Understood.model_fields if name != "trips"},
            trips=[
                TripOut(country=trip.country, from_=trip.departs_on, to=trip.returns_on)
                for trip in row.trips
            ],
        ),
        problems=_remarks(row.problems),
        notes=_remarks(row.notes),
        same_as=row.same_as,
    )


def _remarks(remarks: Sequence[Remark]) -> list[RemarkOut]:
    return [RemarkOut(field=one.field, message=str(one)) for one in remarks]
