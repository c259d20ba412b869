"""Who and what occupies a venue or a lecturer, and how that is called to whom."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.reference import city, district_name
from services.registration.activities.models import Activity
from services.registration.bookings.models import Booking
from services.registration.resources.models import HolderKind, Occupancy
from services.registration.resources.spans import Span


@dataclass(frozen=True)
class Taken:
    """One occupancy with what it is for.

    Attributes:
        district: whose the activity or the booking is.
        title: an activity's, in each language; none for a booking.
        public: whether anybody may know the title.
        timezone: in which the time is shown.
    """

    resource_id: uuid.UUID
    span: Span
    tentative: bool
    reason: str | None
    holder_kind: HolderKind
    holder_id: uuid.UUID
    district: str | None
    title: dict[str, str] | None
    public: bool
    timezone: str

    def words(self, principal: Principal | None = None) -> str:
        """What it is, in the language of the moment, with no more than the reader may know."""
        place = {"district": district_name(self.district)}
        if self.holder_kind == "booking":
            return _("a booking in %(district)s") % place
        if self.title and (self.public or (principal and principal.covers(self.district))):
            return _("“%(title)s”") % {"title": localized(self.title)}
        return _("a draft in %(district)s") % place

    def page(self, principal: Principal) -> str | None:
        """Its staff page, for those whose it is."""
        if not principal.covers(self.district):
            return None
        folder = "activities" if self.holder_kind == "activity" else "bookings"
        return f"/staff/{folder}/{self.holder_id}"


def taken(
    session: Session,
    resource_ids: Collection[uuid.UUID],
    during: Span,
    *,
    but: uuid.UUID | None = None,
) -> list[Taken]:
    """What occupies any of the resources at any moment of a span, in the order of time.

    Args:
        but: an activity or a booking whose own occupancies are left out.
    """
    query = (
        sa.select(Occupancy, Activity, Booking)
        .outerjoin(Activity, Activity.id == Occupancy.holder_id)
        .outerjoin(Booking, Booking.id == Occupancy.holder_id)
        .where(
            Occupancy.resource_id.in_(resource_ids),
            Occupancy.released_at.is_(None),
            Occupancy.during.op("&&")(during.as_range),
        )
        .order_by(Occupancy.during, Occupancy.id)
    )
    if but is not None:
        query = query.where(Occupancy.holder_id != but)
    return [_told(*row) for row in session.execute(query)]


def _told(row: Occupancy, activity: Activity | None, booking: Booking | None) -> Taken:
    about = activity or booking
    return Taken(
        resource_id=row.resource_id,
        span=Span.of(row.during),
        tentative=row.tentative,
        reason=row.override_reason,
        holder_kind=cast("HolderKind", row.holder_kind),
        holder_id=row.holder_id,
        district=about.district if about else None,
        title=activity.title if activity else None,
        public=activity is not None and activity.status != "draft",
        timezone=about.timezone if about else city().timezone,
    )
