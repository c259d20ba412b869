"""What a taker is shown of an item, and what the answer is worth. Nothing here reads a database.

By the kind of the item, an answer (``response``) is:

============  =====================================================================================
kind          response, and what it is worth
============  =====================================================================================
single        the id of a choice: its credit, not below 0
multiple      a list of ids: the sum of their credits, between 0 and 1. With the usual credits that
              is right minus wrong: the share of the right ones that were chosen, less the share of
              the wrong ones
true-false    ``"true"`` or ``"false"``; JSON's ``true`` and ``false`` are taken as well
matching      ``{prompt id: answer id}``: the share of the prompts that have their answer
short-answer  a text: the highest credit of a text that is the same but for case, spaces, width of
              signs (NFKC) and outer punctuation; texts of both languages count
ordering      a list of ids: (the longest run in the right order - 1) / (steps - 1), where steps
              between may be left out. One step moved to another place costs one place, whatever
              that does to the places of the others
============  =====================================================================================

Nothing answered, or something that is no answer to this item, is worth 0.
"""

from __future__ import annotations

import bisect
import math
import random
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from services.chassis.i18n import lazy, localized
from services.content.banks.contents import ROUNDING

_SURROUNDING: Final = " .,;:!?'\"()[]。，、；：！？“”‘’（）《》〈〉【】…·"
TRUTH_NAMES: Final = {"true": lazy("True"), "false": lazy("False")}


def public(kind: str, content: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """What a page may show of a content: no key, and nothing that tells of it.

    Args:
        seed: the same seed gives the same order; of one paper, for all its items.

    Returns:
        ``{"choices"}``, ``{"prompts", "answers"}``, ``{"steps"}``, lists of ``{"id", "text"}`` in
        the order to show, or ``{}`` for ``true-false`` and ``short-answer``.
    """
    if kind in ("single", "multiple"):
        return {"choices": _shuffled(content["choices"], seed)}
    if kind == "matching":
        return {
            "prompts": [_shown(pair) for pair in content["pairs"]],
            "answers": _shuffled(content["answers"], seed),
        }
    if kind == "ordering":
        steps = [_shown(step) for step in content["steps"]]
        mixed = _shuffled(content["steps"], seed)
        # In the right order already it would ask nothing.
        return {"steps": mixed[1:] + mixed[:1] if mixed == steps else mixed}
    return {}


def _shown(part: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": part["id"], "text": part["text"]}


def _shuffled(parts: Sequence[Mapping[str, Any]], seed: int) -> list[dict[str, Any]]:
    shown = [_shown(part) for part in parts]
    # By the ids as well, or items with as many choices would all be shuffled alike.
    mixer = random.Random(f"{seed} {' '.join(part['id'] for part in shown)}")  # noqa: S311 - no secret
    mixer.shuffle(shown)
    return shown


def checked(kind: str, content: Mapping[str, Any], typed: object) -> object:
    """What somebody sent, as a response to this item; ``None`` when it is none.

    Unknown ids, prompts without an answer and what stands twice are left out.
    """
    return _CHECKS[kind](content, typed) or None


def _checked_single(content: Mapping[str, Any], typed: object) -> object:
    return typed if typed in _ids(content["choices"]) else None


def _checked_multiple(content: Mapping[str, Any], typed: object) -> object:
    return _known(content["choices"], typed)


def _checked_truth(_content: Mapping[str, Any], typed: object) -> object:
    said = str(typed).lower()
    return said if said in TRUTH_NAMES else None


def _checked_matching(content: Mapping[str, Any], typed: object) -> object:
    if not isinstance(typed, Mapping):
        return None
    answers = _ids(content["answers"])
    given = {prompt: typed.get(prompt) for prompt in _ids(content["pairs"])}
    return {prompt: answer for prompt, answer in given.items() if answer in answers}


def _checked_text(_content: Mapping[str, Any], typed: object) -> object:
    if not isinstance(typed, str):
        return None
    # Half of a surrogate pair and NUL are what a database takes for no text.
    text = typed.replace("\0", " ").encode("utf-8", "ignore").decode()
    return " ".join(text.split())[:200]


def _checked_order(content: Mapping[str, Any], typed: object) -> object:
    return _known(content["steps"], typed)


_CHECKS: Final[dict[str, Callable[[Mapping[str, Any], object], object]]] = {
    "single": _checked_single,
    "multiple": _checked_multiple,
    "true-false": _checked_truth,
    "matching": _checked_matching,
    "short-answer": _checked_text,
    "ordering": _checked_order,
}


def _ids(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    return [part["id"] for part in parts]


def _known(parts: Sequence[Mapping[str, Any]], typed: object) -> list[str]:
    if not isinstance(typed, Sequence) or isinstance(typed, str):
        return []
    known = _ids(parts)
    return [one for one in dict.fromkeys(map(str, typed)) if one in known]


def mark(kind: str, content: Mapping[str, Any], response: object) -> float:
    """What a response is worth, from 0 to 1; see the top of this file."""
    answer = checked(kind, content, response)
    if answer is None:
        return 0.0
    if kind in ("single", "multiple"):
        chosen = [answer] if kind == "single" else list(_list(answer))
        total: float = math.fsum(one["credit"] for one in content["choices"] if one["id"] in chosen)
        return _bounded(total / 100)
    if kind == "true-false":
        return float(answer == _truth(content))
    if kind == "matching":
        given = answer if isinstance(answer, Mapping) else {}
        right: int = sum(given.get(pair["id"]) == pair["answer"] for pair in content["pairs"])
        return right / len(content["pairs"])
    if kind == "short-answer":
        return _worth(content, str(answer))
    places = [_ids(content["steps"]).index(step) for step in _list(answer)]
    return max(0, _longest_rising(places) - 1) / (len(content["steps"]) - 1)


def _truth(content: Mapping[str, Any]) -> str:
    return "true" if content["answer"] else "false"


def _list(answer: object) -> Sequence[str]:
    return answer if isinstance(answer, list) else []


def _bounded(share: float) -> float:
    """Between 0 and 1; three thirds of five places are a whole."""
    if share > 1 - ROUNDING / 100:
        return 1.0
    return max(0.0, share)


def _worth(content: Mapping[str, Any], text: str) -> float:
    said = comparable(text)
    worth: list[float] = [
        accepted["credit"]
        for answers in content["answers"].values()
        for accepted in answers
        if comparable(accepted["text"]) == said
    ]
    return max(worth, default=0.0) / 100


def comparable(text: str) -> str:
    """A text without what a person would not call a difference.

    Full-width signs become ASCII (NFKC), capitals small letters; spaces go, since Chinese has none
    and telephone numbers are grouped at will; punctuation around it goes.
    """
    folded = unicodedata.normalize("NFKC", text).replace("->", "→").casefold()
    return "".join(folded.strip(_SURROUNDING).split())


def _longest_rising(places: Sequence[int]) -> int:
    """The length of the longest rising subsequence."""
    ends: list[int] = []
    for place in places:
        at = bisect.bisect_left(ends, place)
        ends[at : at + 1] = [place]
    return len(ends)


def readable(kind: str, content: Mapping[str, Any], response: object) -> list[str]:
    """A response in words, a line for each part, in the language of the moment."""
    answer = checked(kind, content, response)
    if answer is None:
        return []
    if kind == "true-false":
        return [str(TRUTH_NAMES[str(answer)])]
    if kind == "short-answer":
        return [str(answer)]
    if kind == "matching":
        given = answer if isinstance(answer, Mapping) else {}
        return _matched(content, given)
    parts = content["steps"] if kind == "ordering" else content["choices"]
    texts = {part["id"]: localized(part["text"]) for part in parts}
    return [texts[one] for one in ([str(answer)] if kind == "single" else _list(answer))]


def solution(kind: str, content: Mapping[str, Any]) -> list[str]:
    """What would have been right, in words, a line for each part, in the language of the moment."""
    if kind == "true-false":
        return [str(TRUTH_NAMES[_truth(content)])]
    if kind == "short-answer":
        best = [
            accepted["text"]
            for accepted in localized_list(content["answers"])
            if accepted["credit"] == 100
        ]
        return best[:1]
    if kind == "matching":
        return _matched(content, {pair["id"]: pair["answer"] for pair in content["pairs"]})
    if kind == "ordering":
        return [localized(step["text"]) for step in content["steps"]]
    credit = 100 if kind == "single" else ROUNDING
    return [
        localized(choice["text"]) for choice in content["choices"] if choice["credit"] >= credit
    ]


def localized_list(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The accepted texts of the language of the moment, or of the other one."""
    wanted = localized({tag: tag for tag in answers})
    found: list[dict[str, Any]] = answers.get(wanted, [])
    return found


def _matched(content: Mapping[str, Any], given: Mapping[str, str]) -> list[str]:
    texts = {answer["id"]: localized(answer["text"]) for answer in content["answers"]}
    return [
        f"{localized(pair['text'])} → {texts[given[pair['id']]]}"
        for pair in content["pairs"]
        if pair["id"] in given
    ]


def feedback(kind: str, content: Mapping[str, Any], response: object) -> list[str]:
    """What the author has to say to just this response, in the language of the moment."""
    answer = checked(kind, content, response)
    if answer is None:
        return []
    if kind == "true-false":
        said = "right_feedback" if answer == _truth(content) else "wrong_feedback"
        lines = [localized(content.get(said))]
    elif kind in ("single", "multiple"):
        chosen = [answer] if kind == "single" else _list(answer)
        lines = [
            localized(choice.get("feedback"))
            for choice in content["choices"]
            if choice["id"] in chosen
        ]
    elif kind == "short-answer":
        lines = [
            accepted["feedback"]
            for accepted in localized_list(content["answers"])
            if comparable(accepted["text"]) == comparable(str(answer))
        ]
    else:
        lines = []
    return [line for line in lines if line]
