"""Reading packs: behind their link, and everything for staff."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound, Problem
from services.content.database import database
from services.content.packs import sheets
from services.content.packs.editions import Difference, difference
from services.content.packs.models import LINK, Pack, PackEdition, PackOpening
from services.content.packs.proposing import Occasion, occasion_of, propose
from services.content.packs.schemas import (
    EditionItem,
    EditionOut,
    EditionSummary,
    HeldItem,
    ItemIn,
    PackForHolder,
    PackOut,
    PackSummary,
    Sheet,
)
from services.content.publication import Status
from services.content.search.reading import find_first


@dataclass(frozen=True)
class OnTable:
    """An item that staff work on, with what it says now; ``None``: it is not there any more.

    Attributes:
        news: that it reads otherwise than in the latest edition, or is not in that.
    """

    item: ItemIn
    sheet: Sheet | None
    news: bool


@dataclass(frozen=True)
class PackForStaff:
    """A pack with all that staff see of it.

    Attributes:
        unpublished: whether it is another than its latest edition.
        opened: how often its page was opened, of late and in all.
    """

    pack: PackOut
    author_name: str
    items: list[OnTable]
    editions: list[EditionSummary]
    unpublished: bool
    opened: int
    occasion: Occasion | None


def behind_link(session: Session, token: str) -> Pack:
    """The pack that a link leads to.

    Raises:
        NotFound: the link is no pack's, or it was never given out.
        Problem: 410 ``withdrawn``.
    """
    try:
        found = session.get(Pack, crypto.read_id(LINK, token))
    except crypto.TokenError:
        found = None
    if found is None or not found.edition:
        raise NotFound(lazy("There is no such pack. Please check that the link is complete."))
    if found.status == "withdrawn":
        raise Problem(
            410,
            "withdrawn",
            lazy("This pack has been withdrawn."),
            lazy("The reason: %(reason)s", reason=found.withdraw_reason),
        )
    return found


def open_link(token: str) -> PackForHolder:
    """A pack as the holder of its link sees it: its latest edition, as everything reads today.

    Raises:
        NotFound, Problem: as for :func:`behind_link`.
    """
    with database.transaction() as session:
        pack = behind_link(session, token)
        return _for_holder(session, pack, edition(session, pack.id, pack.edition))


def _for_holder(session: Session, pack: Pack, given: EditionOut) -> PackForHolder:
    now = sheets.read(session, [item.key for item in given.items])
    return PackForHolder(
        id=pack.id,
        title=given.title,
        letter=given.letter,
        district=pack.district,
        edition=given.number,
        published_at=given.published_at,
        url=pack.url,
        items=[_held(item, now.get(item.key)) for item in given.items],
    )


def _held(item: EditionItem, now: Sheet | None) -> HeldItem:
    if now is None or now.gone:
        gone = (now.gone if now else None) or {}
        sheet = item.sheet.model_copy(update={"text": {}, "files": [], "gone": gone})
        return HeldItem(note=item.note, state="gone", sheet=sheet)
    state = "same" if now.mark == item.mark else "updated"
    return HeldItem(note=item.note, state=state, sheet=now)


def preview(principal: Principal, pack_id: uuid.UUID) -> PackForHolder:
    """A pack as its next edition would be seen, without what is not public any more.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        pack = _covered(session, principal, pack_id)
        table = _on_table(session, pack)
        items = [
            HeldItem(note=one.item.note, state="same", sheet=one.sheet)
            for one in table
            if one.sheet is not None and not one.sheet.gone
        ]
        return PackForHolder(
            id=pack.id,
            title=pack.title,
            letter=pack.letter,
            district=pack.district,
            edition=pack.edition + 1,
            published_at=pack.updated_at,
            url=pack.url,
            items=items,
        )


def edition(session: Session, pack_id: uuid.UUID, number: int) -> EditionOut:
    """An edition as it was given out.

    Raises:
        NotFound: there is none of that number.
    """
    found = session.get(PackEdition, (pack_id, number))
    if found is None:
        raise NotFound(lazy("There is no such edition."))
    return EditionOut.model_validate(found)


def get_edition(
    principal: Principal, pack_id: uuid.UUID, number: int
) -> tuple[EditionOut, Difference | None]:
    """An edition, and what it has otherwise than the one before; ``None`` for the first.

    Raises:
        NotFound: there is no such pack or edition.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        _covered(session, principal, pack_id)
        found = edition(session, pack_id, number)
        if number == 1:
            return found, None
        return found, difference(edition(session, pack_id, number - 1), found)


def list_editions(principal: Principal, pack_id: uuid.UUID) -> list[EditionSummary]:
    """Every edition of a pack, the newest first.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        return _editions(session, _covered(session, principal, pack_id))


def get_for_staff(principal: Principal, pack_id: uuid.UUID) -> PackForStaff:
    """A pack that is the caller's to see, with what its items say now.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        pack = _covered(session, principal, pack_id)
        table = _on_table(session, pack)
        return PackForStaff(
            pack=PackOut.of(pack),
            author_name=pack.author_name,
            items=table,
            editions=_editions(session, pack),
            unpublished=_unpublished(session, pack, table),
            opened=session.scalar(
                sa.select(sa.func.sum(PackOpening.count)).where(PackOpening.pack_id == pack.id)
            )
            or 0,
            occasion=occasion_of(session, pack.activity_id, pack.booking_id),
        )


def _on_table(session: Session, pack: Pack) -> list[OnTable]:
    items = [ItemIn.model_validate(item) for item in pack.items]
    now = sheets.read(session, [item.key for item in items])
    marks: dict[str, str] = {}
    if pack.edition:
        given = edition(session, pack.id, pack.edition)
        marks = {item.key: item.mark for item in given.items}
    return [
        OnTable(
            item,
            now.get(item.key),
            news=bool(marks) and (item.key not in now or marks.get(item.key) != now[item.key].mark),
        )
        for item in items
    ]


def _unpublished(session: Session, pack: Pack, table: Sequence[OnTable]) -> bool:
    if not pack.edition:
        return False
    given = edition(session, pack.id, pack.edition)
    before = [(item.key, item.note, item.mark) for item in given.items]
    now = [(one.item.key, one.item.note, one.sheet.mark if one.sheet else "") for one in table]
    return (given.title, given.letter, before) != (pack.title, pack.letter, now)


def addable(principal: Principal, pack_id: uuid.UUID, words: str) -> list[Sheet]:
    """What could be added: what a search finds, or without words what is proposed.

    Raises:
        NotFound: there is no such pack.
        Problem: 403 ``other-district``.
    """
    hits = find_first(words, limit=20) if words.strip() else None
    with database.transaction() as session:
        pack = _covered(session, principal, pack_id)
        if hits is not None:
            keys = [f"country/{code}" for code in hits.countries]
            keys += [
                f"{one.kind}/{one.id}" for one in hits.results if one.kind in sheets.KIND_NAMES
            ]
        else:
            known = occasion_of(session, pack.activity_id, pack.booking_id) or Occasion()
            occasion = Occasion(
                countries=pack.countries,
                topics=pack.topics,
                audience=pack.audience,
                activity_id=known.activity_id,
                booking_id=known.booking_id,
            )
            keys = [item.key for item in propose(session, occasion)]
        there = {ItemIn.model_validate(item).key for item in pack.items}
        found = sheets.read(session, [key for key in keys if key not in there])
        return [found[key] for key in keys if key in found and not found[key].gone]


def list_for_staff(
    principal: Principal,
    *,
    status: Status | None = None,
    words: str = "",
    holding: str = "",
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[PackSummary]:
    """Every pack that is the caller's, in whatever state, the newest first.

    Args:
        words: must stand in the title, in either language.
        holding: the key of something (``material/0198…``): only published packs that hold it.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = _theirs(sa.select(Pack), principal)
    if status:
        query = query.where(Pack.status == status)
    if said := words.replace("\0", " ").strip()[:100]:
        titles = sa.func.concat_ws(" ", Pack.title["zh-CN"].astext, Pack.title["en"].astext)
        query = query.where(titles.icontains(said, autoescape=True))
    if held := holding.replace("\0", "")[:60]:
        query = query.where(Pack.status == "published", Pack.held.contains([held]))
    with database.transaction() as session:
        return page_of(session, query, [Pack.id], cursor=cursor, limit=limit, descending=True).map(
            PackSummary.model_validate
        )


def counts_by_status(principal: Principal) -> dict[str, int]:
    """How many of the caller's packs there are in each state."""
    query = sa.select(Pack.status, sa.func.count()).group_by(Pack.status)
    if principal.district is not None:
        query = query.where(Pack.district == principal.district)
    with database.transaction() as session:
        return dict(session.execute(query).all())


def count_holding(key: str) -> int:
    """How many published packs hold something, by its key (``material/0198…``, ``country/TH``)."""
    query = sa.select(sa.func.count()).where(Pack.status == "published", Pack.held.contains([key]))
    with database.transaction() as session:
        return session.scalar(query) or 0


def _editions(session: Session, pack: Pack) -> list[EditionSummary]:
    rows = session.scalars(
        sa.select(PackEdition)
        .where(PackEdition.pack_id == pack.id)
        .order_by(PackEdition.number.desc())
    )
    return [EditionSummary.model_validate(row) for row in rows]


def _covered(session: Session, principal: Principal, pack_id: uuid.UUID) -> Pack:
    found = session.get(Pack, pack_id)
    if found is None:
        raise NotFound(lazy("There is no such pack."))
    principal.must_cover(found.district)
    return found


def _theirs(query: sa.Select[Pack], principal: Principal) -> sa.Select[Pack]:
    """A district's staff see the district's own; the city's staff see all."""
    return query if principal.district is None else query.where(Pack.district == principal.district)
