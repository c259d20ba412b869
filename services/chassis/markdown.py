"""Markdown of staff as safe HTML, for pages and mails alike, and as plain text."""

from __future__ import annotations

import functools
import html
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

# Texts whose HTML is kept: the same one goes to many people.
_KEPT: Final = 64
# Two locks on one door: the parser takes no HTML, and the cleaner lets through only these.
_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_TAGS: Final = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES: Final = {"http", "https", "mailto", "tel"}


@functools.lru_cache(maxsize=_KEPT)
def to_html(text: str, top: int = 2) -> Markup:
    """Markdown as HTML that may stand in a page or a mail.

    Args:
        text: CommonMark with tables; HTML in it is shown as it was typed, pictures are left out.
        top: the level of its uppermost heading, below the page's own.
    """
    tokens = _PARSER.parse(text)
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    shift = top - min(levels, default=top)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + shift)}"
    rough = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return Markup(  # noqa: S704 - cleaned in this very line
        nh3.clean(
            rough,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            url_schemes=_SCHEMES,
            set_tag_attribute_values={"table": {"class": "table"}},
        )
    )


def to_text(text: str) -> str:
    """Markdown as plain text, a line for each paragraph or item."""
    bare = html.unescape(nh3.clean(str(to_html(text)), tags=set()))
    return "\n".join(line.strip() for line in bare.splitlines() if line.strip())
