"""XML of strangers, read so that it can neither expand, nor reach out, nor pile up."""

from __future__ import annotations

from typing import Any, Final
from xml.etree import ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from services.chassis.i18n import Lazy, lazy

# CAP messages are some kilobytes, a feed of a whole country's warnings some hundred.
MOST_BYTES: Final = 4_000_000
DEEPEST: Final = 30
MOST_ELEMENTS: Final = 50_000


class NotXml(Exception):
    """It cannot be read; ``sentence`` says why."""

    def __init__(self, sentence: Lazy) -> None:
        super().__init__(sentence.message)
        self.sentence = sentence


class _Bounded(ET.TreeBuilder):
    """Builds a tree that is neither too deep nor too large."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._count = 0

    def start(self, tag: Any, attrs: dict[Any, Any], /) -> ET.Element:  # noqa: ANN401 - as the base
        self._depth += 1
        self._count += 1
        if self._depth > DEEPEST or self._count > MOST_ELEMENTS:
            raise NotXml(lazy("This file is nested too deeply or has too many parts."))
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def parse(data: bytes) -> ET.Element:
    """The root of a document.

    Raises:
        NotXml: it is too large, not well formed, or has a document type: that is where entities
            that expand or point elsewhere are declared, and no alert or feed needs one.
    """
    if len(data) > MOST_BYTES:
        raise NotXml(lazy("This file is larger than %(most)s MB.", most=MOST_BYTES // 1_000_000))
    parser = DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
    try:
        parser.feed(data)
        root: ET.Element = parser.close()
    except DefusedXmlException as error:
        raise NotXml(
            lazy("This file declares a document type or entities, which we do not read.")
        ) from error
    except (ET.ParseError, ValueError, LookupError) as error:
        raise NotXml(lazy("This is not well-formed XML.")) from error
    return root


def local(tag: object) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace(tag: object) -> str:
    """The namespace of an element; empty when it has none."""
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""
