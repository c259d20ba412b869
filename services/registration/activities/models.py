"""Activities: their table, their states, and who may still register."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.chassis.settings import settings
from services.registration.database import Base

Kind = Literal["lecture", "exhibition", "school_session", "enterprise_visit"]
Status = Literal["draft", "published", "cancelled", "completed"]
Intake = Literal["open", "waiting", "full", "not-open", "closed", "cancelled", "over"]

# Every move that there is: from a state to the states that may follow it.
MOVES: dict[Status, frozenset[Status]] = {
    "draft": frozenset({"published"}),
    "published": frozenset({"cancelled", "completed"}),
    "cancelled": frozenset(),
    "completed": frozenset(),
}
# An activity that is moved more often than this forgets the earliest.
MOST_PREVIOUS_STARTS = 10
# What staff may still change.
EDITABLE: frozenset[Status] = frozenset({"draft", "published"})

KIND_NAMES = {
    "lecture": lazy("Lecture"),
    "exhibition": lazy("Exhibition"),
    "school_session": lazy("School session"),
    "enterprise_visit": lazy("Enterprise visit"),
}
STATUS_NAMES = {
    "draft": lazy("Draft"),
    "published": lazy("Published"),
    "cancelled": lazy("Cancelled"),
    "completed": lazy("Completed"),
}


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class ActivityPicture(Base):
    """A picture as it is shown: WebP, by the SHA-256 of its bytes; occurrences may share one."""

    __tablename__ = "activity_pictures"

    hash: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[bytes]
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=sa.func.now())


class Activity(Base):
    """A lecture, an exhibition, a school session or a visit to an enterprise.

    ``series_id`` ties the occurrences of one lecture together. ``venue_id`` names the room when it
    is one of ours; the venue's texts and its place on the map are kept here as they were then.
    ``attachments`` are ids of the content service's materials. ``search`` holds every word of its
    texts, Chinese segmented, for PostgreSQL's full text. ``asks_children``, ``asks_companions``:
    the form counts children apart, and wants the names of the others in a party. ``picture_hash``
    names its picture by what is in it; the bytes stand apart, so that reading an activity never
    reads them. ``previous_starts``: when it was to begin before it was moved, as far as the public
    was told, the earliest told first.

    ``version`` rises with every act of staff, never with a seat. ``seats_taken`` belongs to
    ``registrations.service``: nothing else writes it. Whoever changes registrations that exist
    locks their activity's row first, so that no two transactions wait for each other.
    """

    __tablename__ = "activities"
    __table_args__ = (
        sa.CheckConstraint(
            "seats_taken >= 0 AND (capacity IS NULL OR seats_taken <= capacity)", name="seats"
        ),
        sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        sa.CheckConstraint(_one_of("kind", get_args(Kind)), name="kind"),
        sa.CheckConstraint(_one_of("status", get_args(Status)), name="status"),
        sa.Index("ix_activities_status_starts_at", "status", "starts_at"),
        sa.Index("ix_activities_starts_at_id", "starts_at", "id"),
        sa.Index(
            "ix_activities_public",
            "starts_at",
            "id",
            postgresql_where=sa.text("status = 'published'"),
        ),
        *(
            sa.Index(f"ix_activities_{column}", column, postgresql_using="gin")
            for column in ("search", "topics", "countries", "audience")
        ),
        sa.Index(
            "ix_activities_picture_hash",
            "picture_hash",
            postgresql_where=sa.text("picture_hash IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="draft")
    title: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]]
    district: Mapped[str]
    venue_name: Mapped[dict[str, str]]
    venue_address: Mapped[dict[str, str]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    timezone: Mapped[str]
    capacity: Mapped[int | None]
    seats_taken: Mapped[int] = mapped_column(default=0, server_default="0")
    waiting_list: Mapped[bool]
    max_party_size: Mapped[int]
    registration_opens_at: Mapped[datetime | None]
    registration_closes_at: Mapped[datetime | None]
    reminders: Mapped[list[str]]
    topics: Mapped[list[str]]
    countries: Mapped[list[str]]
    languages: Mapped[list[str]]
    questions: Mapped[list[dict[str, Any]]]
    verify_contact: Mapped[bool]
    series_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    venue_id: Mapped[uuid.UUID | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    audience: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    step_free: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    bring: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    attachments: Mapped[list[uuid.UUID]] = mapped_column(default=list, server_default="{}")
    asks_children: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    asks_companions: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    fair_queue: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    certificates: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    picture_hash: Mapped[str | None] = mapped_column(sa.ForeignKey("activity_pictures.hash"))
    picture_alt: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    search: Mapped[str] = mapped_column(postgresql.TSVECTOR, server_default="", deferred=True)
    previous_starts: Mapped[list[datetime]] = mapped_column(
        postgresql.ARRAY(sa.DateTime(timezone=True)), default=list, server_default="{}"
    )
    cancel_reason: Mapped[str | None]
    created_by: Mapped[uuid.UUID]
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(
        default=utc_now, onupdate=utc_now, server_default=sa.func.now()
    )

    def move(self, status: Status) -> None:
        """Go to another state; the act raises the version.

        Raises:
            Problem: 409 ``activity-STATUS``: no such move leads from the present state.
        """
        if status not in MOVES[self.state]:
            raise self._settled()
        self.status = status
        self.version += 1

    def begin_at(self, moment: datetime) -> None:
        """Begin at another time; when that has been public, it is kept as a former one."""
        if self.status == "published":
            told = [*self.previous_starts, self.starts_at]
            kept = [one for one in dict.fromkeys(told) if one != moment]
            self.previous_starts = kept[-MOST_PREVIOUS_STARTS:]
        self.starts_at = moment

    def must_be_editable(self) -> None:
        """Refuse an edit of what is cancelled or over.

        Raises:
            Problem: 409 ``activity-STATUS``.
        """
        if self.state not in EDITABLE:
            raise self._settled()

    def _settled(self) -> Problem:
        sentences = {
            "draft": lazy("This activity is still a draft."),
            "published": lazy("This activity is published already."),
            "cancelled": lazy("This activity has been cancelled."),
            "completed": lazy("This activity is over."),
        }
        return Problem(
            409,
            f"activity-{self.status}",
            sentences[self.status],
            lazy("Nothing was changed. Please look at its page for where it stands."),
        )

    @property
    def state(self) -> Status:
        """The status as one of the four that there are."""
        return self.status  # type: ignore[return-value]  # the table's check holds it to them

    @property
    def seats_left(self) -> int | None:
        """Places that are free; ``None`` when nobody is counted."""
        return None if self.capacity is None else self.capacity - self.seats_taken

    @property
    def closes_at(self) -> datetime:
        """Until when one may register: the set moment, at the latest the beginning."""
        if self.registration_closes_at is None:
            return self.starts_at
        return min(self.registration_closes_at, self.starts_at)

    @property
    def url(self) -> str:
        """The absolute address of its public page."""
        return f"{settings().public_url}/activities/{self.slug}"

    @property
    def picture_url(self) -> str | None:
        """The absolute address of its picture: another one as soon as the picture is another."""
        if self.picture_hash is None:
            return None
        return f"{self.url}/picture.webp?v={self.picture_hash[:12]}"

    def intake(self, now: datetime) -> Intake:
        """What a resident who wants to register now will meet.

        ``waiting``: full, with an open waiting list.
        """
        if self.status == "cancelled":
            return "cancelled"
        if self.status == "completed" or self.ends_at <= now:
            return "over"
        if self.closes_at <= now:
            return "closed"
        if self.registration_opens_at is not None and self.registration_opens_at > now:
            return "not-open"
        if self.seats_left is not None and self.seats_left <= 0:
            return "waiting" if self.waiting_list else "full"
        return "open"
