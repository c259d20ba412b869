"""Feeds of alerts: where each entry of an Atom or RSS feed has its CAP message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

from services.content.alerts import cap
from services.content.alerts.failures import Failed
from services.content.alerts.xml_reading import local

_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_ALERT: Final = f"{{{cap.NAMESPACE}}}alert"
_CAP_TYPE: Final = "application/cap+xml"


@dataclass(frozen=True)
class Entry:
    """An alert that a feed lists.

    Attributes:
        url: where it is; for one that stands in the feed itself, its own id.
        updated: what the feed says of its time, as it says it.
        alert: the message itself, where the feed carries it.
    """

    url: str
    updated: str
    alert: ET.Element | None = None


def entries(root: ET.Element, base: str) -> list[Entry]:
    """What a document lists, in its order: one alert, or the entries of a feed.

    Args:
        base: the address that it came from; relative links start there.

    Raises:
        Failed: ``not-a-feed``.
    """
    if root.tag == _ALERT:
        return [Entry(base, "", root)]
    if root.tag == f"{_ATOM}feed":
        found = _atom(root)
    elif local(root.tag) in ("rss", "RDF"):
        found = _rss(root)
    else:
        raise Failed("not-a-feed")
    return [
        Entry(address, one.updated, one.alert)
        for one in found
        for address in [joined(base, one.url)]
        if one.alert is not None or address.startswith(("http://", "https://"))
    ]


def joined(base: str, link: str) -> str:
    """The address that a link leads to; empty for one that cannot be read as an address."""
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


def _path(link: str) -> str:
    try:
        return urlsplit(link).path
    except ValueError:
        return ""


def _atom(root: ET.Element) -> Iterator[Entry]:
    for entry in root.iter(f"{_ATOM}entry"):
        updated = entry.findtext(f"{_ATOM}updated", "").strip()
        alert = next(entry.iter(_ALERT), None)
        links = [
            (link.get("href", ""), link.get("type", "")) for link in entry.findall(f"{_ATOM}link")
        ]
        url = _best(links)
        if alert is not None:
            yield Entry(entry.findtext(f"{_ATOM}id", url or "").strip(), updated, alert)
        elif url:
            yield Entry(url, updated)


def _rss(root: ET.Element) -> Iterator[Entry]:
    for item in root.iter():
        if local(item.tag) != "item":
            continue
        texts = {local(child.tag): (child.text or "").strip() for child in item}
        links = [
            (child.get("url", ""), child.get("type", ""))
            for child in item
            if local(child.tag) == "enclosure"
        ]
        links += [(texts[name], "") for name in ("link", "guid") if texts.get(name)]
        alert = next(item.iter(_ALERT), None)
        url = _best(links)
        if alert is not None or url:
            yield Entry(url or texts.get("guid", ""), texts.get("pubDate", ""), alert)


def _best(links: list[tuple[str, str]]) -> str | None:
    """The link that says it is CAP, else one that looks like XML, else the first that may be."""
    ranked = (
        lambda address, kind: kind == _CAP_TYPE,
        lambda address, kind: _path(address).endswith((".cap", ".xml")),
        lambda address, kind: "xml" in kind and "atom" not in kind,
        lambda address, kind: not kind,
    )
    for fits in ranked:
        for address, kind in links:
            if address and fits(address, kind):
                return address
    return None
