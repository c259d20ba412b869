"""E-mail addresses and telephone numbers as people, and Excel, write them into a cell."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

import phonenumbers
from pydantic import TypeAdapter, ValidationError

from services.chassis.fields import HOME_REGION, Email, Phone
from services.notifications.imports.files import Cell

_email = TypeAdapter(Email)
_phone = TypeAdapter(Phone)

_BETWEEN: Final = re.compile(r"[;,、/|\n\r]+|(?<=\d)\s*(?:或|和|or)\s*(?=[\d+])")
_SPACES: Final = re.compile(r"\s+")
_PLAIN_NAME: Final = re.compile(r"(?=.{1,64}$)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")
# 1.39E+10 as Excel shows a long number: with fewer digits than it had.
_SHORTENED: Final = re.compile(r"\d(?:\.(\d+))?E\+?(\d+)", re.IGNORECASE)
# What may stand behind a number: 转 8001, ext. 12.
_EXTENSION: Final = re.compile(r"(?:转|分机|ext\.?)\s*\d+$", re.IGNORECASE)


class NotAnAddress(ValueError):
    """None of what stands in a cell is an address."""


class Shortened(NotAnAddress):
    """Excel has written a number in a way that lost its last digits."""


class FixedLine(NotAnAddress):
    """A telephone that takes no text messages."""


def email_in(cell: Cell) -> tuple[str, bool]:
    """The first e-mail address of a cell, and whether there are more.

    Raises:
        NotAnAddress: there is none.
    """
    text = unicodedata.normalize("NFKC", str(cell)).strip().removeprefix("mailto:")
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    for part in parts:
        try:
            return _address(_SPACES.sub("", part)), len(parts) > 1
        except ValidationError:
            continue
    raise NotAnAddress(text)


def _address(text: str) -> str:
    """A checked address. Most have a plain name at a domain that many share."""
    name, _, domain = text.partition("@")
    if _PLAIN_NAME.fullmatch(name):
        return f"{name}{_domain(domain)}"
    return _email.validate_python(text)


@functools.lru_cache(4096)
def _domain(text: str) -> str:
    """``@`` and a checked domain.

    Raises:
        ValidationError: it is none.
    """
    return _email.validate_python(f"x@{text}").removeprefix("x")


def phone_in(cell: Cell) -> tuple[str, bool]:
    """The first number of a cell that takes text messages, as E.164, and whether there are more.

    Raises:
        NotAnAddress: there is none; :class:`Shortened` or :class:`FixedLine` when that is why.
    """
    text = unicodedata.normalize("NFKC", _digits(cell)).strip()
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    failed: NotAnAddress = NotAnAddress(text)
    for part in parts:
        try:
            return _mobile(part), len(parts) > 1
        except NotAnAddress as error:
            failed = error if not isinstance(failed, FixedLine) else failed
    raise failed


def _digits(cell: Cell) -> str:
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    found = _SHORTENED.fullmatch(text.strip())
    if found is None:
        return text
    if len(found[1] or "") < int(found[2]):
        raise Shortened(text)
    return str(int(float(text)))


def _mobile(text: str) -> str:
    plain = re.sub(r"[^\d+]", "", text)
    if plain.startswith("0086"):
        plain = "+" + plain[2:]
    home = plain.removeprefix("+86") if plain.startswith("+86") else plain
    if len(home) == 13 and home.startswith("86"):
        home = home[2:]
    if _home_mobile().fullmatch(home):
        return f"+86{home}"
    try:
        found = _phone.validate_python(_EXTENSION.sub("", text).strip() or text)
    except ValidationError as error:
        raise NotAnAddress(text) from error
    kind = phonenumbers.number_type(phonenumbers.parse(found))
    if kind == phonenumbers.PhoneNumberType.FIXED_LINE:
        raise FixedLine(text)
    return found


@functools.cache
def _home_mobile() -> re.Pattern[str]:
    """What libphonenumber itself takes for a mobile number of this country.

    A list has tens of thousands of them, and asking the library for each costs a tenth of a
    millisecond.
    """
    known = phonenumbers.PhoneMetadata.metadata_for_region(HOME_REGION)
    pattern = known and known.mobile and known.mobile.national_number_pattern
    return re.compile(pattern or r"(?!)")  # without it every number is asked for
