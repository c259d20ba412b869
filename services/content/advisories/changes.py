"""What a change of an advisory amounts to: whether it raises, and whether it needs two people."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel

from services.chassis.i18n import lazy
from services.content.advisories.models import CONTENT, Advisory
from services.content.advisories.schemas import AdvisoryIn
from services.content.advisories.words import WORDS, severity

Act = Literal["published", "raised", "lowered", "changed", "withdrawn"]

# From this level on nobody warns the public alone (GRAVE and worse).
GRAVE: Final = "orange"

ACT_NAMES = {
    "published": lazy("Published"),
    "raised": lazy("Raised"),
    "lowered": lazy("Lowered"),
    "changed": lazy("Changed"),
    "withdrawn": lazy("Withdrawn"),
}
ACT_TONES: Final = {
    "published": "good",
    "raised": "bad",
    "lowered": "good",
    "changed": "neutral",
    "withdrawn": "neutral",
}


class Change(BaseModel):
    """What is new in an announcement.

    Attributes:
        kind: ``published``: new to the public, or new to this place, or in force again after its
            end. ``raised`` and ``lowered``: by its level or, at the same level, by its word.
            ``changed``: anything else. ``withdrawn``.
        fields: the names of what differs from what was public before.
        before: the former values of these; empty when nothing was.
        reason: why it was withdrawn, one sentence.
    """

    kind: Act
    fields: list[str] = []
    before: dict[str, Any] = {}
    reason: str | None = None


def content_of(advisory: Advisory) -> AdvisoryIn:
    """What the columns of an advisory say."""
    return AdvisoryIn.model_validate({name: getattr(advisory, name) for name in CONTENT})


def waiting_of(advisory: Advisory) -> AdvisoryIn | None:
    """What a public advisory is to say once somebody has approved it."""
    return None if advisory.waiting is None else AdvisoryIn.model_validate(advisory.waiting)


def public_now(advisory: Advisory) -> AdvisoryIn | None:
    """What the public can read of an advisory, now or from its beginning on; ``None``: nothing."""
    return content_of(advisory) if advisory.status == "published" and not advisory.is_over else None


def is_grave(level: str) -> bool:
    """Whether a level is orange or red."""
    return severity(level) >= severity(GRAVE)


def needs_second_person(before: AdvisoryIn | None, after: AdvisoryIn) -> bool:
    """Whether two people have to stand behind a change: a raise to orange or red, wherever to.

    A region with another name counts too: renamed in one language after the other, a warning would
    have moved elsewhere without anybody's second look.
    """
    return is_grave(after.level) and (
        change(before, after).kind in ("published", "raised") or _renamed(before, after)
    )


def _renamed(before: AdvisoryIn | None, after: AdvisoryIn) -> bool:
    """Whether a name that the region had reads otherwise now; one that is added changes nothing."""
    return before is not None and any(
        after.region.get(tag) != name for tag, name in before.region.items()
    )


def change(before: AdvisoryIn | None, after: AdvisoryIn) -> Change:
    """What is new for whoever knows what was public before."""
    if before is None:
        return Change(kind="published")
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    fields = [name for name in CONTENT if old[name] != new[name]]
    former = {name: old[name] for name in fields}
    return Change(kind=_kind(before, after), fields=fields, before=former)


def _kind(before: AdvisoryIn, after: AdvisoryIn) -> Act:
    if not _same_place(before, after):
        return "published"
    was, now = _rank(before), _rank(after)
    if now == was:
        return "changed"
    return "raised" if now > was else "lowered"


def _same_place(before: AdvisoryIn, after: AdvisoryIn) -> bool:
    """A region keeps its place when its name is corrected or added in one of the languages."""
    if before.country != after.country or bool(before.region) != bool(after.region):
        return False
    return not before.region or bool(before.region.items() & after.region.items())


def _rank(content: AdvisoryIn) -> tuple[int, int]:
    return severity(content.level), WORDS.index(content.word)
