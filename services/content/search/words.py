"""The kinds of what is found, in words, and the signs beside them."""

from __future__ import annotations

from typing import Final

from services.chassis.i18n import Lazy, lazy
from services.content.search.service import Kind

KIND_NAMES: Final[dict[Kind, Lazy]] = {
    "advisory": lazy("Advisories"),
    "material": lazy("To read"),
    "question": lazy("Q&A"),
    "activity": lazy("Activities"),
    "quiz": lazy("Quizzes"),
    "pack": lazy("Packs"),
}

KIND_ICONS: Final[dict[Kind, str]] = {
    "advisory": "globe",
    "material": "book",
    "question": "chat-dots",
    "activity": "calendar-event",
    "quiz": "patch-question",
    "pack": "box-seam",
}

LANGUAGE_NAMES: Final = {"zh-CN": lazy("Chinese"), "en": lazy("English")}
