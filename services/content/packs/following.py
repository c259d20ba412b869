"""Telling that something in a pack reads otherwise than its holders last heard.

Whoever opens the link sees that at once. The event is for those who do not: it comes at most once
a day for a pack, with everything that has changed by then, so that an editor who saves ten times
is heard of once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.events import publish as tell
from services.content.database import database
from services.content.packs import sheets
from services.content.packs.events import PackChange, PackChanged, event_of
from services.content.packs.models import Pack
from services.content.packs.reading import edition
from services.content.packs.schemas import Sheet

# How long holders are left in peace after they have heard something.
_QUIET: Final = timedelta(days=1)
# Whoever got a pack a year ago has been there and back.
_FOLLOWED: Final = timedelta(days=365)
_GONE: Final = "gone"


def follow() -> int:
    """Tell of the packs in which something has changed since their holders last heard of them.

    Returns:
        How many packs were told of.
    """
    now = utc_now()
    with database.transaction() as session:
        packs = session.scalars(
            sa.select(Pack)
            .where(
                Pack.status == "published",
                Pack.published_at > now - _FOLLOWED,
                Pack.told_at < now - _QUIET,
            )
            .order_by(Pack.id)
            .with_for_update(skip_locked=True)
        ).all()
        read = sheets.read(session, {key for pack in packs for key in pack.held})
        return sum(_told(session, pack, read) for pack in packs)


def _told(session: Session, pack: Pack, read: Mapping[str, Sheet]) -> bool:
    marks = {key: _mark(read.get(key)) for key in pack.held}
    if marks == pack.told:
        return False
    changes = list(_changes(session, pack, marks, read))
    pack.touch()
    pack.told = marks
    pack.told_at = pack.updated_at
    tell(session, event_of(pack, PackChanged, changes))
    return True


def _mark(sheet: Sheet | None) -> str:
    return _GONE if sheet is None or sheet.gone else sheet.mark


def _changes(
    session: Session, pack: Pack, marks: Mapping[str, str], read: Mapping[str, Sheet]
) -> Iterator[PackChange]:
    for item in edition(session, pack.id, pack.edition).items:
        mark = marks[item.key]
        if mark == pack.told.get(item.key):
            continue
        if mark == _GONE:
            yield PackChange(kind="gone", title=item.sheet.title)
        else:
            sheet = read[item.key]
            yield PackChange(kind="updated", title=sheet.title, said=sheet.changes)
