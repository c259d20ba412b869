"""What is in a pack: adding, taking out, ordering, and saying something to an item.

Its holders see all of it with the next edition.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound
from services.content.database import database
from services.content.packs.models import Pack
from services.content.packs.schemas import MOST_ITEMS, ItemIn, PackOut
from services.content.packs.service import changed, items_of, locked, must_be_public, refused


def add(principal: Principal, pack_id: uuid.UUID, item: ItemIn) -> PackOut:
    """Put one more thing at the end; what is in it already stays where it is.

    Raises:
        NotFound: there is no such pack.
        Invalid: the item is not public, or the pack is full.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        pack = locked(session, principal, pack_id)
        items = items_of(pack)
        if any(one.key == item.key for one in items):
            return PackOut.of(pack)
        if len(items) >= MOST_ITEMS:
            raise refused(lazy("A pack holds at most %(most)s items.", most=MOST_ITEMS))
        must_be_public(session, [item])
        return _arranged(session, principal, pack, [*items, item])


def remove(principal: Principal, pack_id: uuid.UUID, key: str) -> PackOut:
    """Take an item out, with its note; nothing happens when it is not in.

    Raises:
        NotFound: there is no such pack.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        pack = locked(session, principal, pack_id)
        rest = [item for item in items_of(pack) if item.key != key]
        return _arranged(session, principal, pack, rest)


def move(principal: Principal, pack_id: uuid.UUID, key: str, steps: int) -> PackOut:
    """Have an item stand further up (``steps`` below 0) or down, at most at either end.

    Raises:
        NotFound: there is no such pack, or no such item in it.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        pack = locked(session, principal, pack_id)
        items = items_of(pack)
        place = _place(items, key)
        item = items.pop(place)
        items.insert(min(max(0, place + steps), len(items)), item)
        return _arranged(session, principal, pack, items)


def note(principal: Principal, pack_id: uuid.UUID, key: str, words: dict[str, str]) -> PackOut:
    """Say something to an item, or nothing any more.

    Raises:
        NotFound: there is no such pack, or no such item in it.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        pack = locked(session, principal, pack_id)
        items = items_of(pack)
        place = _place(items, key)
        items[place] = ItemIn(kind=items[place].kind, ref=items[place].ref, note=words)
        return _arranged(session, principal, pack, items)


def _place(items: Sequence[ItemIn], key: str) -> int:
    place = next((at for at, item in enumerate(items) if item.key == key), None)
    if place is None:
        raise NotFound(lazy("This is not in the pack any more."))
    return place


def _arranged(
    session: Session, principal: Principal, pack: Pack, items: Collection[ItemIn]
) -> PackOut:
    pack.items = [item.model_dump() for item in items]
    return changed(session, principal, pack)
