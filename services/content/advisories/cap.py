"""An advisory as a message of the Common Alerting Protocol, CAP 1.2 (OASIS, ITU-T X.1303 bis).

An advisory says how grave a risk is and what to do. It does not say how sure or how near it is, so
``urgency`` and ``certainty`` are ``Unknown`` rather than made up.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from sqlalchemy.orm import Session

from services.chassis import i18n
from services.chassis.i18n import gettext as _
from services.chassis.i18n import lazy, localized
from services.chassis.markdown import to_text
from services.chassis.problems import NotFound
from services.chassis.reference import city
from services.chassis.settings import settings
from services.content.advisories import xml
from services.content.advisories.history import versions
from services.content.advisories.models import AdvisoryVersion
from services.content.advisories.reading import as_told
from services.content.advisories.schemas import AdvisoryOut
from services.content.advisories.words import WORD_NAMES
from services.content.advisories.xml import add, document

MEDIA_TYPE = "application/cap+xml"
_NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
_SEVERITY: Final = {"blue": "Minor", "yellow": "Moderate", "orange": "Severe", "red": "Extreme"}
_RESPONSE: Final = {
    "take-care": "Monitor",
    "travel-with-caution": "Prepare",
    "do-not-travel": "Avoid",
}


def message(session: Session, advisory_id: uuid.UUID, version: int | None = None) -> bytes:
    """The CAP document of an announcement of an advisory, with a block for each language.

    Args:
        version: which one, as its identifier ends; ``None`` for the latest.

    Raises:
        NotFound: there is none, it was never published, or what it said was not kept.
    """
    advisory = as_told(session, advisory_id)
    told = versions(session, advisory_id)
    if version is not None and version != told[-1].version:
        told = [one for one in told if one.version <= version]
        advisory = _as_it_was(advisory, told, version)
    *earlier, latest = told
    root = xml.root("alert", _NAMESPACE)
    add(root, "identifier", _identifier(latest))
    add(root, "sender", _sender())
    add(root, "sent", _moment(latest.at))
    # What a development machine says must never be taken for a warning.
    add(root, "status", "Actual" if settings().environment == "production" else "Test")
    add(root, "msgType", latest.message)
    add(root, "scope", "Public")
    if references := _references(earlier, latest):
        add(root, "references", references)
    for language in i18n.LANGUAGES:
        if advisory.headline.get(language):
            with i18n.speaking(language):
                _info(root, advisory)
    return document(root)


def _as_it_was(advisory: AdvisoryOut, told: Sequence[AdvisoryVersion], version: int) -> AdvisoryOut:
    """An advisory as the public read it after the last of these announcements."""
    content = next((one.content for one in reversed(told) if one.content is not None), None)
    if not told or told[-1].version != version or content is None:
        raise NotFound(lazy("There is no such announcement."))
    now = {
        "status": "withdrawn" if told[-1].message == "Cancel" else "published",
        "withdraw_reason": told[-1].reason,
    }
    return AdvisoryOut.model_validate(advisory.model_dump() | content | now)


def _info(root: ET.Element, advisory: AdvisoryOut) -> None:
    """One language's block; the order of the elements is the schema's."""
    info = add(root, "info")
    add(info, "language", i18n.language())
    add(info, "category", "Safety")
    add(info, "event", _("Travel advisory"))
    add(info, "responseType", _RESPONSE[advisory.word])
    add(info, "urgency", "Unknown")
    add(info, "severity", _SEVERITY[advisory.level])
    add(info, "certainty", "Unknown")
    add(info, "onset", _moment(advisory.valid_from))
    if advisory.valid_until:
        add(info, "expires", _moment(advisory.valid_until))
    add(info, "senderName", localized(city().office))
    add(info, "headline", localized(advisory.headline))
    if advisory.status == "withdrawn":
        add(info, "description", advisory.withdraw_reason or "")
    elif advisory.text:
        add(info, "description", to_text(localized(advisory.text)))
    add(info, "instruction", to_text(localized(advisory.advice)))
    add(info, "web", advisory.url)
    add(info, "contact", "+86 10 12308")
    for name, value in (("level", advisory.level), ("word", str(WORD_NAMES[advisory.word]))):
        parameter = add(info, "parameter")
        add(parameter, "valueName", name)
        add(parameter, "value", value)
    area = add(info, "area")
    place = [i18n.country_name(advisory.country), localized(advisory.region)]
    add(area, "areaDesc", " · ".join(part for part in place if part))
    geocode = add(area, "geocode")
    add(geocode, "valueName", "ISO 3166-1")
    add(geocode, "value", advisory.country)


def _identifier(told: AdvisoryVersion) -> str:
    return f"{told.advisory_id}.{told.version}"


def _sender() -> str:
    """Unique in the world, and free of spaces, commas, ``<`` and ``&`` (section 3.2.1)."""
    return urlsplit(settings().public_url).netloc


def _references(earlier: list[AdvisoryVersion], latest: AdvisoryVersion) -> str:
    """The messages that this one follows: ``sender,identifier,sent`` since the last first alert."""
    if latest.message == "Alert":
        return ""
    begin = max(i for i, told in enumerate(earlier) if told.message == "Alert")
    return " ".join(
        f"{_sender()},{_identifier(told)},{_moment(told.at)}" for told in earlier[begin:]
    )


def _moment(value: datetime) -> str:
    """A time as CAP writes it: to the second, UTC as ``-00:00`` and never as ``Z``."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")
