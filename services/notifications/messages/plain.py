"""Markdown as plain text that reads as well as the HTML: the text part of a mail."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_KEPT: Final = 64
_RULE: Final = "----------"
# An address in brackets is followed by a space, so that no program takes the bracket for a part
# of it; before a stop there is none.
_BEFORE_A_STOP: Final = re.compile(r"\) (?=[，。；：、！？,.;:!?)）])")


@functools.lru_cache(maxsize=_KEPT)
def to_plain(text: str) -> str:
    """Markdown without its signs: lists keep their dashes and numbers, links their addresses."""
    writer = _Writer()
    for token in _PARSER.parse(text):
        writer.take(token)
    return "\n".join(line.rstrip() for line in "\n".join(writer.lines).strip("\n").splitlines())


class _Writer:
    """Writes down block by block; ``lines`` is what stands there so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._numbers: list[int | None] = []  # of the lists that are open; None: with dashes
        self._quoted = 0
        self._first = ""  # what stands before the first line of an item
        self._row: list[str] = []
        self._in_cell = False

    def take(self, token: Token) -> None:
        """Write what one token of the parser says."""
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                numbered = token.type == "ordered_list_open"
                self._numbers.append(int(token.attrGet("start") or 1) if numbered else None)
            case "list_item_open":
                self._begin_item()
            case "blockquote_open" | "blockquote_close":
                self._quoted += token.nesting
            case "td_open" | "th_open" | "td_close" | "th_close":
                self._in_cell = token.nesting == 1
            case "inline":
                self._say(_inline(token.children or ()))
            case "fence" | "code_block":
                self._add(token.content.rstrip("\n"))
                self.lines.append("")
            case "hr":
                self.lines += [_RULE, ""]
            case _ if token.nesting == -1:
                self._close(token)

    def _begin_item(self) -> None:
        number = self._numbers[-1]
        self._first = "- " if number is None else f"{number}. "
        self._numbers[-1] = None if number is None else number + 1

    def _say(self, said: str) -> None:
        if self._in_cell:
            self._row.append(said)
        else:
            self._add(said)

    def _close(self, token: Token) -> None:
        if token.type in ("bullet_list_close", "ordered_list_close"):
            self._numbers.pop()
        if token.type == "tr_close":
            self._add(" | ".join(self._row))
            self._row = []
        elif not (self._numbers or token.hidden or token.type.startswith(("thead", "tbody"))):
            self.lines.append("")

    def _add(self, said: str) -> None:
        indent = "> " * self._quoted + "  " * max(0, len(self._numbers) - 1)
        later = indent + ("  " if self._numbers else "")
        begin = indent + self._first if self._first else later
        self.lines += [
            (later if index else begin) + line for index, line in enumerate(said.split("\n"))
        ]
        self._first = ""


def _inline(tokens: Sequence[Token]) -> str:
    said: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        match token.type:
            case "softbreak" | "hardbreak":
                said.append("\n")
            case "link_open":
                links.append((str(token.attrGet("href") or ""), len(said)))
            case "link_close":
                address, begin = links.pop()
                bare = address.removeprefix("mailto:").removeprefix("tel:")
                if "".join(said[begin:]) not in (address, bare):
                    said.append(f" ({bare}) ")
            case _:
                said.append(token.content)
    return _BEFORE_A_STOP.sub(")", "".join(said)).strip(" ")
