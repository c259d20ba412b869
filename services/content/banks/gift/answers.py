"""What stands between the brackets of a GIFT question: its kind, and its content."""

from __future__ import annotations

import re
from typing import Any, Final

from services.chassis.fields import LanguageTag
from services.chassis.i18n import Text, lazy
from services.content.banks.contents import fresh_mark
from services.content.banks.gift.signs import show
from services.content.banks.gift.texts import read as read_text

Content = dict[str, Any]

_WEIGHT: Final = re.compile(r"%(-?\d{1,3}(?:\.\d*)?)%")
_TRUE: Final = ("T", "TRUE")
_FALSE: Final = ("F", "FALSE")
# The head of Moodle's ordering: how many, which, layout, grading, whether it is shown, numbering.
_ORDERING: Final = re.compile(
    r"> *\d+ *(?:ALL|EXACT|RANDOM|REL|CONTIGUOUS|CONTIG)? *(?:HORIZONTAL|HORI|VERTICAL|VERT|H|V)?"
    r" *(?:ALL_OR_NOTHING|ABSOLUTE_POSITION|ABSOLUTE|ABS|RELATIVE_\w+|RELATIVE|REL|LONGEST_\w+)?"
    r" *(?:SHOW|TRUE|YES|HIDE|FALSE|NO)? *(?:none|123|abc|ABCD|iii|IIII)? *\n"
)


class Refused(Exception):
    """A question that cannot be taken, with the sentence that says why."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def read(between: str, language: LanguageTag, usual: str) -> tuple[str, Content]:
    """The kind and the content of a question.

    Args:
        between: what stands between the brackets, escaped signs hidden, without the general
            feedback.
        usual: the format of texts that name none.

    Raises:
        Refused: with a sentence.
    """
    if not between:
        raise Refused(lazy("An essay cannot be marked here. Please ask for a short answer."))
    if between.startswith("#"):
        raise Refused(
            lazy("A numerical question is not taken here. Please ask for a short answer instead.")
        )
    if between.startswith(">"):
        return "ordering", _ordering(between, language, usual)
    if "~" in between:
        kind = "single" if "=" in between else "multiple"
        return kind, _choices(between, language, usual)
    if "=" in between and "->" in between:
        return "matching", _matching(between, language, usual)
    if between.partition("#")[0].strip() in _TRUE + _FALSE:
        return "true-false", _true_false(between, language, usual)
    return "short-answer", _short(between, language, usual)


def _feedback(text: str, language: LanguageTag, usual: str) -> dict[LanguageTag, str]:
    said, _ = read_text(text, usual)
    return {language: said} if said else {}


def _weighted(text: str) -> tuple[float | None, str]:
    """``%50%text``: the weight in percent, and the text."""
    found = _WEIGHT.match(text)
    return (float(found[1]), text[found.end() :]) if found else (None, text)


def _pieces(between: str, signs: str) -> list[str]:
    """The answers, each with its sign in front."""
    first, *rest = re.split(f"(?=[{signs}])", between)
    if first.strip():
        raise Refused(
            lazy(
                "Before the first answer stands “%(text)s”. A right answer begins with “=”, a "
                "wrong one with “~”.",
                text=show(first).strip()[:40],
            )
        )
    return [piece.strip() for piece in rest if piece[1:].strip()]


def _choices(between: str, language: LanguageTag, usual: str) -> Content:
    choices = []
    for piece in _pieces(between, "~="):
        credit, text = (100.0, piece[1:]) if piece[0] == "=" else _weighted(piece[1:].lstrip())
        answer, _, feedback = text.partition("#")
        said, _ = read_text(answer, usual)
        choices.append(
            {
                "text": {language: said},
                "credit": credit or 0.0,
                "feedback": _feedback(feedback, language, usual),
            }
        )
    if not any(choice["credit"] for choice in choices):
        raise Refused(lazy("No answer is marked as right: a right one begins with “=”."))
    if len(choices) < 2:
        raise Refused(lazy("There must be at least two answers to choose from."))
    return {"choices": choices}


def _true_false(between: str, language: LanguageTag, usual: str) -> Content:
    answer, wrong, right = (*between.split("#", 2), "", "")[:3]
    return {
        "answer": answer.strip() in _TRUE,
        "right_feedback": _feedback(right, language, usual),
        "wrong_feedback": _feedback(wrong, language, usual),
    }


def _matching(between: str, language: LanguageTag, usual: str) -> Content:
    pairs: list[Content] = []
    answers: dict[str, str] = {}
    for piece in _pieces(between, "="):
        left, found, right = piece[1:].partition("->")
        # Moodle knows no format on the right.
        answer = show(right).strip()
        if not found or not answer:
            raise Refused(
                lazy("“%(text)s” is no pair: it is written “=this -> that”.", text=show(piece)[:40])
            )
        marked = answers.setdefault(answer, fresh_mark())
        prompt, _ = read_text(left, usual)
        # Without a prompt it is an answer to mislead.
        if prompt:
            pairs.append({"text": {language: prompt}, "answer": marked})
    texts = [{"id": marked, "text": {language: text}} for text, marked in answers.items()]
    return {"pairs": pairs, "answers": texts}


def _short(between: str, language: LanguageTag, usual: str) -> Content:
    pieces = _pieces(between, "=") if "=" in between else [f"={between}"]
    accepted = []
    for piece in pieces:
        credit, text = _weighted(piece[1:].lstrip())
        answer, _, feedback = text.partition("#")
        said, _ = read_text(answer, usual)
        comment, _ = read_text(feedback, usual)
        # A text that is worth nothing is there for its feedback alone.
        if credit is None or credit > 0:
            accepted.append({"text": said, "credit": credit or 100.0, "feedback": comment})
    return {"answers": {language: accepted}}


def _ordering(between: str, language: LanguageTag, usual: str) -> Content:
    head = _ORDERING.match(between)
    if head is None:
        raise Refused(
            lazy(
                "Putting in order is written “{>3 ALL”, and then each step on a line of its own, "
                "in the right order."
            )
        )
    lines = [line for line in between[head.end() :].split("\n") if line.strip()]
    return {"steps": [{"text": {language: read_text(line, usual)[0]}} for line in lines]}
