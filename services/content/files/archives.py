"""ZIP archives, and the document types that are archives inside: safe to unpack, or refused.

What an archive says of itself is read first, which refuses a bomb at once; then every part is
unpacked and counted, since what it says may be a lie. A part that holds more than it says, or
something else, fails its own checksum (APPNOTE.TXT 4.4.7).
"""

from __future__ import annotations

import lzma
import posixpath
import struct
import zipfile
import zlib
from typing import IO, Final

from services.chassis.files_settings import MEGABYTE
from services.chassis.i18n import lazy
from services.content.files.refusals import refused

MOST_PARTS: Final = 5000
MOST_UNPACKED: Final = 500 * MEGABYTE
# Text packs to a tenth, a page of blanks to a hundredth; bombs to a thousandth. A little of it is
# harmless, whatever it is packed to.
MOST_RATIO: Final = 100
_HARMLESS: Final = 10 * MEGABYTE
_CHUNK: Final = 1024 * 1024
_ENCRYPTED: Final = 0x1

# What reading an archive raises that is none, or not whole.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError,
    ValueError, struct.error,
)  # fmt: skip


def checked(source: IO[bytes]) -> set[str]:
    """The names of the parts of an archive that is safe to unpack.

    Args:
        source: the whole file; it can be sought in.

    Raises:
        Invalid: it is damaged, encrypted, would unpack to too much, or to outside its folder.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            parts = archive.infolist()
            packed = sum(part.compress_size for part in parts)
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > MOST_PARTS:
                raise refused(
                    lazy("This archive has more than %(most)s files in it.", most=MOST_PARTS)
                )
            if unpacked > MOST_UNPACKED or unpacked > max(_HARMLESS, MOST_RATIO * packed):
                raise refused(_BOMB)
            for part in parts:
                _safe_name(part.filename)
                if part.flag_bits & _ENCRYPTED:
                    raise refused(_LOCKED)
            _unpack(archive, parts)
            return {part.filename for part in parts}
    except _BROKEN as error:
        raise refused(_DAMAGED) from error


def _unpack(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """Read every part through, holding a little of it at a time."""
    left = MOST_UNPACKED
    for part in parts:
        with archive.open(part) as content:
            while chunk := content.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise refused(_BOMB)


def _safe_name(name: str) -> None:
    plain = name.replace("\\", "/")
    if plain.startswith("/") or ".." in plain.split("/") or ":" in posixpath.dirname(plain)[:2]:
        raise refused(_OUTSIDE)


_BOMB: Final = lazy(
    "Unpacked, this file would be far larger than it looks, so we do not take it. Please make it "
    "anew with less in it."
)
_LOCKED: Final = lazy("This file is locked with a password. Please save it without one.")
_OUTSIDE: Final = lazy(
    "This archive would write outside its own folder when it is unpacked, so we do not take it."
)
_DAMAGED: Final = lazy("This file is damaged or incomplete. Please make it anew or send it again.")
