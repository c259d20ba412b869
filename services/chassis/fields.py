"""Types of fields that forms and calls share: each normalises, or refuses with a sentence."""

from __future__ import annotations

import functools
import re
import unicodedata
from datetime import timedelta
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, StringConstraints, TypeAdapter
from pydantic_core import PydanticCustomError

from services.chassis.i18n import lazy
from services.chassis.reference import TOPICS, city, countries

HOME_REGION = "CN"


def refuse(message: str, **values: Any) -> PydanticCustomError:  # noqa: ANN401 - printable
    """An error whose text is a translatable sentence (``%(name)s`` takes ``values``)."""
    return PydanticCustomError("sentence", "{sentence}", {"sentence": lazy(message, **values)})


# Turn the reading direction of whatever follows: a name with one can look like another name.
_TURNS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


# Longer than any field takes. It is refused for its length, and looking at each of its signs before
# would take seconds for ten megabytes.
_FAR_TOO_LONG = 100_000


def _controls(value: str, *, but: str = "") -> bool:
    """Whether a text breaks the line or steers how it is shown, otherwise than by ``but``."""
    return len(value) <= _FAR_TOO_LONG and any(
        char not in but
        and (
            unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
            or unicodedata.bidirectional(char) in _TURNS
        )
        for char in value
    )


def _one_line(value: str) -> str:
    """A text that may stand in a header: no line break, no control character."""
    if _controls(value):
        raise refuse("Please write this on one line, without special characters.")
    return value.strip()


def _many_lines(value: str) -> str:
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    if _controls(text, but="\n\t"):
        raise refuse("Please remove the special characters from this text.")
    return text.strip()


def _email(value: str) -> str:
    if _controls(value):
        raise refuse("An e-mail address is one line, such as name@example.com.")
    try:
        found = validate_email(
            unicodedata.normalize("NFKC", value).strip(), check_deliverability=False
        )
    except EmailNotValidError:
        raise refuse("Please check the e-mail address; it looks like name@example.com.") from None
    # SMTP without SMTPUTF8 takes ASCII alone, and the relay is not ours to choose.
    if not found.ascii_email:
        raise refuse("Please use an e-mail address in Latin letters, such as name@example.com.")
    return found.ascii_email


def _phone(value: str) -> str:
    typed = unicodedata.normalize("NFKC", value).strip()
    try:
        number = phonenumbers.parse(typed, HOME_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise refuse(
            "Please check the telephone number; a mobile number looks like 138 1234 5678, "
            "and one from abroad begins with +."
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _district(value: str) -> str:
    if value not in city().districts:
        raise refuse("We do not know this district; please choose one from the list.")
    return value


def _country(value: str) -> str:
    code = value.strip().upper()
    if code not in countries():
        raise refuse("We do not know this country; please choose one from the list.")
    return code


def _topic(value: str) -> str:
    if value not in TOPICS:
        raise refuse("We do not know this topic; please choose one from the list.")
    return value


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value not in _zones():
        raise refuse("We do not know this time zone; write it like Asia/Shanghai.")
    return value


# Four ASCII digits at most: nothing that fits is too long to be reckoned with.
_ISO_DURATION = re.compile(
    r"P(?:\d{1,4}W|(?=\d|T\d)(?:\d{1,4}D)?(?:T(?=\d)(?:\d{1,4}H)?(?:\d{1,4}M)?)?)", re.ASCII
)
_seconds = TypeAdapter(timedelta)


def _duration(value: str) -> str:
    text = value.strip().upper()
    if not _ISO_DURATION.fullmatch(text) or not timedelta(0) < duration(text) <= timedelta(days=90):
        raise refuse("Write a reminder's lead time like P1D (a day) or PT1H (an hour).")
    return text


def duration(text: str) -> timedelta:
    """An ISO 8601 duration of weeks, days, hours and minutes as a length of time."""
    if text.endswith("W"):
        return timedelta(weeks=int(text[1:-1]))
    return _seconds.validate_python(text)


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _unique(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


SingleLine = Annotated[str, AfterValidator(_one_line), StringConstraints(max_length=200)]
Name = Annotated[str, AfterValidator(_one_line), StringConstraints(min_length=1, max_length=80)]
MultiLine = Annotated[str, AfterValidator(_many_lines), StringConstraints(max_length=20_000)]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_email)]
Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(_phone)]
District = Annotated[str, AfterValidator(_district)]
Country = Annotated[str, AfterValidator(_country)]
Topic = Annotated[str, AfterValidator(_topic)]
Zone = Annotated[str, AfterValidator(_zone)]
Duration = Annotated[str, AfterValidator(_duration)]
LanguageTag = Literal["zh-CN", "en"]
Countries = Annotated[list[Country], AfterValidator(_unique)]
Districts = Annotated[list[District], AfterValidator(_unique)]
Topics = Annotated[list[Topic], AfterValidator(_unique)]

# An optional field of a form arrives as an empty text.
BlankIsNone = BeforeValidator(_blank_is_none)
OptionalEmail = Annotated[Email | None, BlankIsNone]
OptionalPhone = Annotated[Phone | None, BlankIsNone]


def _some_text(value: dict[str, str]) -> dict[str, str]:
    filled = {tag: text for tag, text in value.items() if text}
    if not filled:
        raise refuse("Please write this in at least one language.")
    return filled


def _filled(value: dict[str, str]) -> dict[str, str]:
    return {tag: text for tag, text in value.items() if text}


def _chinese_alone(value: object) -> object:
    """A plain text where a localised one is expected is taken as Chinese."""
    return {"zh-CN": value} if isinstance(value, str) else value


_Plain = BeforeValidator(_chinese_alone)
LocalizedLine = Annotated[dict[LanguageTag, SingleLine], _Plain, AfterValidator(_some_text)]
LocalizedText = Annotated[dict[LanguageTag, MultiLine], _Plain, AfterValidator(_some_text)]
OptionalLocalizedLine = Annotated[dict[LanguageTag, SingleLine], _Plain, AfterValidator(_filled)]
OptionalLocalizedText = Annotated[dict[LanguageTag, MultiLine], _Plain, AfterValidator(_filled)]
