"""Which types of files are taken, and how each is known by what is in it.

A name and a browser's word prove nothing: the first bytes and, for archives, the parts inside
decide. A name that says something else than the content is refused rather than corrected, since
whoever made such a file may mean it to be taken for another.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Final, Literal

from services.chassis.files_settings import MEGABYTE
from services.chassis.i18n import Lazy, lazy
from services.chassis.settings import settings
from services.content.files import archives, captions, pictures
from services.content.files.refusals import refused

Role = Literal["document", "video", "audio", "picture", "archive", "captions", "poster"]

_HEAD: Final = 4096
_MOST_CAPTIONS_MB: Final = 2
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True)
class Format:
    """A type of file that is taken.

    Attributes:
        word: what a page calls it in a link: ``PDF``.
        role: what it is in a material, unless it is a poster.
        media_type: as IANA registers it.
        endings: of names, the usual one first.
        opens: whether a browser shows it by itself, so that it need not be downloaded.
    """

    word: str
    role: Role
    media_type: str
    endings: tuple[str, ...]
    opens: bool = False


PDF: Final = Format("PDF", "document", "application/pdf", (".pdf",), opens=True)
WORD: Final = Format("Word", "document", f"{_OFFICE}.wordprocessingml.document", (".docx",))
SLIDES: Final = Format(
    "PowerPoint", "document", f"{_OFFICE}.presentationml.presentation", (".pptx",)
)
SHEET: Final = Format("Excel", "document", f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",))
EPUB: Final = Format("EPUB", "document", "application/epub+zip", (".epub",))
ZIP: Final = Format("ZIP", "archive", "application/zip", (".zip",))
JPEG: Final = Format("JPEG", "picture", "image/jpeg", (".jpg", ".jpeg"), opens=True)
PNG: Final = Format("PNG", "picture", "image/png", (".png",), opens=True)
WEBP: Final = Format("WebP", "picture", "image/webp", (".webp",), opens=True)
MP4: Final = Format("MP4", "video", "video/mp4", (".mp4", ".m4v"), opens=True)
WEBM: Final = Format("WebM", "video", "video/webm", (".webm",), opens=True)
MP3: Final = Format("MP3", "audio", "audio/mpeg", (".mp3",), opens=True)
M4A: Final = Format("M4A", "audio", "audio/mp4", (".m4a",), opens=True)
VTT: Final = Format("WebVTT", "captions", "text/vtt", (".vtt",), opens=True)

FORMATS: Final = (
    PDF, WORD, SLIDES, SHEET, EPUB, ZIP, JPEG, PNG, WEBP, MP4, WEBM, MP3, M4A, VTT,
)  # fmt: skip
BY_MEDIA_TYPE: Final = {known.media_type: known for known in FORMATS}

# What a browser's file chooser offers first.
ACCEPT: Final = ",".join(ending for known in FORMATS for ending in known.endings)


def _starts(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(beginnings)


def _iso_brand(head: bytes) -> bytes:
    """The major brand of an ISO base media file (ISO/IEC 14496-12, 4.3), or nothing."""
    return head[8:12] if head[4:8] == b"ftyp" else b""


def _is_mp4(head: bytes) -> bool:
    # QuickTime's own brand is left out: few browsers play such a file.
    return _iso_brand(head)[:3] in (b"iso", b"mp4", b"avc", b"M4V", b"MSN", b"das", b"f4v")


def _is_webm(head: bytes) -> bool:
    # EBML (RFC 8794) with the document type of WebM; Matroska begins alike.
    return head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head[:64]


def _is_mp3(head: bytes) -> bool:
    # An ID3v2 tag, or eleven set bits that begin a frame of MPEG audio, layer III.
    return head.startswith(b"ID3") or (
        len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE6) and head[2] != 0xFF
    )


# In this order; the head of an archive says only that it is one, see `_inside`.
_BY_HEAD: Final[Sequence[tuple[Callable[[bytes], bool], Format]]] = (
    (_starts(b"%PDF-"), PDF),
    (_starts(b"\xff\xd8\xff"), JPEG),
    (_starts(b"\x89PNG\r\n\x1a\n"), PNG),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP", WEBP),
    (lambda head: _iso_brand(head)[:3] == b"M4A", M4A),
    (_is_mp4, MP4),
    (_is_webm, WEBM),
    (_starts(b"WEBVTT", b"\xef\xbb\xbfWEBVTT"), VTT),
    (_starts(b"PK\x03\x04", b"PK\x05\x06"), ZIP),
    (_is_mp3, MP3),
)

# The part that makes an Office Open XML package what it is (ECMA-376, part 1, 11 to 13).
_MAIN_PARTS: Final = (
    ("word/document.xml", WORD),
    ("ppt/presentation.xml", SLIDES),
    ("xl/workbook.xml", SHEET),
)


def recognised(source: IO[bytes], name: str) -> Format:
    """The type of a file, by its content; its insides are checked where it has any.

    Args:
        source: the whole file; it can be sought in, and is at its beginning afterwards.
        name: what it is called.

    Raises:
        Invalid: it is of no type that is taken, its name says another, or it is unsafe to open.
    """
    source.seek(0)
    head = source.read(_HEAD)
    source.seek(0)
    found = next((known for fits, known in _BY_HEAD if fits(head)), None)
    if found is None:
        raise refused(_UNKNOWN_SVG if _looks_like_svg(head) else _UNKNOWN)
    if found is ZIP:
        found = _inside(source)
    _must_be_called(found, name)
    if found.role == "picture":
        pictures.check(source, found.word)
    if found is VTT:
        captions.parse(captions.text_of(source.read(most_bytes(VTT) + 1)))
    source.seek(0)
    return found


def most_bytes(known: Format) -> int:
    """How large a file of this type may be."""
    chosen = settings()
    megabytes = {
        "document": chosen.files_document_mb,
        "archive": chosen.files_document_mb,
        "picture": chosen.files_picture_mb,
        "audio": chosen.files_audio_mb,
        "video": chosen.files_video_mb,
        "captions": _MOST_CAPTIONS_MB,
    }
    return megabytes[known.role] * MEGABYTE


def largest() -> int:
    """How large a file of any type may be."""
    return max(most_bytes(known) for known in FORMATS)


def _inside(source: IO[bytes]) -> Format:
    """What an archive is, once everything in it has been unpacked and counted."""
    parts = archives.checked(source)
    if "[Content_Types].xml" in parts:
        for part, known in _MAIN_PARTS:
            if part in parts:
                if any(PurePosixPath(name).name == "vbaProject.bin" for name in parts):
                    raise refused(_MACROS)
                return known
    if "mimetype" in parts and "META-INF/container.xml" in parts:
        source.seek(0)
        with zipfile.ZipFile(source) as archive, archive.open("mimetype") as kind:
            if kind.read(64).strip() == b"application/epub+zip":
                return EPUB
    return ZIP


def _must_be_called(found: Format, name: str) -> None:
    ending = PurePosixPath(name.lower()).suffix
    if ending not in found.endings:
        raise refused(
            lazy(
                "“%(name)s” is not what its name says: what is in it is %(content)s. Please check "
                "the file; if it is the right one, rename it so that it ends in %(ending)s.",
                name=name[:60],
                content=found.word,
                ending=found.endings[0],
            )
        )


def _looks_like_svg(head: bytes) -> bool:
    return b"<svg" in head.lower()


_UNKNOWN: Final = lazy(
    "This is no file that we can take. We take PDF, Word, PowerPoint, Excel, EPUB, ZIP, JPEG, "
    "PNG, WebP, MP4, WebM, MP3, M4A and WebVTT captions."
)
_UNKNOWN_SVG: Final = lazy(
    "This is an SVG drawing. One can carry a script, so we do not take any; please save it as PNG."
)
_MACROS: Final = lazy(
    "This document contains macros, which run programs on the reader’s computer. Please save it "
    "without macros."
)

ROLE_NAMES: Final[dict[str, Lazy]] = {
    "document": lazy("Document"),
    "video": lazy("Video"),
    "audio": lazy("Sound recording"),
    "picture": lazy("Picture"),
    "archive": lazy("Archive"),
    "captions": lazy("Captions"),
    "poster": lazy("Poster picture"),
}
