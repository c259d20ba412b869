"""What an SMS that answers "Are you safe?" says: in doubt help is needed, or somebody to read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from services.notifications.answers.models import AnswerKind

# Taken out first: "I do not need help" holds the words of somebody who does.
_NO_HELP: Final = re.compile(
    r"不需要?(帮助|救援|帮忙)|无需(帮助|救援)|不用(帮|救)\w?|"
    r"(\bno|\bnot need|n['’]t need|\bwithout)( any)? help( needed)?\b"
)
_HELP: Final = re.compile(
    r"^2(?!\d)|求助|救命|救我|救援|帮助|帮忙|需要帮|被困|受伤|危险|不平安|不安全|没有?平安|没有?安全|"
    r"\bhelp\b|\bsos\b|\bunsafe\b|(\bnot|n['’]t)( \w+)? safe\b|\btrapped\b|\binjured\b|\bhurt\b|"
    r"\bdanger"
)
_SAFE: Final = re.compile(
    r"^1(?!\d)|平安|安全|没事|无恙|一切都?好|\bsafe\b|"
    r"\b(i['’]?m|i am|all|am|we are) (ok|okay|fine)\b"
    r"|^(ok|okay|fine)\W*$"
)
# "38 36 2" or "38人，平安36，求助2": reached, safe, in need of help.
_NUMBERS: Final = re.compile(r"\d{1,6}")


@dataclass(frozen=True)
class Numbers:
    """What one who speaks for a group counts: those reached, and how many of them are well."""

    reached: int
    safe: int
    need_help: int


def kind_of(text: str) -> AnswerKind:
    """What a text says: ``1`` and ``2`` as the message offers them, or words in both languages."""
    said, needs_none = _NO_HELP.subn("", _plain(text))
    if _HELP.search(said):
        return "help"
    return "safe" if needs_none or _SAFE.search(said) else "unclear"


def numbers_of(text: str) -> Numbers | None:
    """The two or three numbers of a group's report; ``None`` when the text has others."""
    found = [int(number) for number in _NUMBERS.findall(_plain(text))]
    if len(found) == 2:
        found.append(0)
    if len(found) != 3 or found[1] + found[2] > found[0]:
        return None
    return Numbers(*found)


def kind_of_numbers(numbers: Numbers, group_size: int) -> AnswerKind:
    """What a group's numbers amount to."""
    if numbers.need_help:
        return "help"
    return "safe" if numbers.safe >= group_size else "partly"


def _plain(text: str) -> str:
    """Small letters, half-width digits, no signs around: people type with what they have."""
    return unicodedata.normalize("NFKC", text).casefold().strip(" \t\r\n.,。，!！【】[]()")
