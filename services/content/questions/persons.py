"""Traces of a person in a text that is to be public: what a member of staff has to look at.

A program cannot know who is meant. It finds what looks like a name, a number, a day or a place, and
somebody says of each that it leads to nobody; without that the text does not become public.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import phonenumbers

from services.chassis.fields import HOME_REGION
from services.chassis.i18n import lazy

Kind = Literal["name", "telephone", "email", "document", "date", "address"]

KIND_NAMES: Final = {
    "name": lazy("Name"),
    "telephone": lazy("Telephone number"),
    "email": lazy("E-mail address"),
    "document": lazy("Number of a passport or an identity card"),
    "date": lazy("Date"),
    "address": lazy("Address"),
}

# Numbers that everybody is to call.
_PUBLIC: Final = frozenset({"12308", "861012308", "01012308", "12345", "110", "119", "120", "112"})

# Shorter ones are prices, years and hotlines.
_SHORTEST: Final = 7

# The hundred most frequent surnames, which four of five people have (Ministry of Public Security).
_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程"
    "魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万"
)
_TITLE: Final = "先生|女士|小姐|老师|同学|同志|阿姨|叔叔|师傅|大爷|大妈|教授|医生|经理|总"
_MONTHS: Final = (
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    "Sep(?:t(?:ember)?)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)

_PATTERNS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    # GB 11643: seventeen digits and a check sign; then passports of China and of most others.
    (
        "document",
        re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)|(?<![A-Za-z\d])[A-Za-z]{1,2}\d{7,8}(?!\d)"),
    ),
    (
        "name",
        re.compile(
            rf"[{_SURNAMES}](?:某{{1,2}}|[\u4e00-\u9fff]{{0,2}})(?:{_TITLE})"
            r"|(?:我叫|名叫|姓名[是为：:]?|我是)[\u4e00-\u9fff]{2,4}"
            r"|\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\b\.?\s+[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+)?"
            r"|\b[Mm]y name is\s+\w+(?:\s+[A-Z]\w+)?"
        ),
    ),
    (
        "date",
        re.compile(
            r"(?<!\d)(?:\d{4}[-/.年])\s?\d{1,2}(?:[-/.月]\s?\d{1,2}日?)?(?!\d)"
            r"|(?<!\d)\d{1,2}月\d{1,2}[日号]"
            rf"|\b\d{{1,2}}\s+(?:{_MONTHS})\b(?:\s+\d{{4}})?"
            rf"|\b(?:{_MONTHS})\s+\d{{1,2}}\b(?:,?\s+\d{{4}})?"
        ),
    ),
    (
        "address",
        re.compile(
            r"[\u4e00-\u9fffA-Za-z\d]{1,12}(?:路|街|大街|胡同|巷|弄|里|小区|公寓|花园|园区?|苑)"
            r"\s?[\dA-Za-z一二三四五六七八九十]{1,5}\s?(?:号|栋|幢|座|楼|单元|室)"
            r"|\d{1,4}\s?(?:号楼|单元|室)"
            r"|\b\d{1,5}\s+(?:[A-Z][\w’'-]+\s+){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Drive)\b"
            r"|\b(?:Room|Flat|Apartment|Apt)\.?\s*\d+\w?\b"
        ),
    ),
)


@dataclass(frozen=True)
class Trace:
    """Something in a text that may lead to a person.

    Attributes:
        key: stands for it in what staff have ticked, without saying it.
    """

    kind: Kind
    text: str

    @property
    def key(self) -> str:
        """The same for the same words, wherever they stand."""
        return hashlib.sha256(f"{self.kind}/{self.text}".encode()).hexdigest()[:16]


def traces(texts: Iterable[Mapping[str, str]], known: Iterable[str] = ()) -> list[Trace]:
    """What may lead to a person in localised texts, each once, in the order of the texts.

    Args:
        known: what is known of whoever asked (name, e-mail, telephone), looked for as it is.
    """
    found: dict[str, Trace] = {}
    for text in texts:
        for said in text.values():
            for trace in (*_known(said, known), *_patterned(said), *_numbers(said)):
                found.setdefault(trace.key, trace)
    return list(found.values())


def _known(text: str, known: Iterable[str]) -> Iterator[Trace]:
    for one in known:
        # A surname alone is in half of all words.
        if len(one) > 1 and one.casefold() in text.casefold():
            yield Trace("email" if "@" in one else "name", one)


def _numbers(text: str) -> Iterator[Trace]:
    """What can be dialled, and is neither a hotline nor a part of something found otherwise."""
    taken = [match.span() for _, pattern in _PATTERNS for match in pattern.finditer(text)]
    leniency = phonenumbers.Leniency.POSSIBLE
    for match in phonenumbers.PhoneNumberMatcher(text, HOME_REGION, leniency=leniency):
        digits = re.sub(r"\D", "", match.raw_string)
        inside = any(match.start < end and begin < match.end for begin, end in taken)
        if not inside and digits not in _PUBLIC and len(digits) >= _SHORTEST:
            yield Trace("telephone", match.raw_string.strip())


def _patterned(text: str) -> Iterator[Trace]:
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield Trace(kind, match[0].strip())
