"""Beginning a pack, working on it, giving it out and taking it back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.chassis.events import publish as tell
from services.chassis.i18n import Lazy, lazy, localized
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.content.database import database
from services.content.materials.reading import today
from services.content.packs import sheets
from services.content.packs.editions import changes_between, says_the_same
from services.content.packs.events import PackPublished, PackWithdrawn, event_of
from services.content.packs.models import Pack, PackEdition, PackOpening
from services.content.packs.proposing import Occasion, occasion_of, propose
from services.content.packs.reading import behind_link, edition
from services.content.packs.schemas import (
    MOST_ITEMS,
    EditionItem,
    ItemIn,
    PackIn,
    PackOut,
    PackPatch,
)


def create(
    principal: Principal,
    wanted: PackIn,
    once: Once = NOT_REPEATED,
    *,
    pack_id: uuid.UUID | None = None,
) -> PackOut:
    """Begin a pack, with proposed items where none are given; nobody but staff sees it.

    Args:
        pack_id: its id, where the caller needs to know it beforehand; else a fresh one.

    Raises:
        Invalid: we have not heard of the activity or booking, or an item is not public.
        Problem: 403 ``other-district``, 409 ``pack-exists``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return PackOut.model_validate(answer)
        occasion = _occasion(session, principal, wanted)
        principal.must_cover(occasion.district)
        _must_be_the_only_one(session, wanted)
        if wanted.items is None:
            items = propose(session, occasion)[:MOST_ITEMS]
        else:
            items = wanted.items
            must_be_public(session, items)
        pack = Pack(
            id=pack_id or new_id(),
            district=occasion.district,
            title=wanted.title,
            letter=wanted.letter,
            activity_id=wanted.activity_id,
            booking_id=wanted.booking_id,
            countries=list(occasion.countries),
            topics=list(occasion.topics),
            audience=list(occasion.audience),
            items=[item.model_dump() for item in items],
        )
        pack.written_by(principal)
        session.add(pack)
        session.flush()
        session.refresh(pack)
        _record(session, principal, pack, "written")
        done = PackOut.of(pack)
        once.keep(session, done.model_dump(mode="json"))
    return done


def edit(principal: Principal, pack_id: uuid.UUID, patch: PackPatch) -> PackOut:
    """Change a pack; its holders see that with the next edition.

    Raises:
        NotFound: there is none.
        Invalid: an item that is new in it is not public.
        Problem: 403 ``other-district``, 409 ``changed-meanwhile``.
    """
    with database.transaction() as session:
        pack = locked(session, principal, pack_id)
        pack.must_be_at(patch.version)
        given = patch.model_dump(exclude_unset=True, exclude={"version"})
        values = {name: value for name, value in given.items() if value is not None}
        if patch.items is not None:
            present = {item.key for item in items_of(pack)}
            must_be_public(session, [item for item in patch.items if item.key not in present])
        for name, value in values.items():
            setattr(pack, name, value)
        return changed(session, principal, pack)


def publish(principal: Principal, pack_id: uuid.UUID, version: int | None = None) -> PackOut:
    """Give a pack out: what staff have made of it becomes its next edition, and is told.

    When the latest edition says the same, that one stays, and nobody is told of it again.

    Args:
        version: the one that was seen; with it nobody gives out what somebody else is at.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``pack-empty``, 409 ``pack-out-of-date``: something in
            it is not public any more; 409 ``changed-meanwhile``.
    """
    with database.transaction() as session:
        pack = locked(session, principal, pack_id)
        items = _given_out(session, pack)
        given = edition(session, pack.id, pack.edition) if pack.edition else None
        if (
            given
            and pack.status == "published"
            and says_the_same(given, pack.title, pack.letter, items)
        ):
            return PackOut.of(pack)
        pack.must_be_at(version)
        before = given.items if given else []
        if pack.status == "published":
            pack.touch()
            pack.published_at = pack.updated_at
        else:
            pack.publish()
        pack.edition += 1
        session.add(
            PackEdition(
                pack_id=pack.id,
                number=pack.edition,
                title=pack.title,
                letter=pack.letter,
                items=[item.model_dump(mode="json") for item in items],
                published_at=pack.updated_at,
                published_by_name=principal.name,
            )
        )
        pack.held = [item.key for item in items]
        pack.told = {item.key: item.mark for item in items}
        pack.told_at = pack.updated_at
        changes = changes_between(before, items) if before else []
        tell(session, event_of(pack, PackPublished, changes))
        _record(session, principal, pack, "published")
        return PackOut.of(pack)


def withdraw(principal: Principal, pack_id: uuid.UUID, reason: str) -> PackOut:
    """Take a pack back: its link says that it is gone, and why.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``wrong-state``.
    """
    with database.transaction() as session:
        pack = locked(session, principal, pack_id)
        pack.withdraw(reason)
        tell(session, event_of(pack, PackWithdrawn))
        _record(session, principal, pack, "withdrawn")
        return PackOut.of(pack)


def opened(token: str) -> None:
    """Count that somebody has a pack's page open; who, is not asked.

    Raises:
        NotFound: the link is no pack's.
        Problem: 410 ``withdrawn``.
    """
    with database.transaction() as session:
        pack = behind_link(session, token)
        insert = postgresql.insert(PackOpening).values(pack_id=pack.id, day=today(), count=1)
        session.execute(
            insert.on_conflict_do_update(
                index_elements=[PackOpening.pack_id, PackOpening.day],
                set_={"count": PackOpening.count + 1},
            )
        )


def locked(session: Session, principal: Principal, pack_id: uuid.UUID) -> Pack:
    """A pack of the caller's, which nobody else changes until the transaction ends.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    found = session.get(Pack, pack_id, with_for_update=True)
    if found is None:
        raise NotFound(lazy("There is no such pack."))
    principal.must_cover(found.district)
    return found


def _occasion(session: Session, principal: Principal, wanted: PackIn) -> Occasion:
    """What the pack is for: what was given of it, the rest as we have heard of it."""
    heard = Occasion(district=wanted.district or principal.district)
    if wanted.activity_id or wanted.booking_id:
        known = occasion_of(session, wanted.activity_id, wanted.booking_id)
        # An event may be on its way still; the city's staff and programs know what they name.
        if known is None and principal.district is not None:
            field = "activity_id" if wanted.activity_id else "booking_id"
            raise Invalid([FieldError(field, lazy("We have not heard of this one."))])
        heard = known or heard
    return replace(
        heard,
        countries=wanted.countries or heard.countries,
        topics=wanted.topics or heard.topics,
        audience=wanted.audience or heard.audience,
    )


def _must_be_the_only_one(session: Session, wanted: PackIn) -> None:
    """An activity or a booking has one pack: its people hold one link."""
    occasion = wanted.activity_id or wanted.booking_id
    if occasion is None:
        return
    # Two editors with one thought at one moment wait for each other here.
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(str(occasion)))))
    there = session.scalar(
        sa.select(Pack.id).where(sa.or_(Pack.activity_id == occasion, Pack.booking_id == occasion))
    )
    if there is not None:
        raise Problem(
            409,
            "pack-exists",
            lazy("There is a pack for this already."),
            lazy("Please work on that one; its people keep their link."),
            pack_id=str(there),
        )


def must_be_public(session: Session, items: Sequence[ItemIn]) -> None:
    """Refuse what is not there, was never public, or is not any more.

    Raises:
        Invalid: field ``items``.
    """
    found = sheets.read(session, [item.key for item in items])
    if any(item.key not in found or found[item.key].gone for item in items):
        raise refused(lazy("Only what is public can be put into a pack."))


def refused(message: Lazy) -> Invalid:
    """The problem that says what is wrong with a pack's items."""
    return Invalid([FieldError("items", message)])


def _given_out(session: Session, pack: Pack) -> list[EditionItem]:
    """What the pack's items say at this moment."""
    items = items_of(pack)
    if not items:
        raise Problem(
            409,
            "pack-empty",
            lazy("There is nothing in this pack yet."),
            lazy("Please add at least one item before it is published."),
        )
    now = sheets.read(session, [item.key for item in items])
    gone = [item.key for item in items if item.key not in now or now[item.key].gone]
    if gone:
        titles = ", ".join(localized(now[key].title) if key in now else key for key in gone)
        raise Problem(
            409,
            "pack-out-of-date",
            lazy("Something in this pack is not public any more."),
            lazy("Please take it out first: %(titles)s", titles=titles),
        )
    return [
        EditionItem(note=item.note, mark=now[item.key].mark, sheet=now[item.key]) for item in items
    ]


def items_of(pack: Pack) -> list[ItemIn]:
    """What staff have put into a pack, in its order."""
    return [ItemIn.model_validate(item) for item in pack.items]


def changed(session: Session, principal: Principal, pack: Pack) -> PackOut:
    """Count one more change to a locked pack."""
    pack.touch()
    _record(session, principal, pack, "changed")
    return PackOut.of(pack)


def _record(session: Session, principal: Principal, pack: Pack, act: str) -> None:
    audit.record(session, principal, f"pack.{act}", f"pack/{pack.id}", district=pack.district)
