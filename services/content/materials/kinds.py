"""What kinds of materials there are, and for whom."""

from __future__ import annotations

from typing import Final, Literal, get_args

from services.chassis.i18n import Lazy, lazy

Kind = Literal["book", "brochure", "video", "case-study", "slides", "checklist"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Audience = Literal["residents", "travellers", "students", "parents", "workers", "enterprises"]

KIND_NAMES: Final[dict[str, Lazy]] = {
    "checklist": lazy("Checklist"),
    "brochure": lazy("Brochure"),
    "book": lazy("Book"),
    "case-study": lazy("Case study"),
    "video": lazy("Video"),
    "slides": lazy("Slides"),
}

KIND_ICONS: Final = {
    "checklist": "check-circle",
    "brochure": "file-earmark-text",
    "book": "book",
    "case-study": "chat-square-text",
    "video": "camera-video",
    "slides": "easel",
}

AUDIENCE_NAMES: Final[dict[str, Lazy]] = {
    "residents": lazy("Everybody"),
    "travellers": lazy("Travellers"),
    "students": lazy("Students"),
    "parents": lazy("Parents"),
    "workers": lazy("People who work abroad"),
    "enterprises": lazy("Enterprises"),
}

# What staff look for: materials that lack something.
LACK_NAMES: Final[dict[str, Lazy]] = {
    "review": lazy("Review overdue"),
    "en": lazy("English missing"),
    "zh-CN": lazy("Chinese missing"),
}
