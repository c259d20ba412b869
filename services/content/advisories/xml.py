"""Building XML: every text escaped, and nothing in it that XML 1.0 does not allow."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

# Characters outside the production Char of XML 1.0 (section 2.2); no escape makes them legal.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def root(tag: str, namespace: str) -> ET.Element:
    """The root of a document; its namespace is the default one of everything inside."""
    return ET.Element(tag, {"xmlns": namespace})


def add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    """A child element at the end of ``parent``.

    Args:
        text: its text; a character that XML cannot carry is left out.
        attributes: its attributes.
    """
    child = ET.SubElement(parent, tag)
    for name, value in attributes.items():
        child.set(name, _NOT_XML.sub("", value))
    if text:
        child.text = _NOT_XML.sub("", text)
    return child


def document(element: ET.Element) -> bytes:
    """The document in UTF-8, with its declaration."""
    return bytes(ET.tostring(element, encoding="utf-8", xml_declaration=True))
