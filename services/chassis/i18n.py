"""Two languages: gettext catalogues, dates as people say them, names from CLDR.

Message ids are English sentences; the Chinese is in ``locale/zh_CN/LC_MESSAGES/`` of the chassis
and of each service: ``messages.po`` for what several capabilities say, and ``<capability>.po`` for
what one of them says alone. The language of the moment is a context variable, set for each request
and each message that is written.
"""

from __future__ import annotations

import functools
import gettext as gettext_module
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES: Final = ("zh-CN", "en")
DEFAULT_LANGUAGE: Final = "zh-CN"
_LOCALES = {"zh-CN": Locale.parse("zh_CN"), "en": Locale.parse("en_GB")}

_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)
_package: ContextVar[str] = ContextVar("package", default="chassis")
# By the name of the package: several services share one process in tests and in a nursery.
_catalogues: dict[str, gettext_module.NullTranslations] = {}


def language() -> str:
    """The language of the moment: ``zh-CN`` or ``en`` (BCP 47)."""
    return _language.get()


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Everything inside is said in ``tag``."""
    token = _language.set(tag if tag in LANGUAGES else DEFAULT_LANGUAGE)
    try:
        yield
    finally:
        _language.reset(token)


@contextmanager
def words_of(package: str) -> Iterator[None]:
    """Everything inside is said in the words of a service: its own Chinese before the chassis's."""
    token = _package.set(package)
    try:
        yield
    finally:
        _package.reset(token)


def add_catalogue(package: Path) -> None:
    """Take in the Chinese of a package: every ``.po`` of its ``locale`` folder."""
    if package.name in _catalogues:
        return
    for source in sorted((package / "locale" / "zh_CN" / "LC_MESSAGES").glob("*.po")):
        with _compiled(source).open("rb") as file:
            found = gettext_module.GNUTranslations(file)
        if package.name in _catalogues:
            _catalogues[package.name].add_fallback(found)
        else:
            _catalogues[package.name] = found
    _in_chinese.cache_clear()


def _spoken(package: str) -> Iterator[gettext_module.NullTranslations]:
    for name in dict.fromkeys((package, "chassis")):
        if name in _catalogues:
            yield _catalogues[name]


def _compiled(source: Path) -> Path:
    """The ``.mo`` beside a ``.po``, made when it is missing or older."""
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return target
    with source.open("rb") as file:
        catalogue = read_po(file)
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    fresh = target.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(buffer.getvalue())
    fresh.replace(target)
    return target


def gettext(message: str) -> str:
    """``message`` in the language of the moment."""
    return message if language() == "en" else _in_chinese(_package.get(), message)


# A page says a hundred things, and each would be looked for in the file of one capability after
# the other.
@functools.lru_cache(maxsize=16_384)
def _in_chinese(package: str, message: str) -> str:
    for catalogue in _spoken(package):
        found = catalogue.gettext(message)
        if found != message:
            return found
    return message


def ngettext(one: str, many: str, count: int) -> str:
    """The form of a message for ``count`` things, in the language of the moment."""
    if language() == "en":
        return one if count == 1 else many
    for catalogue in _spoken(_package.get()):
        found = catalogue.ngettext(one, many, count)
        if found not in (one, many):
            return found
    return many


class Lazy:
    """A message that is translated when it is read, not when it is written down."""

    def __init__(self, message: str, values: Mapping[str, Any]) -> None:
        self.message = message
        self.values = values

    def __str__(self) -> str:
        text = gettext(self.message)
        return text % self.values if self.values else text

    def __repr__(self) -> str:
        return f"lazy({self.message!r})"


Text = str | Lazy


def lazy(message: str, **values: Any) -> Lazy:  # noqa: ANN401 - anything that can be printed
    """Mark a message for translation at the time it is shown; ``%(name)s`` takes ``values``."""
    return Lazy(message, values)


def localized(value: Mapping[Any, str] | None, tag: str | None = None) -> str:
    """The text of ``{"zh-CN": …, "en": …}`` in a language, falling back to the other one."""
    if not value:
        return ""
    wanted = tag or language()
    return value.get(wanted) or next((text for text in value.values() if text), "")


def locale() -> Locale:
    """The CLDR locale of the moment."""
    return _LOCALES[language()]


# Parts of China with codes of their own, as its public offices write them.
_AT_HOME: Final = {
    "zh-CN": {"HK": "中国香港", "MO": "中国澳门", "TW": "中国台湾"},
    "en": {"HK": "Hong Kong, China", "MO": "Macao, China", "TW": "Taiwan, China"},
}


def country_name(code: str) -> str:
    """An ISO 3166-1 alpha-2 code as people say it (CLDR), or the code itself."""
    return _territories(language()).get(code, code)


@functools.cache
def _territories(tag: str) -> dict[str, str]:
    # CLDR's own mapping is read through several layers at each look.
    named = {str(code): str(name) for code, name in _LOCALES[tag].territories.items()}
    return named | _AT_HOME[tag]


_WEEKDAYS = "一二三四五六日"


def day(moment: datetime, zone: str) -> str:
    """``4月18日（周六）`` or ``Saturday 18 April``; with the year when it is not this one."""
    local = moment.astimezone(ZoneInfo(zone))
    other_year = local.year != datetime.now(ZoneInfo(zone)).year
    if language() == "en":
        text = f"{local:%A} {local.day} {local:%B}"
        return f"{text} {local.year}" if other_year else text
    text = f"{local.month}月{local.day}日（周{_WEEKDAYS[local.weekday()]}）"
    return f"{local.year}年{text}" if other_year else text


def clock(moment: datetime, zone: str) -> str:
    """``14:00`` in a zone."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


def date_line(start: datetime, end: datetime | None, zone: str) -> str:
    """``4月18日（周六）14:00–16:00`` or ``Saturday 18 April, 14:00–16:00``."""
    between = ", " if language() == "en" else ""
    text = f"{day(start, zone)}{between}{clock(start, zone)}"
    if end is None:
        return text
    if end.astimezone(ZoneInfo(zone)).date() == start.astimezone(ZoneInfo(zone)).date():
        return f"{text}–{clock(end, zone)}"
    return f"{text} – {day(end, zone)}{between}{clock(end, zone)}"
