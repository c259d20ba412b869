"""The words of a broadcast that differ from person to person: which there are, and whose they are.

A text names them as its language allows (:mod:`services.notifications.templates.liquid`). Each has
something to say where nothing is known of a person, so that no sentence is left with a hole.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, load_only, selectinload

from services.chassis.database import utc_now
from services.chassis.i18n import Text, country_name, lazy, speaking
from services.chassis.markdown import to_html
from services.chassis.problems import FieldError
from services.notifications.broadcasts.schemas import Message
from services.notifications.contacts.models import Contact
from services.notifications.delivery.models import Delivery
from services.notifications.templates import liquid

# A name that is longer than any is somebody's text in a message of ours.
LONGEST_VALUE: Final = 80
MOST_COUNTRIES: Final = 5
_MARK: Final = "aPersonalWord"
_EXPECTED: Final = "contacts whose messages are written"
_KNOWN: Final = "contacts that were read for their words"


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
    contact = _contact(session, delivery) if names else None
    if contact is None:
        return found
    found["name"] = _tamed(contact.name or "")
    found["organisation"] = _tamed(contact.organisation or "")
    if "countries" in names:
        codes = _coming(contact, utc_now().date()) or contact.countries
        with speaking(language):
            named = [country_name(code) for code in codes[:MOST_COUNTRIES]]
        found["countries"] = ("、" if language == "zh-CN" else ", ").join(named)
    return found


def _coming(contact: Contact, today: date) -> list[str]:
    """The countries of trips that are not over, the next one first."""
    return list(
        dict.fromkeys(
            trip.country for trip in contact.trips if (trip.returns_on or trip.departs_on) >= today
        )
    )


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


def _contact(session: Session, delivery: Delivery) -> Contact | None:
    """The contact of a delivery, read together with all others that the session expects."""
    known: dict[uuid.UUID, Contact | None] = session.info.setdefault(_KNOWN, {})
    if delivery.contact_id is None:
        return None
    if delivery.contact_id not in known:
        wanted = {delivery.contact_id, *session.info.get(_EXPECTED, ())}
        known.update(dict.fromkeys(wanted))
        # What no text can name stays unread: to open sealed addresses takes time.
        needed = load_only(Contact.name, Contact.organisation, Contact.countries)
        query = sa.select(Contact).where(
            Contact.id == sa.any_(sa.literal(list(wanted), postgresql.ARRAY(sa.Uuid)))
        )
        for contact in session.scalars(query.options(needed, selectinload(Contact.trips))):
            known[contact.id] = contact
    return known[delivery.contact_id]
