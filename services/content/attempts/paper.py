"""A paper: the items of one attempt, frozen with their key, and what of it a page may show."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from services.content.banks.marking import checked, mark, public
from services.content.quizzes.drawing import draw
from services.content.quizzes.models import Quiz

# A mark is rounded to so many places: thirds of an item add up to whole ones.
_PLACES = 4


class PaperItem(BaseModel):
    """An item as it stood when the attempt began.

    ``seed`` decides the order in which this paper shows what can be chosen.
    """

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    version: int
    kind: str
    text: dict[str, str]
    content: dict[str, Any]
    explanation: dict[str, str]
    source: str | None
    seed: int = 0

    def shown(self) -> dict[str, Any]:
        """What somebody who answers may see of the content: no key, in this paper's order."""
        return dict(public(self.kind, self.content, self.seed))

    def checked(self, given: object) -> object:
        """What somebody sent, as a response to this item; ``None`` for one left out."""
        return checked(self.kind, self.content, given)

    def mark(self, response: object) -> float:
        """What a response is worth, 0 to 1; one left out is worth nothing."""
        return 0.0 if response is None else round(mark(self.kind, self.content, response), _PLACES)


def drawn(session: Session, quiz: Quiz, seed: int) -> list[PaperItem]:
    """A fresh paper of a quiz; the same seed gives the same one while the banks are the same."""
    return [
        PaperItem.model_validate(item).model_copy(update={"seed": seed})
        for item in draw(session, quiz, seed)
    ]


def stored(paper: Sequence[PaperItem]) -> list[dict[str, Any]]:
    """A paper as its column keeps it."""
    return [item.model_dump(mode="json") for item in paper]


def read(paper: Sequence[Mapping[str, Any]]) -> list[PaperItem]:
    """The paper in a column."""
    return [PaperItem.model_validate(item) for item in paper]
