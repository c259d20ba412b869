"""The four colours and the three reminder words, and what each asks of a traveller.

They follow the practice of the Ministry of Foreign Affairs: a colour for the risk of a country or
region, from blue to red, and beside it one of three words of reminder.
"""

from __future__ import annotations

from typing import Final, Literal

from services.chassis.i18n import Lazy, lazy

Level = Literal["blue", "yellow", "orange", "red"]
Word = Literal["take-care", "travel-with-caution", "do-not-travel"]

# From the lowest risk to the highest.
LEVELS: Final[tuple[Level, ...]] = ("blue", "yellow", "orange", "red")
WORDS: Final[tuple[Word, ...]] = ("take-care", "travel-with-caution", "do-not-travel")

LEVEL_NAMES: Final[dict[str, Lazy]] = {
    "blue": lazy("Blue: low risk"),
    "yellow": lazy("Yellow: medium risk"),
    "orange": lazy("Orange: high risk"),
    "red": lazy("Red: extreme risk"),
}

LEVEL_MEANINGS: Final[dict[str, Lazy]] = {
    "blue": lazy(
        "The risk is low. Please take the usual care, follow the local news and keep your "
        "documents safe."
    ),
    "yellow": lazy(
        "There are risks that call for attention. Please prepare well, avoid the places and hours "
        "named below, and tell your family where you are."
    ),
    "orange": lazy(
        "The risk is high. Please do not go unless you must. If you are there, stay away from "
        "crowds and borders and be ready to leave."
    ),
    "red": lazy(
        "The risk is extreme. Please do not go. If you are there, move to a safe place or leave as "
        "soon as it is safe to do so, and tell the embassy or consulate where you are."
    ),
}

WORD_NAMES: Final[dict[str, Lazy]] = {
    "take-care": lazy("Take care"),
    "travel-with-caution": lazy("Travel with caution"),
    "do-not-travel": lazy("Do not travel for now"),
}


def severity(level: str) -> int:
    """How grave a level is: 0 for blue to 3 for red."""
    return LEVELS.index(level)
