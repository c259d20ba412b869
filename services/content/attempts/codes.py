"""The codes of certificates, and names as a stranger may see them."""

from __future__ import annotations

import secrets
from typing import Final

from services.content.quizzes.codes import ALPHABET

# Of 22 signs: 53 bits. More than a quiz's, because this one is checked from anywhere, for years.
LENGTH: Final = 12
_GROUP: Final = 4


def fresh_code() -> str:
    """A new code, unguessable, such as ``K7W4MX4R9TFA``."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def spaced(code: str) -> str:
    """A code in groups of four, for reading: ``K7W4 MX4R 9TFA``."""
    return " ".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def masked(name: str) -> str:
    """A name that its owner recognises and a stranger does not learn.

    ``王小明`` → ``王*明``, ``王明`` → ``王*``, ``John Smith`` → ``J*** S***``; the stars do not
    tell how many letters there were. Nothing stays nothing.
    """
    words = name.split()
    if len(words) == 1 and not words[0].isascii():
        word = words[0]
        return f"{word[0]}*{word[-1]}" if len(word) > 2 else f"{word[0]}*"
    return " ".join(f"{word[0]}***" for word in words)
