"""Countries, districts, topics and other words as people write them into a cell."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

from services.chassis.reference import TOPICS, city, country_code

# 、 and ； and a slash, and what stands between two names in a sentence.
_BETWEEN: Final = re.compile(r"[、,;/|\n\r+&]+|(?<=[\u4e00-\u9fff])[和与及](?=[\u4e00-\u9fff])")
_FIRST_SIGN: Final = "\u4e00"
_REMARK: Final = re.compile(r"\([^)]*\)")


class NotKnown(ValueError):
    """A word of a cell that means nothing to us; its text is the word."""


_CodeOf = Callable[[str], str | None]


def _codes(text: str, code_of: _CodeOf, nearly: _CodeOf | None = None) -> Iterator[str]:
    plain = unicodedata.normalize("NFKC", text).strip()
    if whole := code_of(plain):
        yield whole
        return
    for part in filter(None, (part.strip() for part in _BETWEEN.split(plain))):
        if code := code_of(part):
            yield code
            continue
        # A blank stands within English names and between Chinese ones.
        smaller = part.split()
        found = [code_of(word) for word in smaller]
        if len(smaller) > 1 and all(found):
            yield from (code for code in found if code)
        elif nearly and (code := nearly(part)):
            yield code
        else:
            raise NotKnown(part[:40])


def countries_in(text: str) -> list[str]:
    """ISO 3166-1 codes of the countries in a cell: names in Chinese or English, or codes.

    A place after the name (泰国曼谷) or in brackets is left out.

    Raises:
        NotKnown: one of them is no country that we know.
    """
    return list(dict.fromkeys(_codes(text, _country, _beginning)))


def _country(text: str) -> str | None:
    for form in (text, _REMARK.sub("", text).strip()):
        if code := country_code(form):
            return code
    return None


def _beginning(text: str) -> str | None:
    """The country whose Chinese name a text begins with, the longest that there is."""
    if text < _FIRST_SIGN:
        return None  # with two Latin letters begins every other word: they are codes
    for length in range(min(len(text) - 1, 12), 1, -1):
        if code := country_code(text[:length]):
            return code
    return None


def districts_in(text: str) -> list[str]:
    """GB/T 2260 codes of the city's districts in a cell: names in either language, or codes.

    Raises:
        NotKnown: one of them is no district of this city.
    """
    return list(dict.fromkeys(_codes(text, _district)))


@functools.cache
def _districts() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, names in city().districts.items():
        chinese = names["zh-CN"]
        own = city().name["zh-CN"]
        english = names["en"].casefold()
        for name in (code, chinese, own + chinese, own.rstrip("市") + chinese, english):
            found[name] = code
        found[f"{english} district"] = code
        if len(chinese) > 2:
            found[chinese.rstrip("区县")] = code
    return found


def _district(text: str) -> str | None:
    return _districts().get(text.casefold())


def topics_in(text: str) -> list[str]:
    """Our codes of the topics in a cell: names in Chinese or English, or codes.

    Raises:
        NotKnown: one of them is no topic of ours.
    """
    return list(dict.fromkeys(_codes(text, _topic)))


_TOPIC_WORDS: Final = {
    "留学": "study-abroad", "出国留学": "study-abroad", "工作": "work-abroad",
    "务工": "work-abroad",
    "境外工作": "work-abroad", "海外工作": "work-abroad", "旅游": "travel", "旅行": "travel",
    "出行": "travel", "出境旅游": "travel", "家庭": "family", "侨居": "family", "证件": "documents",
    "护照": "documents", "护照与证件": "documents", "诈骗": "fraud", "防诈": "fraud",
    "防诈骗": "fraud", "健康": "health", "心理": "health", "安全": "security", "应急": "security",
}  # fmt: skip


def _topic(text: str) -> str | None:
    small = text.casefold()
    for code, name in TOPICS.items():
        if small in (code, name.message.casefold()):
            return code
    return _TOPIC_WORDS.get(small)


_KINDS: Final = (
    ("school", ("school", "学校", "大学", "学院", "中学", "小学", "高校", "university", "college")),
    ("enterprise", ("enterprise", "企业", "公司", "国企", "央企", "民企", "company", "business")),
    ("community", ("community", "社区", "街道", "村", "居委会", "乡镇")),
)


def organisation_kind(text: str) -> str | None:
    """``school``, ``enterprise`` or ``community``; ``None`` for anything else."""
    small = unicodedata.normalize("NFKC", text).strip().casefold()
    for kind, words in _KINDS:
        if any(word in small for word in words):
            return kind
    return None


_LANGUAGES: Final = {
    "zh-CN": ("zh", "zh-cn", "zh_cn", "中文", "汉语", "汉", "中", "简体中文", "普通话", "chinese"),
    "en": ("en", "en-gb", "en-us", "英文", "英语", "英", "english"),
}


def language(text: str) -> str | None:
    """BCP 47 tag of one of our languages; ``None`` for any other."""
    small = unicodedata.normalize("NFKC", text).strip().casefold()
    return next((tag for tag, words in _LANGUAGES.items() if small in words), None)
