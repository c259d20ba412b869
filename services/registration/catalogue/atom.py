"""The programme as an Atom feed (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from services.chassis import i18n
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.reference import city, district_name, topic_name
from services.registration.activities.models import KIND_NAMES, Activity

MEDIA_TYPE = "application/atom+xml"
_NAMESPACE = "http://www.w3.org/2005/Atom"
# A feed must say when it last changed, also before there was anything in it (section 4.1.1).
_BEFORE_ANYTHING = datetime(2000, 1, 1, tzinfo=UTC)
# Characters outside the production Char of XML 1.0 (section 2.2); no escape makes them legal.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def feed(activities: Sequence[Activity], name: str, address: str, page: str) -> bytes:
    """The document, in the language of the moment; the same bytes while nothing has changed.

    Args:
        activities: what it lists, the latest change first.
        name: its title.
        address: where it is fetched from; its id too, so each question has a feed of its own.
        page: the page with the same for people.
    """
    root = ET.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": i18n.language()})
    _add(root, "id", address)
    _add(root, "title", name)
    latest = max((activity.updated_at for activity in activities), default=_BEFORE_ANYTHING)
    _add(root, "updated", _moment(latest))
    _add(_add(root, "author"), "name", localized(city().office))
    _add(root, "link", rel="self", type=MEDIA_TYPE, href=address)
    _add(root, "link", rel="alternate", type="text/html", href=page)
    for activity in activities:
        _entry(root, activity)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _entry(root: ET.Element, activity: Activity) -> None:
    entry = _add(root, "entry")
    _add(entry, "id", f"urn:uuid:{activity.id}")
    title = localized(activity.title)
    cancelled = activity.status == "cancelled"
    _add(entry, "title", _("Cancelled: %(title)s") % {"title": title} if cancelled else title)
    _add(entry, "updated", _moment(activity.updated_at))
    _add(entry, "link", rel="alternate", type="text/html", href=activity.url)
    for term, label in (
        (activity.kind, str(KIND_NAMES[activity.kind])),
        (activity.district, district_name(activity.district)),
        *((topic, topic_name(topic)) for topic in activity.topics),
        *((code, i18n.country_name(code)) for code in activity.countries),
    ):
        _add(entry, "category", term=term, label=label)
    when = i18n.date_line(activity.starts_at, activity.ends_at, activity.timezone)
    where = f"{district_name(activity.district)} · {localized(activity.venue_name)}"
    _add(entry, "summary", f"{when}\n{where}")
    said = [activity.cancel_reason or "" if cancelled else "", localized(activity.summary)]
    _add(entry, "content", "\n\n".join([f"{when}\n{where}", *filter(None, said)]))


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag)
    for name, value in attributes.items():
        child.set(name, _NOT_XML.sub("", value))
    if text:
        child.text = _NOT_XML.sub("", text)
    return child


def _moment(value: datetime) -> str:
    """A date as RFC 3339 writes it, in UTC, to the second."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
