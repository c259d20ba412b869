"""The words of a broadcast that differ from person to person: which there are, and whose they are.

A text names them as its language allows (:mod:`services.notifications.templates.liquid`). Each has
something to say where nothing is known of a person, so that no sentence is left with a hole.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import Text, country_name, lazy, speaking
from services.chassis.markdown import to_html
from services.chassis.problems import FieldError
from services.notifications.broadcasts.schemas import Message
from services.notifications.contacts.models import Contact, Trip
from services.notifications.delivery.models import Delivery
from services.notifications.templates import liquid

# A name that is longer than any is somebody's text in a message of ours.
LONGEST_VALUE: Final = 80
MOST_COUNTRIES: Final = 5
_MARK: Final = "aPersonalWord"
_EXPECTED: Final = "contacts whose messages are written"
_KNOWN: Final = "people who were read for their words"


class _Person(NamedTuple):
    """What is known of a recipient, as far as a text asks for it.

    ``countries`` (ISO 3166-1 alpha-2): those of their coming trips, the next one first, else those
    that they follow.
    """

    name: str | None
    organisation: str | None
    countries: list[str]


@dataclass(frozen=True)
class Word:
    """One word that a text may use.

    Attributes:
        meaning: what it stands for, for whoever writes.
        sample: what a preview shows, by language.
        fallback: what stands where nothing is known of a person, by language.
    """

    meaning: Text
    sample: Mapping[str, str]
    fallback: Mapping[str, str]


WORDS: Final[Mapping[str, Word]] = {
    "name": Word(
        lazy("the person's name"),
        {"zh-CN": "王小明", "en": "Wang Xiaoming"},
        {"zh-CN": "市民朋友", "en": "Sir or Madam"},
    ),
    "organisation": Word(
        lazy("the school or company that they belong to"),
        {"zh-CN": "北京市第八十中学", "en": "Beijing No. 80 High School"},
        {"zh-CN": "贵单位", "en": "your organisation"},
    ),
    "countries": Word(
        lazy("the countries of their coming trips, else those that they follow"),
        {"zh-CN": "泰国、马来西亚", "en": "Thailand, Malaysia"},
        {"zh-CN": "目的地", "en": "your destination"},
    ),
}


def samples(language: str) -> dict[str, str]:
    """A person of whom everything is known, for previews and trials."""
    return {name: word.sample[language] for name, word in WORDS.items()}


def nothing() -> dict[str, str]:
    """A person of whom nothing is known."""
    return dict.fromkeys(WORDS, "")


def fallbacks(language: str) -> dict[str, str]:
    """What stands for each word where nothing is known."""
    return {name: word.fallback[language] for name, word in WORDS.items()}


def wrong_words(message: Message) -> list[FieldError]:
    """What is wrong with the personal words of a message, beside each field."""
    errors: list[FieldError] = []
    for tag in message.languages:
        words = message.in_language(tag)[1]
        for field in ("subject", "body", "sms"):
            source: str = getattr(words, field)
            sentences = liquid.check(source, WORDS)
            if not sentences and field == "body" and _steers_a_link(source, tag):
                sentences = [
                    lazy("A personal word can stand in the text of a link, not in its address.")
                ]
            errors += [FieldError(f"message.{tag}.{field}", said) for said in sentences]
    return errors


def _steers_a_link(body: str, language: str) -> bool:
    """Whether somebody's name would become a part of an address: it could lead anywhere."""
    for values in (samples(language), nothing()):
        slots: dict[str, str] = {}
        marked = liquid.render_marked(body, values, fallbacks(language), mark=_MARK, slots=slots)
        outside = to_html(marked).striptags()
        if any(mark not in outside for mark in slots):
            return True
    return False


def values_for(
    session: Session, delivery: Delivery, language: str, names: Collection[str]
) -> dict[str, str]:
    """What the words say to one recipient, empty where nothing is known.

    Args:
        language: the one that the text is written in.
        names: the words that the text uses; the rest is not looked up.
    """
    found = nothing()
    person = _person(session, delivery, frozenset(names)) if names else None
    if person is None:
        return found
    found["name"] = _tamed(person.name or "")
    found["organisation"] = _tamed(person.organisation or "")
    if person.countries:
        with speaking(language):
            named = [country_name(code) for code in person.countries[:MOST_COUNTRIES]]
        found["countries"] = ("、" if language == "zh-CN" else ", ").join(named)
    return found


def _tamed(value: str) -> str:
    """A value on one line, without signs that steer how it is shown."""
    line = " ".join(value.split())
    kept = "".join(char for char in line if unicodedata.category(char) not in ("Cc", "Cf", "Cs"))
    return kept[:LONGEST_VALUE]


def expect(session: Session, deliveries: Collection[Delivery]) -> None:
    """Tell a session whose messages are about to be written, so that they are looked up at once.

    Nothing is read before the first text that has personal words in it.
    """
    session.info[_EXPECTED] = {item.contact_id for item in deliveries} - {None}


def _person(session: Session, delivery: Delivery, names: frozenset[str]) -> _Person | None:
    """What is known of a recipient, read together with all others that the session expects."""
    read: dict[frozenset[str], dict[uuid.UUID, _Person | None]]
    read = session.info.setdefault(_KNOWN, {})
    known = read.setdefault(names, {})
    if delivery.contact_id is None:
        return None
    if delivery.contact_id not in known:
        wanted = {delivery.contact_id, *session.info.get(_EXPECTED, ())}
        known.update(dict.fromkeys(wanted))
        known.update(_people(session, wanted, names))
    return known[delivery.contact_id]


def _people(
    session: Session, wanted: Collection[uuid.UUID], names: frozenset[str]
) -> dict[uuid.UUID, _Person]:
    """So many at once that each column counts: what a text does not name stays unread, sealed."""
    ids = sa.any_(sa.literal(list(wanted), postgresql.ARRAY(sa.Uuid)))
    nothing_read: sa.ColumnElement[Any] = sa.null()
    query = sa.select(
        Contact.id,
        Contact.name if "name" in names else nothing_read,
        Contact.organisation if "organisation" in names else nothing_read,
        Contact.countries if "countries" in names else nothing_read,
    )
    coming: dict[uuid.UUID, dict[str, None]] = {}
    if "countries" in names:
        trips = sa.select(Trip.contact_id, Trip.country).where(
            Trip.contact_id == ids,
            sa.func.coalesce(Trip.returns_on, Trip.departs_on) >= utc_now().date(),
        )
        for contact_id, country in session.execute(trips.order_by(Trip.departs_on)):
            coming.setdefault(contact_id, {})[country] = None
    return {
        contact_id: _Person(name, organisation, list(coming.get(contact_id, ())) or followed or [])
        for contact_id, name, organisation, followed in session.execute(
            query.where(Contact.id == ids)
        )
    }
