"""Files as a page shows them: each with what belongs to it, its size in words, its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.chassis.i18n import language, localized
from services.content.files.schemas import FileOut

_KILO: Final = 1024
_ICONS: Final = {
    "document": "file-earmark-text",
    "video": "camera-video",
    "audio": "megaphone",
    "picture": "image",
    "archive": "archive",
    "captions": "chat-square-text",
    "poster": "image",
}


@dataclass(frozen=True)
class Shown:
    """A file that stands by itself, with the captions and the poster that a video has."""

    file: FileOut
    captions: list[FileOut] = field(default_factory=list)
    poster: FileOut | None = None

    @property
    def plays(self) -> bool:
        """Whether a page plays it."""
        return self.file.role in ("video", "audio")

    @property
    def transcript(self) -> FileOut | None:
        """The captions whose text stands beside the player: in the page's language, or any."""
        ranked = sorted(self.captions, key=lambda one: one.language != language())
        return next((one for one in ranked if one.transcript), None)


def shelf(files: Sequence[FileOut]) -> list[Shown]:
    """The files that stand by themselves, in their order."""
    return [
        Shown(
            one,
            captions=[
                part for part in files if (part.parent_id, part.role) == (one.id, "captions")
            ],
            poster=next(
                (part for part in files if (part.parent_id, part.role) == (one.id, "poster")), None
            ),
        )
        for one in files
        if one.parent_id is None
    ]


def size_in_words(size: int) -> str:
    """``1.2 MB``: a number of bytes as people read it, in powers of 1024."""
    value = float(size)
    for unit in ("B", "KB", "MB"):
        if value < _KILO:
            return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
        value /= _KILO
    return f"{value:.1f} GB"


def called(file: FileOut) -> str:
    """What a page calls a file: its title, or its name without the ending."""
    return localized(file.title) or file.name.rpartition(".")[0] or file.name


def words() -> dict[str, Any]:
    """What templates need to speak of files."""
    return {"size_in_words": size_in_words, "called": called, "file_icons": _ICONS}
