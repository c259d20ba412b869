"""Drawing a paper: items of the banks, at random, by tag."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.content.banks.models import Item
from services.content.quizzes.models import Quiz


def draw(session: Session, quiz: Quiz, seed: int) -> list[Item]:
    """The items of one paper, in the order to ask them; the same seed draws the same paper.

    Each draw takes its count at random from the items of its bank that have one of its tags (from
    all of them where it names none). No item comes twice, and draws whose items overlap leave each
    other enough. Where a bank has meanwhile fewer than a draw asks for, the paper is shorter: a
    quiz that is public goes on.
    """
    chance = random.Random(f"{quiz.id} {seed}")  # noqa: S311 - a paper is no secret
    slots: list[list[uuid.UUID]] = []
    for one in quiz.draws:
        pool = pool_of(session, one)
        for _ in range(int(one["count"])):
            slots.append(chance.sample(pool, len(pool)))
    paper = _matched(slots)
    chance.shuffle(paper)
    # A room begins at once, and a bank may be large: only what is drawn is read.
    items = {item.id: item for item in session.scalars(sa.select(Item).where(Item.id.in_(paper)))}
    return [items[one] for one in paper]


def _matched(slots: Sequence[Sequence[uuid.UUID]]) -> list[uuid.UUID]:
    """An item for each slot, as far as there are enough (augmenting paths, Kuhn 1955).

    Args:
        slots: for each place on the paper the items that may stand there, in the order to try.
    """
    holder: dict[uuid.UUID, int] = {}

    def place(slot: int, tried: set[uuid.UUID]) -> bool:
        free = next((item for item in slots[slot] if item not in holder), None)
        if free is not None:
            holder[free] = slot
            return True
        for item in slots[slot]:
            if item not in tried:
                tried.add(item)
                if place(holder[item], tried):
                    holder[item] = slot
                    return True
        return False

    for slot in range(len(slots)):
        place(slot, set())
    return list(holder)


def pool_of(session: Session, draw: Mapping[str, Any]) -> Sequence[uuid.UUID]:
    """The ids of the items that a draw may come from, the oldest first."""
    query = (
        sa.select(Item.id)
        .where(Item.bank_id == uuid.UUID(str(draw["bank_id"])), Item.retired.is_(False))
        .order_by(Item.id)
    )
    if draw["tags"]:
        query = query.where(Item.tags.overlap(list(draw["tags"])))
    return session.scalars(query).all()
