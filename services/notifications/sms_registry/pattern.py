"""A template's text as a pattern: which values would make a given text of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# ``${name}`` as Aliyun writes it, ``{1}`` as Tencent does.
PARAMETER: Final = re.compile(r"\$?\{([A-Za-z][A-Za-z0-9_]{0,29}|[1-9]\d?)\}")
# What Aliyun allows for each kind of variable; Tencent's limits are wider.
# https://help.aliyun.com/zh/sms/user-guide/message-template-specifications
LONGEST: Final = {"text": 35, "number": 20, "code": 12, "link": 200}
_SHAPES: Final = {
    "text": re.compile(r"[^\r\n]+"),
    "number": re.compile(r"\d+(?:[.:/-]\d+)*"),
    "code": re.compile(r"[0-9A-Za-z]+(?: [0-9A-Za-z]+)?"),
    "link": re.compile(r"https?://\S+"),
}


@dataclass(frozen=True)
class Rule:
    """What may stand for one parameter: its kind, and its longest length in characters."""

    name: str
    kind: str
    longest: int

    def takes(self, value: str) -> bool:
        """Whether a value may stand there."""
        return 0 < len(value) <= self.longest and bool(_SHAPES[self.kind].fullmatch(value))


@dataclass(frozen=True)
class Pattern:
    """A template, taken apart.

    Attributes:
        literals: the words between the parameters, one more than there are parameters.
        rules: the parameters in their order.
    """

    literals: tuple[str, ...]
    rules: tuple[Rule, ...]

    @property
    def weight(self) -> int:
        """How many characters are fixed: of several that fit, the heaviest says most."""
        return sum(map(len, self.literals))

    def values(self, text: str) -> dict[str, str] | None:
        """The values that make ``text`` of this template; ``None`` when none do.

        Each takes as little as it can. What was found not to lead anywhere is not tried again, so
        the work stays in proportion to the text's length whatever the template.
        """
        dead: set[tuple[int, int]] = set()

        def rest(index: int, start: int) -> tuple[str, ...] | None:
            if (index, start) in dead:
                return None
            if not text.startswith(self.literals[index], start):
                return None
            place = start + len(self.literals[index])
            if index == len(self.rules):
                return () if place == len(text) else None
            rule = self.rules[index]
            following = self.literals[index + 1]
            for end in range(place + 1, min(place + rule.longest, len(text)) + 1):
                if text.startswith(following, end) and rule.takes(text[place:end]):
                    found = rest(index + 1, end)
                    if found is not None:
                        return (text[place:end], *found)
            dead.add((index, start))
            return None

        found = rest(0, 0)
        if found is None:
            return None
        return self._consistent(found)

    def _consistent(self, found: Sequence[str]) -> dict[str, str] | None:
        """A parameter that stands twice must have the same value twice."""
        values: dict[str, str] = {}
        for rule, value in zip(self.rules, found, strict=True):
            if values.setdefault(rule.name, value) != value:
                return None
        return values


def names_in(text: str) -> list[str]:
    """The parameters of a template's text, in their order, each once."""
    return list(dict.fromkeys(PARAMETER.findall(text)))


def pattern_of(text: str, rules: Sequence[Mapping[str, object]]) -> Pattern:
    """The pattern of a stored template; ``rules`` as :class:`.models.SmsTemplate` keeps them."""
    by_name = {str(rule["name"]): rule for rule in rules}
    parts = PARAMETER.split(text)
    return Pattern(
        literals=tuple(parts[::2]),
        rules=tuple(
            Rule(name, str(by_name[name]["kind"]), int(str(by_name[name]["longest"])))
            for name in parts[1::2]
        ),
    )


def longest_of(kind: str) -> int:
    """How long a value of a kind may be where nobody says otherwise."""
    return LONGEST[kind]
