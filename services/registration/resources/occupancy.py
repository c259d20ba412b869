"""What occupies venues and lecturers: one act, :func:`occupy`, writes it; PostgreSQL holds it.

Two of them never overlap, across activities and bookings alike: the table's exclusion constraint
sees to that, whoever writes at the same moment. Drafts and times that are only proposed occupy as
well, marked as tentative, because a lecturer who has been asked is not free for somebody else.

A reason lets one occupancy overlap, or lie outside a lecturer's hours. It holds for what it was
given for: at another time, or against somebody else, it is asked for again.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import new_id, utc_now
from services.registration.resources.availability import is_available
from services.registration.resources.models import (
    HolderKind,
    Lecturer,
    Occupancy,
    Venue,
)
from services.registration.resources.refusals import Hindrance, not_free
from services.registration.resources.spans import Span, covers, merged
from services.registration.resources.taken import taken


@dataclass(frozen=True)
class Holder:
    """An activity or a booking. Its row is locked by whoever calls."""

    kind: HolderKind
    id: uuid.UUID


@dataclass(frozen=True)
class Wanted:
    """What an activity or a booking wants to occupy.

    Attributes:
        resources: everything that is wanted; whatever else the holder has is released.
        times: when, all of them; none releases everything.
        tentative: a draft's, or times that are only proposed.
        reason: why, although something stands in the way.
        by: whoever wants it; ``None`` when it follows from another change.
    """

    holder: Holder
    resources: Collection[Venue | Lecturer]
    times: Sequence[Span]
    tentative: bool = False
    reason: str | None = None
    by: uuid.UUID | None = None


def held_by(session: Session, holder: Holder) -> list[Occupancy]:
    """What an activity or a booking occupies now, in the order of time."""
    query = (
        sa.select(Occupancy)
        .where(Occupancy.holder_id == holder.id, Occupancy.released_at.is_(None))
        .order_by(Occupancy.during, Occupancy.id)
    )
    return list(session.scalars(query))


def resources(session: Session, ids: Collection[uuid.UUID]) -> list[Venue | Lecturer]:
    """Venues and lecturers by id; whatever is neither is left out."""
    found: list[Venue | Lecturer] = []
    if ids:
        found += session.scalars(sa.select(Venue).where(Venue.id.in_(ids)))
        found += session.scalars(sa.select(Lecturer).where(Lecturer.id.in_(ids)))
    return found


def release(session: Session, holder: Holder) -> None:
    """Give back everything that an activity or a booking occupies."""
    occupy(session, Wanted(holder, (), ()))


def occupy(session: Session, *all_wanted: Wanted) -> None:
    """Have each holder occupy what is wanted, when it is wanted, and nothing else.

    What a holder occupies already stays as it is, also where less of it is wanted. Whatever is new
    must be free and, for a lecturer, within the hours; or else there is a reason. Several holders
    first give back, then take, so that they may change places.

    Raises:
        Problem: 409 ``resource-busy`` or ``lecturer-unavailable``, with everything that stands in
            the way; the transaction must not be kept.
    """
    changes = [_change(session, wanted) for wanted in all_wanted]
    session.flush()
    released = [row.id for change in changes for row in change.gone]
    if released:
        session.execute(
            sa.update(Occupancy).where(Occupancy.id.in_(released)).values(released_at=utc_now())
        )
    found: list[Hindrance] = []
    # Everybody takes in one order, so that no two transactions wait for each other.
    fresh = [(one.id, span, one, change) for change in changes for one, span in change.fresh]
    for _id, span, resource, change in sorted(fresh, key=lambda entry: entry[:2]):
        found += _take(session, change, resource, span)
    if found:
        raise not_free(found)


@dataclass(frozen=True)
class _Change:
    """From what a holder has to what it wants: the rows that go, and what is to come."""

    wanted: Wanted
    gone: list[Occupancy]
    fresh: list[tuple[Venue | Lecturer, Span]]

    def before(self, resource: Venue | Lecturer, span: Span) -> Occupancy | None:
        """What the holder had of a resource until now that includes this time."""
        for row in self.gone:
            if row.resource_id == resource.id and covers([Span.of(row.during)], span):
                return row
        return None


def _change(session: Session, wanted: Wanted) -> _Change:
    fresh = {
        (resource.id, span): (resource, span)
        for resource in wanted.resources
        for span in merged(wanted.times)
    }
    gone = []
    for row in held_by(session, wanted.holder):
        if fresh.pop((row.resource_id, Span.of(row.during)), None) is None:
            gone.append(row)
        else:
            row.tentative = wanted.tentative
    return _Change(wanted, gone, list(fresh.values()))


def _take(
    session: Session, change: _Change, resource: Venue | Lecturer, span: Span
) -> list[Hindrance]:
    """Occupy one resource at one time, or say what stands in the way."""
    wanted = change.wanted
    # A part of what the holder had: nothing new stands in the way of that.
    if (had := change.before(resource, span)) is not None:
        _inserted(session, wanted, resource, span, had.override_reason, overlaps=had.overlaps)
        return []
    found = hindrances(session, [resource], span, but=wanted.holder.id)
    if found and wanted.reason is None:
        return found
    overlaps = any(hindrance.by for hindrance in found)
    reason = wanted.reason if found else None
    if _inserted(session, wanted, resource, span, reason, overlaps=overlaps):
        return []
    # Somebody was faster in this very moment. A reason was not given for that.
    return hindrances(session, [resource], span, but=wanted.holder.id)


def hindrances(
    session: Session,
    wanted: Collection[Venue | Lecturer],
    span: Span,
    *,
    but: uuid.UUID | None = None,
) -> list[Hindrance]:
    """What stands in the way of venues and lecturers at a time, but for one holder's own."""
    by_id = {resource.id: resource for resource in wanted}
    found = [
        Hindrance(by_id[entry.resource_id], span, entry)
        for entry in taken(session, by_id, span, but=but)
    ]
    found += [
        Hindrance(resource, span, None)
        for resource in wanted
        if isinstance(resource, Lecturer) and not is_available(resource, span)
    ]
    return found


def _inserted(
    session: Session,
    wanted: Wanted,
    resource: Venue | Lecturer,
    span: Span,
    reason: str | None,
    *,
    overlaps: bool,
) -> bool:
    """Whether the row is in; not when somebody else has the resource at that time."""
    # With ON CONFLICT the second of two who insert at once waits for the first to commit. Without
    # it each may wait for the other: the check of an exclusion constraint can end in a deadlock.
    row = session.execute(
        postgresql.insert(Occupancy)
        .values(
            id=new_id(),
            resource_kind="venue" if isinstance(resource, Venue) else "lecturer",
            resource_id=resource.id,
            during=span.as_range,
            holder_kind=wanted.holder.kind,
            holder_id=wanted.holder.id,
            tentative=wanted.tentative,
            overlaps=overlaps,
            override_reason=reason,
            made_by=wanted.by,
        )
        .on_conflict_do_nothing()
        .returning(Occupancy.id)
    )
    return row.first() is not None
