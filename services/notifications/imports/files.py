"""A file from an office as rows of cells, whatever program and encoding it comes from.

What a file may cost is bounded before it is read: its bytes by the front, the unpacked size of an
XLSX by what its directory says (a reader never unpacks more than that) and by how many tags are in
it, its rows and columns here.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from defusedxml import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from services.chassis.i18n import Text, lazy
from services.chassis.problems import FieldError, Invalid

MOST_ROWS: Final = 100_000
MOST_COLUMNS: Final = 60
MOST_UNPACKED: Final = 128 * 1024 * 1024
# Tags, not bytes, are what a workbook takes time and memory by: a row of ten cells has about forty.
# Without this, 300 kB of packed empty rows keep a process busy for minutes.
MOST_TAGS: Final = 8_000_000
# Formatted but empty rows count as well, up to what a sheet can have.
_MOST_LINES: Final = 1_048_576
# What a file of two thousand rows has, and not much more.
_SHORT_LINES: Final = 2_000
_SHORT_TEXT: Final = 1024 * 1024
_SHORT_UNPACKED: Final = 4 * 1024 * 1024
_LONGEST_CELL: Final = 1_000
_MOST_PARTS: Final = 2_000
_PIECE: Final = 1024 * 1024

_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_DELIMITERS: Final = (",", "\t", ";", "，", "|")
# Excel writes ="138…" so that a long number stays a text.
_QUOTED: Final = re.compile(r'="([^"]*)"')

Cell = str | int | float | None


@dataclass(frozen=True)
class Line:
    """One row with something in it; ``number`` counts from 1 as a spreadsheet program does."""

    number: int
    cells: list[Cell]


def is_short(data: bytes) -> bool:
    """Whether a file is read within about a second, told without reading it.

    What is no workbook, or a broken one, is short: it is refused at once.
    """
    if not data.startswith(_ZIP):
        lines = max(data.count(b"\n"), data.count(b"\r"))
        return len(data) <= _SHORT_TEXT and lines <= _SHORT_LINES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return sum(entry.file_size for entry in archive.infolist()) <= _SHORT_UNPACKED
    except (zipfile.BadZipFile, OSError, ValueError):
        return True


def refused(sentence: Text) -> Invalid:
    """The whole file cannot be taken."""
    return Invalid([FieldError("file", sentence)])


def lines_of(data: bytes) -> list[Line]:
    """The rows of a CSV or XLSX file.

    Args:
        data: the file. A CSV may be UTF-8 with or without BOM, UTF-16 or GB18030 (and so GBK and
            GB2312), and separated by commas, tabs or semicolons.

    Raises:
        Invalid: it is neither, or too large, or nothing stands in it; with a sentence.
    """
    if not data.strip():
        raise refused(lazy("The file is empty. Please choose another one."))
    if data.startswith(_OLD_EXCEL):
        raise refused(
            lazy(
                "This is a workbook of an old Excel (.xls), or one with a password. Please save "
                "it as XLSX or CSV, without a password, and choose it again."
            )
        )
    raw = _of_xlsx(data) if data.startswith(_ZIP) else _of_csv(data)
    lines: list[Line] = []
    for number, cells in enumerate(raw, start=1):
        if number > _MOST_LINES:
            raise _too_many()
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            lines.append(Line(number, cells))
            if len(lines) > MOST_ROWS + 20:  # a title and the headings are no contacts
                raise _too_many()
    if not lines:
        raise refused(lazy("Nothing stands in this file. Please choose another one."))
    return lines


def _too_many() -> Invalid:
    return refused(
        lazy(
            "A list has at most %(most)s rows. Please divide it and hand the parts in one by one.",
            most=f"{MOST_ROWS:,}",
        )
    )


def _cell(text: str) -> Cell:
    """A text without what cannot be seen; ``None`` when nothing is left."""
    if quoted := _QUOTED.fullmatch(text.strip()):
        text = quoted[1]
    # A zero-width space comes with what was copied from a chat.
    text = text.replace("\u200b", "").replace("\ufeff", "").replace("\x00", "").strip()
    return text.removeprefix("'")[:_LONGEST_CELL] or None


# --- CSV ------------------------------------------------------------------------------------------


def decoded(data: bytes) -> str:
    """A text whose encoding nobody told us.

    A mark at the beginning decides; else UTF-8, which hardly any other text happens to be; else
    UTF-16 by its zero bytes; else GB18030 (GB 18030-2022), which has GBK and GB2312 in it.

    Raises:
        Invalid: it is none of them.
    """
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _strictly(data, (name,))
    if b"\x00" in data[:1000]:
        little = data[1:1000:2].count(0) > data[0:1000:2].count(0)
        return _strictly(data, ("utf-16-le" if little else "utf-16-be",))
    return _strictly(data, ("utf-8", "gb18030"))


def _strictly(data: bytes, encodings: Iterable[str]) -> str:
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Bytes that are no text at all are GB18030 often enough by chance.
        if not any(sign < " " and sign not in "\t\r\n" for sign in text[:10_000]):
            return text
    raise refused(
        lazy(
            "We cannot read the characters of this file: it is neither UTF-8 nor GB18030 nor "
            "UTF-16. Please save it as XLSX, or as CSV UTF-8, and choose it again."
        )
    )


def _of_csv(data: bytes) -> Iterator[list[Cell]]:
    text = decoded(data)
    beginning = text.splitlines()[:20]
    delimiter = max(_DELIMITERS, key=lambda sign: sum(line.count(sign) for line in beginning))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            yield [_cell(value) for value in row[:MOST_COLUMNS]]
    except csv.Error as error:
        raise refused(
            lazy(
                "We cannot read the file from line %(line)s on; a quotation mark may be missing "
                "there. Please save it again as XLSX or CSV.",
                line=reader.line_num,
            )
        ) from error


# --- XLSX -----------------------------------------------------------------------------------------


def _of_xlsx(data: bytes) -> Iterator[list[Cell]]:
    _bounded(data)
    try:
        yield from _rows(data)
    # Whatever a broken workbook makes openpyxl stumble over.
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        SyntaxError,  # ElementTree's ParseError is one
        EOFError,
        OSError,
        RuntimeError,  # a part that is encrypted
    ) as error:
        # With defusedxml installed openpyxl reads by it; what that refuses may come as the cause.
        if isinstance(error, DefusedXmlException) or isinstance(
            error.__cause__, DefusedXmlException
        ):
            said = lazy("This workbook holds what does not belong there, so we did not open it.")
            raise refused(said) from error
        raise refused(
            lazy(
                "We cannot open this workbook: it is damaged, or it is not an Excel file. Please "
                "save it again as XLSX or CSV."
            )
        ) from error


def _bounded(data: bytes) -> None:
    """Refuse a workbook that unpacks to more than we take (a ZIP bomb)."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            fits = len(entries) <= _MOST_PARTS
            fits = fits and sum(entry.file_size for entry in entries) <= MOST_UNPACKED
            fits = fits and _tags(archive) <= MOST_TAGS
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError) as error:
        raise refused(lazy("This file is damaged. Please save it again.")) from error
    if not fits:
        raise refused(
            lazy(
                "This workbook is too large once it is unpacked. Please leave out pictures and "
                "sheets that are not needed, or save the list as CSV."
            )
        )


def _tags(archive: zipfile.ZipFile) -> int:
    """How many tags its parts have; counted no further than :data:`MOST_TAGS`."""
    found = 0
    for entry in archive.infolist():
        with archive.open(entry) as part:
            while found <= MOST_TAGS and (piece := part.read(_PIECE)):
                found += piece.count(b"<")
    return found


def _rows(data: bytes) -> Iterator[list[Cell]]:
    """The rows of the first sheet that has any."""
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # what a sheet says of its own size is often wrong
            empty = True
            for row in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
                cells = [_value(value) for value in row]
                empty = empty and not any(cell is not None for cell in cells)
                yield cells
            if not empty:
                return
    finally:
        book.close()


def _value(value: Any) -> Cell:  # noqa: ANN401 - whatever a cell may hold
    if value is None or isinstance(value, bool):
        return None if value is None else str(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return _cell(str(value))
