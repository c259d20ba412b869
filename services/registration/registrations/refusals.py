"""Why a registration cannot be taken or changed, in sentences."""

from __future__ import annotations

from datetime import datetime

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError

from services.chassis.database import utc_now
from services.chassis.i18n import date_line, lazy
from services.chassis.problems import NotFound, Problem
from services.registration.activities.models import Activity, Intake

_ADDRESSES = ("uq_registrations_live_email", "uq_registrations_live_phone")


def of_activity(
    activity: Activity, now: datetime, *, at_the_office: bool = False
) -> Problem | None:
    """Why nobody can register for an activity now; ``None`` when one can.

    Whether there are places left is not asked here: only taking one tells.

    Args:
        at_the_office: staff register somebody, who may come until the end.
    """
    if at_the_office:
        return at_the_counter(activity.status, activity.ends_at)
    intake = activity.intake(now)
    if intake == "full":
        return None
    return of_intake(intake, activity.registration_opens_at, activity.timezone)


def of_intake(intake: Intake, opens_at: datetime | None, zone: str) -> Problem | None:
    """The refusal that somebody meets who wants to register; ``None`` when there is none."""
    match intake:
        case "cancelled":
            return Problem(
                409,
                "activity-cancelled",
                lazy("This activity has been cancelled."),
                lazy("Please look at the other activities."),
            )
        case "over" | "closed":
            return Problem(
                409,
                "registration-closed",
                lazy("Registration for this activity has closed."),
                lazy("Please look at the other activities."),
            )
        case "not-open":
            when = _Moment(opens_at, zone) if opens_at else ""
            return Problem(
                409,
                "registration-not-open",
                lazy("Registration for this activity has not opened yet."),
                lazy("It opens on %(when)s. Please come back then.", when=when),
            )
        case "full":
            return full()
        case _:
            return None


def at_the_counter(status: str, ends_at: datetime) -> Problem | None:
    """Why staff cannot register anybody either; ``None`` when they can: until the end."""
    if status == "published" and ends_at > utc_now():
        return None
    return of_intake("cancelled" if status == "cancelled" else "over", None, "UTC")


def no_such_registration() -> NotFound:
    """The registration is not there, or of another activity."""
    return NotFound(lazy("There is no such registration."))


class _Moment:
    """A moment that is written out in the language in which it is read."""

    def __init__(self, moment: datetime, zone: str) -> None:
        self._moment = moment
        self._zone = zone

    def __str__(self) -> str:
        return date_line(self._moment, None, self._zone)


def full() -> Problem:
    """Every place is taken, and there is no waiting list."""
    return Problem(
        409,
        "activity-full",
        lazy("All places of this activity are taken."),
        lazy("Please look at the other activities, or try again later: places may come free."),
    )


def no_room_for(wanted: int, held: int) -> Problem:
    """A party cannot grow: it keeps the places that it has."""
    return Problem(
        409,
        "activity-full",
        lazy("There are not enough free places for a party of %(wanted)s.", wanted=wanted),
        lazy("Your registration for a party of %(held)s stays as it was.", held=held),
    )


def already_registered() -> Problem:
    """The address has a live registration for this activity."""
    return Problem(
        409,
        "already-registered",
        lazy("There is a registration with this e-mail address or telephone number already."),
        lazy("To change it, please use the link in the message that we sent then."),
    )


def cancelled_already() -> Problem:
    """The registration has ended."""
    return Problem(
        409,
        "registration-cancelled",
        lazy("This registration has been cancelled."),
        lazy("To come after all, please register again."),
    )


def unverified() -> Problem:
    """The contact has not answered yet, so the registration does not count."""
    return Problem(
        409,
        "registration-unverified",
        lazy("This registration is not confirmed by its contact yet."),
        lazy("The person confirms it with the code that was sent to them."),
    )


def offer_over() -> Problem:
    """There is no offer, or its time has passed."""
    return Problem(
        409,
        "offer-over",
        lazy("These places are no longer kept for you."),
        lazy("They have gone to the next on the waiting list. You are welcome to join it again."),
    )


def erased() -> Problem:
    """Nothing personal is left of the registration."""
    return Problem(
        410,
        "registration-erased",
        lazy("The data of this registration has been erased."),
        lazy("We hold nothing of you for it any more, so there is nothing left to show or change."),
    )


def queued() -> Problem:
    """The other date is opened by lot at this moment."""
    return Problem(
        409,
        "queue-first",
        lazy("At the moment one comes to that date through the waiting room."),
        lazy("Please try again later. Your registration stays as it was."),
    )


def begun() -> Problem:
    """It is too late to change anything."""
    return Problem(
        409,
        "registration-closed",
        lazy("The activity has begun, so this can no longer be changed here."),
        lazy("Please speak to the staff at the door."),
    )


def of_conflict(error: IntegrityError) -> Exception:
    """What a unique index refused, as an answer; any other error as it is."""
    broken = error.orig
    if not isinstance(broken, UniqueViolation):
        return error
    if broken.diag.constraint_name in _ADDRESSES:
        return already_registered()
    # Two ticket codes of 40 random bits were alike: once in a lifetime, and then a second try does.
    return Problem(
        503,
        "temporarily-unavailable",
        lazy("Your registration could not be stored just now."),
        lazy("Please send it again. Nothing has been lost."),
    )
