"""Files for a spreadsheet program, CSV or XLSX, written while rows come.

Whatever somebody typed may begin like a formula (``=HYPERLINK(…)``), and a spreadsheet program
would run it for whoever opens the file (CWE-1236). In CSV such a text gets an apostrophe in front,
which the programs take for "this is text"; in XLSX every text is typed as one.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, Any, Final, Literal
from urllib.parse import quote

from fastapi.responses import StreamingResponse
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from services.chassis.i18n import lazy
from services.chassis.problems import Problem

Format = Literal["csv", "xlsx"]
Value = str | int | float | date | datetime | None
Rows = Iterable[Sequence[Value]]

MEDIA_TYPES: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Every cell of a workbook costs: so many rows take seconds of a processor, before the first byte.
MOST_IN_XLSX: Final = 20_000
_AT_ONCE: Final = 500
_CHUNK: Final = 64 * 1024
# With these a program takes a text for a formula; some take the full-width ones of a Chinese
# keyboard for the same.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# What a cell of XLSX holds.
_LONGEST: Final = 32_767
_WIDTH: Final = 18


def csv_of(heads: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """A table as CSV (RFC 4180), with the mark by which Excel knows that it is UTF-8.

    Args:
        heads: the headings.
        rows: read as the file is sent; times without a zone, as they are to be shown.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, dialect="excel")
    buffer.write("\ufeff")
    writer.writerow([harmless(head) for head in heads])
    for number, row in enumerate(rows, start=1):
        writer.writerow([_plain(value) for value in row])
        if number % _AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _plain(value: Value) -> str | int | float:
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return value
    return harmless(value or "")


def harmless(text: str) -> str:
    """A text that no spreadsheet program takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def xlsx_of(heads: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """A table as XLSX, at most :data:`MOST_IN_XLSX` rows (see :func:`must_fit`).

    It is written to the disk first, and read from there piece by piece.
    """
    with tempfile.TemporaryFile() as file:
        _write(heads, rows, file)
        file.seek(0)
        while piece := file.read(_CHUNK):
            yield piece


def _write(heads: Sequence[str], rows: Rows, file: IO[bytes]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "B2"
    for number in range(1, len(heads) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
    bold = Font(bold=True)
    headings = []
    for head in heads:
        heading = _typed(sheet, head)
        heading.font = bold
        headings.append(heading)
    sheet.append(headings)
    for row in rows:
        sheet.append([_typed(sheet, value) if isinstance(value, str) else value for value in row])
    book.save(file)


def _typed(sheet: Any, text: str) -> Cell:  # noqa: ANN401 - openpyxl has no type for it
    """A cell that is text whatever stands in it, also when somebody edits it later."""
    clean = ILLEGAL_CHARACTERS_RE.sub("", text)[:_LONGEST]
    made: Cell = WriteOnlyCell(sheet, value=clean)
    made.data_type = "s"
    if clean.startswith(_FORMULA):
        made.quotePrefix = True
    return made


def must_fit(rows: int, form: Format) -> None:
    """Refuse a workbook of more rows than one is made of.

    Raises:
        Problem: 409 ``too-many``.
    """
    if form == "xlsx" and rows > MOST_IN_XLSX:
        raise Problem(
            409,
            "too-many",
            lazy("This would be a workbook of %(count)s rows.", count=rows),
            lazy(
                "%(most)s is the most. Please download CSV, which Excel opens too.",
                most=MOST_IN_XLSX,
            ),
        )


def download(
    name: str, form: Format, heads: Sequence[str], rows: Rows, *, plain: str
) -> StreamingResponse:
    """A table as an answer that is sent while it is written.

    Args:
        name: what the file is called, without its ending; any language.
        plain: the same in ASCII letters, for old programs (RFC 6266).
    """
    return StreamingResponse(
        xlsx_of(heads, rows) if form == "xlsx" else csv_of(heads, rows),
        media_type=MEDIA_TYPES[form],
        headers={
            "Content-Disposition": (
                f'attachment; filename="{plain}.{form}"; '
                f"filename*=UTF-8''{quote(f'{name}.{form}')}"
            ),
            "Cache-Control": "no-store",
        },
    )
