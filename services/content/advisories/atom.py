"""Advisories as an Atom feed (RFC 4287)."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from services.chassis import i18n
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.markdown import to_html
from services.chassis.reference import city
from services.chassis.settings import settings
from services.content.advisories import xml
from services.content.advisories.reading import Announced
from services.content.advisories.schemas import AdvisoryOut
from services.content.advisories.words import LEVEL_NAMES, WORD_NAMES
from services.content.advisories.xml import add, document

MEDIA_TYPE = "application/atom+xml"
PATH = "/api/content/v1/advisories.atom"
# A feed must say when it last changed, also before there was anything in it (section 4.1.1).
_BEFORE_ANYTHING = datetime(2000, 1, 1, tzinfo=UTC)
_NAMESPACE = "http://www.w3.org/2005/Atom"


def feed(advisories: list[Announced]) -> bytes:
    """The feed document, in the language of the moment.

    Args:
        advisories: what it lists, the latest change first.
    """
    base = settings().public_url
    root = xml.root("feed", _NAMESPACE)
    root.set("xml:lang", i18n.language())
    # The two languages are two feeds, so each has an id of its own.
    address = f"{base}{PATH}?lang={i18n.language()}"
    add(root, "id", address)
    add(root, "title", _("Travel advisories"))
    add(root, "subtitle", _("What to know and do before and while travelling"))
    latest = max((one.advisory.updated_at for one in advisories), default=_BEFORE_ANYTHING)
    add(root, "updated", _moment(latest))
    author = add(root, "author")
    add(author, "name", localized(city().office))
    add(root, "link", rel="self", type=MEDIA_TYPE, href=address)
    add(root, "link", rel="alternate", type="text/html", href=f"{base}/advisories")
    for one in advisories:
        _entry(root, one)
    return document(root)


def _entry(root: ET.Element, one: Announced) -> None:
    advisory = one.advisory
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
