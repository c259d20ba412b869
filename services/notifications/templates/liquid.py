"""The language of templates: Liquid (python-liquid) with nothing in it that could do harm.

Staff write ``{{ name }}``, ``{{ name | default: "您好" }}``, ``{% if name %}…{% endif %}``.
There are no loops, no includes, no assignments and no properties, so a text takes at most as long
as it is written, and only the filters of :data:`FILTERS`. Names and filters are held against what
is known when a text is *saved* (:func:`check`); rendering is strict besides.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, TextIO

from liquid import Environment, Mode, RenderContext, StrictUndefined
from liquid.ast import Node
from liquid.builtin import content, illegal
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.filters import misc, string
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags import case_tag, comment_tag, if_tag, unless_tag
from liquid.exceptions import LiquidError
from liquid.stringify import to_liquid_string
from liquid.template import BoundTemplate

from services.chassis.i18n import Text, lazy

LONGEST_SOURCE: Final = 20_000
LONGEST_OUTPUT: Final = 60_000
# Texts whose parsed form is kept: the same one is rendered for many people.
_KEPT: Final = 128

FILTERS: Final = {
    "append": string.append,
    "capitalize": string.capitalize,
    "default": misc.default,
    "downcase": string.downcase,
    "prepend": string.prepend,
    "strip": string.strip,
    "truncate": string.truncate,
    "upcase": string.upcase,
}
TAGS: Final = ("if", "unless", "case", "comment")
_INNER: Final = ("elsif", "else", "when", "endif", "endunless", "endcase", "endcomment")
# One whole sign of the language. Short, and none in another: the parser's own patterns take
# quadratic time over signs that never end.
_SIGN: Final = re.compile(r"\{\{[^{}]{1,200}\}\}|\{%[^{}]{1,200}%\}")
_HALF: Final = re.compile(r"\{[{%]")
_TAG: Final = re.compile(r"\{%-?\s*([^\s%}]*)")
# No name in a template can be this, as it has a space in it.
_SINK: Final = "written values"


class NotWritten(Exception):
    """A text cannot be rendered; it would have been refused when it was saved."""


class _Sink:
    """What a rendering does with each value: take its place in the text.

    Args:
        fallbacks: what stands where a word has no value for a person, by its name.
    """

    def __init__(self, fallbacks: Mapping[str, str]) -> None:
        self._fallbacks = fallbacks

    def __call__(self, value: str, name: str | None) -> str:
        """What is written for ``value``, which came of the word ``name``."""
        return value or self._fallbacks.get(name or "", "")


class _Marking(_Sink):
    """Writes a mark for each value, and keeps the value beside it."""

    def __init__(self, fallbacks: Mapping[str, str], mark: str, slots: dict[str, str]) -> None:
        super().__init__(fallbacks)
        self._mark = mark
        self._slots = slots

    def __call__(self, value: str, name: str | None) -> str:
        found = f"{self._mark}{len(self._slots):04}"
        self._slots[found] = super().__call__(value, name)
        return found


class _Value(OutputNode):
    """``{{ … }}``: hands its value to the sink of the rendering."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = to_liquid_string(self.expression.evaluate(context), autoescape=False)
        sink = context.globals[_SINK]
        assert isinstance(sink, _Sink)  # noqa: S101 - nothing else is put there
        return buffer.write(sink(value, _word(self.expression)))


class _Values(Output):
    node_class = _Value


def _word(expression: object) -> str | None:
    """The name that an expression begins with, such as ``name`` in ``name | upcase``."""
    left = expression.left if isinstance(expression, FilteredExpression) else None
    return str(left.path[0]) if isinstance(left, Path) else None


class _Language(Environment):
    block_nesting_limit = 5
    output_stream_limit = LONGEST_OUTPUT

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Only what is listed above; ``extra`` adds nothing."""
        for tag in (
            content.Literal,
            illegal.Illegal,
            _Values,
            if_tag.IfTag,
            unless_tag.UnlessTag,
            case_tag.CaseTag,
            comment_tag.CommentTag,
        ):
            self.add_tag(tag)
        for name, function in FILTERS.items():
            self.add_filter(name, function)


_language: Final = _Language(tolerance=Mode.STRICT, undefined=StrictUndefined)


@functools.lru_cache(maxsize=_KEPT)
def _parsed(source: str) -> BoundTemplate:
    return _language.from_string(source)


@functools.lru_cache(maxsize=_KEPT)
def is_plain(source: str) -> bool:
    """Whether a text is the same for everybody: it has no sign of the language in it."""
    return "{{" not in source and "{%" not in source


@functools.lru_cache(maxsize=_KEPT)
def words_in(source: str) -> frozenset[str]:
    """The names that a text uses.

    Raises:
        NotWritten: it cannot be read.
    """
    if is_plain(source):
        return frozenset()
    try:
        return frozenset(_parsed(source).analyze(include_partials=False).variables)
    except LiquidError as error:
        raise NotWritten(str(error)) from error


def render(
    source: str, values: Mapping[str, str], fallbacks: Mapping[str, str] | None = None
) -> str:
    """A text with its values.

    Args:
        values: by name; an empty one counts as missing (``default`` and ``if`` see nothing).
        fallbacks: what stands for a missing value where the text gives no ``default``.

    Raises:
        NotWritten: it cannot be read, names what is not among ``values``, or becomes too long.
    """
    return source if is_plain(source) else _rendered(source, values, _Sink(fallbacks or {}))


def render_marked(
    source: str,
    values: Mapping[str, str],
    fallbacks: Mapping[str, str],
    *,
    mark: str,
    slots: dict[str, str],
) -> str:
    """A text in which a mark stands for each value, so that it is the same for many people.

    Conditions are decided by the values themselves, so two people whose texts differ in more than
    values get two texts.

    Args:
        mark: the first part of every mark; a number of four digits follows.
        slots: takes in the marks, each with its value.

    Raises:
        NotWritten: as :func:`render`.
    """
    if is_plain(source):
        return source
    return _rendered(source, values, _Marking(fallbacks, mark, slots))


def _rendered(source: str, values: Mapping[str, str], sink: _Sink) -> str:
    known: dict[str, Any] = {name: value or None for name, value in values.items()}
    try:
        return _parsed(source).render({**known, _SINK: sink})
    except LiquidError as error:
        raise NotWritten(str(error)) from error


def check(source: str, allowed: Collection[str]) -> list[Text]:
    """What is wrong with a text, a sentence each; nothing when it can be sent.

    Args:
        allowed: the names that it may use.
    """
    if len(source) > LONGEST_SOURCE:
        return [lazy("A text has at most %(most)s characters.", most=LONGEST_SOURCE)]
    if is_plain(source):
        return []
    if wrong := _wrong_sign(source):
        return [wrong]
    try:
        template = _language.from_string(source)
        return _wrong_words(template, allowed) or _tried(template, allowed)
    except LiquidError as error:
        place = error.token.start_index if error.token is not None else 0
        return [_unreadable(source, max(0, place))]


def _wrong_sign(source: str) -> Text | None:
    """What can be said before a text is parsed: a sign without an end, a tag that is not ours."""
    rest = _SIGN.sub(lambda sign: "".join("\n" if c == "\n" else " " for c in sign[0]), source)
    if half := _HALF.search(rest):
        return _unreadable(source, half.start())
    for tag in _TAG.findall(source):
        if tag not in (*TAGS, *_INNER):
            return lazy(
                "“{%% %(tag)s %%}” cannot be used here. What can: %(known)s.",
                tag=tag,
                known=", ".join(TAGS),
            )
    return None


def _wrong_words(template: BoundTemplate, allowed: Collection[str]) -> list[Text]:
    paths, ranges = _used(template.nodes)
    if ranges:
        return [lazy("“%(text)s” cannot be used here.", text=ranges[0])]
    filters = template.analyze(include_partials=False).filters
    return [*_unknown_names(paths, allowed), *_unknown_filters(filters)]


def _tried(template: BoundTemplate, allowed: Collection[str]) -> list[Text]:
    """Render it for somebody of whom nothing is known, and for somebody with long words.

    Raises:
        LiquidError: it cannot be rendered.
    """
    for value in (None, "字" * 40):
        template.render({**dict.fromkeys(allowed, value), _SINK: _Sink({})})
    return []


def _used(nodes: list[Node]) -> tuple[set[str], list[str]]:
    """Every name with its properties (``name`` or ``name.first``), and every range of numbers.

    A range can be far longer than the text that names it.
    """
    paths: set[str] = set()
    ranges: list[str] = []
    bare = RenderContext(_parsed(""))
    while nodes:
        expressions = [part for node in nodes for part in node.expressions()]
        while expressions:
            expression = expressions.pop()
            if isinstance(expression, Path):
                paths.add(str(expression))
            elif isinstance(expression, RangeLiteral):
                ranges.append(str(expression))
            expressions.extend(expression.children())
        nodes = [child for node in nodes for child in node.children(bare, include_partials=False)]
    return paths, ranges


def _unknown_names(paths: set[str], allowed: Collection[str]) -> Iterator[Text]:
    known = ", ".join(sorted(allowed))
    for name in sorted(paths - set(allowed)):
        yield lazy(
            "“%(name)s” is not a word that we know. We know: %(known)s.", name=name, known=known
        )


def _unknown_filters(used: Collection[str]) -> Iterator[Text]:
    for name in sorted(set(used) - FILTERS.keys()):
        yield lazy(
            "“| %(name)s” cannot be used here. What can: %(known)s.",
            name=name,
            known=", ".join(FILTERS),
        )


def _unreadable(source: str, place: int) -> Text:
    return lazy(
        "Line %(line)s cannot be read. A personal word looks like this: %(example)s",
        line=source.count("\n", 0, place) + 1,
        example="{{ name }}",
    )
