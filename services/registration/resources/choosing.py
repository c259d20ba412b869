"""What there is to choose from for given times: every room and lecturer, the free ones first."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.reference import district_name, topic_name
from services.registration.activities.words import LANGUAGE_NAMES
from services.registration.resources import lecturers, venues
from services.registration.resources.models import Lecturer, Venue
from services.registration.resources.occupancy import Holder, held_by, hindrances, resources
from services.registration.resources.spans import Span

# A choice of a form: its value, its label, its hint.
Choice = tuple[str, str, str]


@dataclass(frozen=True)
class Offer:
    """Rooms and lecturers to choose from, and which of them are chosen already."""

    venues: list[Choice]
    lecturers: list[Choice]
    venue_id: str
    lecturer_ids: list[str]


def offer(
    session: Session,
    principal: Principal,
    holder: Holder,
    times: Sequence[Span],
    people: int | None,
) -> Offer:
    """What staff may choose for an activity or a booking.

    Args:
        times: when; with several, each is looked at by itself.
        people: how many are to be seated, if that is known.
    """
    held = {row.resource_id for row in held_by(session, holder)}
    rooms = list(venues.of_caller(session, principal))
    speakers = list(lecturers.of_caller(session, principal))
    # What is held may stay, also where it is archived or another district's.
    known = {room.id for room in rooms} | {speaker.id for speaker in speakers}
    for one in resources(session, held - known):
        if isinstance(one, Venue):
            rooms.append(one)
        else:
            speakers.append(one)
    said: dict[uuid.UUID, list[str]] = {}  # what stands in the way
    for span in times:
        for found in hindrances(session, [*rooms, *speakers], span, but=holder.id):
            said.setdefault(found.resource.id, []).append(found.remark(principal))

    def state(one: Venue | Lecturer) -> list[str]:
        if not times:
            return []
        return list(dict.fromkeys(said.get(one.id, []))) or [_("Free")]

    def first_the_free(one: Venue | Lecturer) -> bool:
        return one.id in said

    return Offer(
        venues=[
            (str(one.id), localized(one.name), _joined(state(one) + _of_venue(one, people)))
            for one in sorted(rooms, key=first_the_free)
        ],
        lecturers=[
            (str(one.id), localized(one.name), _joined(state(one) + _of_lecturer(one)))
            for one in sorted(speakers, key=first_the_free)
        ],
        venue_id=next((str(one.id) for one in rooms if one.id in held), ""),
        lecturer_ids=[str(one.id) for one in speakers if one.id in held],
    )


def _of_venue(venue: Venue, people: int | None) -> list[str]:
    parts = [localized(venue.address), district_name(venue.district)]
    if venue.capacity is not None:
        parts.append(_("seats %(count)s") % {"count": venue.capacity})
        if people is not None and people > venue.capacity:
            parts.append(_("too small for %(count)s people") % {"count": people})
    if venue.step_free:
        parts.append(_("step-free"))
    return parts


def _of_lecturer(lecturer: Lecturer) -> list[str]:
    return [
        _(", ").join(str(LANGUAGE_NAMES[tag]) for tag in lecturer.languages),
        _(", ").join(topic_name(code) for code in lecturer.topics),
        _(", ").join(district_name(code) for code in lecturer.districts) or district_name(None),
    ]


def _joined(parts: list[str]) -> str:
    return " · ".join(filter(None, parts))
