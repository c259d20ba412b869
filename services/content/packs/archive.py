"""A pack as a ZIP: pages to read without a network, texts, files and their checksums.

It is written while it is sent, so that a pack with large videos takes no more memory than one
without: the ZIP format allows sizes to stand behind the data (APPNOTE 4.3.9), and the standard
library writes it so on a stream that cannot go back.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from services.chassis.i18n import LANGUAGES, localized, speaking
from services.chassis.markdown import to_html
from services.chassis.reference import city
from services.content.database import database, pages
from services.content.files.reading import read_bytes
from services.content.files.shelf import size_in_words
from services.content.language import said_in
from services.content.packs.schemas import HeldItem, PackForHolder, SheetFile
from services.content.packs.sheets import KIND_NAMES

_STYLE: Final = Path(__file__).with_name("archive.css")
_LONGEST_NAME: Final = 60
# What a browser opens from the ZIP; the other entries lie beside it.
_INDEX: Final = {"zh-CN": "index.html", "en": "index.en.html"}


@dataclass(frozen=True)
class Entry:
    """An item's place in the ZIP; ``stem`` begins the names of all that belongs to it."""

    number: int
    item: HeldItem

    @property
    def stem(self) -> str:
        """``03-passport-lost``: a number, so that folders list in the pack's order."""
        title = unicodedata.normalize("NFKD", self.item.sheet.title.get("en", ""))
        words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:_LONGEST_NAME].strip("-")
        return f"{self.number:02d}-{words or self.item.sheet.kind}"

    def text_name(self, tag: str) -> str:
        """Where its Markdown in one language is."""
        return f"texts/{self.stem}.{tag}.md"

    def file_name(self, file: SheetFile) -> str:
        """Where one of its files is; two of one name stay apart."""
        names = [one.name for one in self.item.sheet.files]
        if names.count(file.name) == 1:
            return f"files/{self.stem}/{file.name}"
        return f"files/{self.stem}/{file.id.hex[-6:]}-{file.name}"


def file_name(pack: PackForHolder) -> str:
    """What the ZIP is called: ``pack-thailand-2.zip``."""
    title = unicodedata.normalize("NFKD", pack.title.get("en", ""))
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:_LONGEST_NAME].strip("-")
    return f"pack-{words}-{pack.edition}.zip" if words else f"pack-{pack.edition}.zip"


def stream(pack: PackForHolder) -> Iterator[bytes]:
    """The ZIP, piece by piece.

    Raises:
        NotFound, Problem, OSError: while sending, when a file went or was damaged meanwhile; the
            download then ends short of its directory, and no program takes it for whole.
    """
    drain = _Drain()
    sums: list[str] = []
    with zipfile.ZipFile(drain, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for name, pieces, packed in _members(pack):
            digest = hashlib.sha256()
            member = zipfile.ZipInfo(name, _stamp(pack))
            member.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            member.external_attr = 0o644 << 16  # a plain file that its owner may change
            with archive.open(member, "w", force_zip64=True) as target:
                for piece in pieces:
                    digest.update(piece)
                    target.write(piece)
                    yield drain.taken()
            sums.append(f"{digest.hexdigest()}  {name}\n")
            yield drain.taken()
        # As `sha256sum --check` reads it.
        archive.writestr(zipfile.ZipInfo("SHA256SUMS", _stamp(pack)), "".join(sums))
    yield drain.taken()


def _members(pack: PackForHolder) -> Iterator[tuple[str, Iterator[bytes], bool]]:
    """Name, bytes, and whether it is worth compressing: what pictures and videos are not."""
    entries = [Entry(number, item) for number, item in enumerate(pack.items, start=1)]
    yield "style.css", iter([_STYLE.read_bytes()]), True
    for tag in LANGUAGES:
        with speaking(tag):
            page = _page(pack, entries, tag)
        yield _INDEX[tag], iter([page]), True
        yield f"texts/00-letter.{tag}.md", iter([_letter(pack, tag)]), True
    for entry in entries:
        for tag in LANGUAGES:
            if text := _markdown(entry.item, tag):
                yield entry.text_name(tag), iter([text]), True
        for file in entry.item.sheet.files:
            yield entry.file_name(file), _bytes(file), False


def _page(pack: PackForHolder, entries: Sequence[Entry], tag: str) -> bytes:
    context: dict[str, Any] = {
        "pack": pack,
        "entries": entries,
        "kind_names": KIND_NAMES,
        "to_html": to_html,
        "said_in": said_in,
        "size_in_words": size_in_words,
        "zone": city().timezone,
        "other": next((other, _INDEX[other]) for other in LANGUAGES if other != tag),
    }
    return pages.text("packs/archive.html", context).encode()


def _letter(pack: PackForHolder, tag: str) -> bytes:
    return f"# {localized(pack.title, tag)}\n\n{localized(pack.letter, tag)}\n".encode()


def _markdown(item: HeldItem, tag: str) -> bytes:
    """An item's text in one language; empty where it has none in that language."""
    text = item.sheet.text.get(tag)
    if not text:
        return b""
    note = item.note.get(tag, "")
    parts = [f"# {localized(item.sheet.title, tag)}", note, text, f"<{item.sheet.url}>"]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def _bytes(file: SheetFile) -> Iterator[bytes]:
    with database.transaction() as session:
        pieces = read_bytes(session, file.id)
    yield from pieces


def _stamp(pack: PackForHolder) -> tuple[int, int, int, int, int, int]:
    """The day of the edition: the same edition, unchanged, is the same ZIP."""
    at = pack.published_at
    return at.year, at.month, at.day, at.hour, at.minute, at.second


class _Drain(io.RawIOBase):
    """A stream that only goes forward; what was written to it is taken from it at once."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - whatever has a buffer
        piece = bytes(data)
        self._held += piece
        return len(piece)

    def taken(self) -> bytes:
        """Everything that was written since the last time."""
        piece = bytes(self._held)
        self._held.clear()
        return piece
