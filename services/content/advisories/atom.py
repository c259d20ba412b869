"""Advisories as an Atom feed (RFC 4287)."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from services.chassis import i18n
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.markdown import to_html
from services.chassis.reference import city
from services.chassis.settings import settings
from services.content.advisories import xml
from services.content.advisories.reading import FeedFilter, Listed
from services.content.advisories.schemas import AdvisoryOut
from services.content.advisories.words import LEVEL_NAMES, WORD_NAMES
from services.content.advisories.xml import add, document

MEDIA_TYPE = "application/atom+xml"
PATH = "/api/content/v1/advisories.atom"
_NAMESPACE = "http://www.w3.org/2005/Atom"


def feed(listed: Listed, only: FeedFilter) -> bytes:
    """The feed document of what is listed, in the language of the moment."""
    base = settings().public_url
    root = xml.root("feed", _NAMESPACE)
    root.set("xml:lang", i18n.language())
    # Each language, country and level is a feed of its own, so each has an id of its own.
    address = f"{base}{path_of(only)}"
    add(root, "id", address)
    add(root, "title", feed_title(only))
    add(root, "subtitle", _("What to know and do before and while travelling"))
    add(root, "updated", _moment(listed.changed_at))
    author = add(root, "author")
    add(author, "name", localized(city().office))
    add(root, "link", rel="self", type=MEDIA_TYPE, href=address)
    page = f"{base}/advisories/{only.country}" if only.country else f"{base}/advisories"
    add(root, "link", rel="alternate", type="text/html", href=page)
    for one in listed.advisories:
        _entry(root, one)
    return document(root)


def path_of(only: FeedFilter) -> str:
    """The path of a feed in the language of the moment."""
    query = {"country": only.country, "level": only.level, "lang": i18n.language()}
    return f"{PATH}?{urlencode({name: value for name, value in query.items() if value})}"


def feed_title(only: FeedFilter) -> str:
    """What a feed is about, in the language of the moment."""
    parts = [_("Travel advisories")]
    if only.country:
        parts.append(i18n.country_name(only.country))
    if only.level:
        parts.append(str(LEVEL_NAMES[only.level]))
    return " · ".join(parts)


def _entry(root: ET.Element, advisory: AdvisoryOut) -> None:
    entry = add(root, "entry")
    add(entry, "id", f"urn:uuid:{advisory.id}")
    add(entry, "title", _title(advisory))
    add(entry, "updated", _moment(advisory.updated_at))
    if advisory.published_at:
        add(entry, "published", _moment(advisory.published_at))
    add(entry, "link", rel="alternate", type="text/html", href=advisory.url)
    cap = f"{settings().public_url}/api/content/v1/advisories/{advisory.id}.cap"
    add(entry, "link", rel="alternate", type="application/cap+xml", href=cap)
    add(entry, "category", term=advisory.country, label=i18n.country_name(advisory.country))
    add(entry, "category", term=advisory.level, label=str(LEVEL_NAMES[advisory.level]))
    add(entry, "category", term=advisory.word, label=str(WORD_NAMES[advisory.word]))
    if advisory.status == "withdrawn":
        add(entry, "summary", advisory.withdraw_reason or "")
        return
    add(entry, "summary", f"{LEVEL_NAMES[advisory.level]} · {WORD_NAMES[advisory.word]}")
    texts = (localized(advisory.text), localized(advisory.advice))
    add(entry, "content", "".join(str(to_html(text)) for text in texts if text), type="html")


def _title(advisory: AdvisoryOut) -> str:
    place = i18n.country_name(advisory.country)
    title = _("%(place)s: %(headline)s") % {
        "place": place,
        "headline": localized(advisory.headline),
    }
    if advisory.status == "withdrawn":
        return _("Withdrawn: %(title)s") % {"title": title}
    return title


def _moment(value: datetime) -> str:
    """A date as RFC 3339 writes it, in UTC, to the second."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
