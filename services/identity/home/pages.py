"""The staff home: a greeting, and what each service shows of today's work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from services.chassis.auth import AnyStaff
from services.chassis.database import utc_now
from services.chassis.i18n import Lazy, lazy
from services.chassis.reference import city
from services.identity.database import pages

router = APIRouter()


@dataclass(frozen=True)
class Part:
    """What one service shows of today; the page works without it when the service is away.

    Attributes:
        address: where the fragment is.
        permission: who may see it.
        instead: the page that is offered when the fragment does not come.
    """

    title: Lazy
    address: str
    permission: str
    instead: str
    instead_title: Lazy


PARTS = (
    Part(
        lazy("Activities and bookings"),
        "/staff/today/registration",
        "activities.view",
        "/staff/activities",
        lazy("Open the activities"),
    ),
    Part(
        lazy("Broadcasts and deliveries"),
        "/staff/today/notifications",
        "broadcasts.view",
        "/staff/broadcasts",
        lazy("Open the broadcasts"),
    ),
    Part(
        lazy("Library and advisories"),
        "/staff/today/content",
        "materials.view",
        "/staff/advisories",
        lazy("Open the advisories"),
    ),
)

# From which hour on, on the city's clock, one greets how.
_GREETINGS = (
    (18, lazy("Good evening, %(name)s")),
    (12, lazy("Good afternoon, %(name)s")),
    (5, lazy("Good morning, %(name)s")),
    (0, lazy("Good evening, %(name)s")),
)


def greeting(now: datetime, name: str) -> str:
    """A greeting by the time of day in the city's zone."""
    hour = now.astimezone(ZoneInfo(city().timezone)).hour
    words = next(words for since, words in _GREETINGS if hour >= since)
    return str(lazy(words.message, name=name))


@router.get("/staff")
def home(request: Request, principal: AnyStaff) -> Response:
    """Today's work."""
    now = utc_now()
    return pages.render(
        request,
        "home/home.html",
        now=now,
        greeting=greeting(now, principal.name),
        parts=[part for part in PARTS if principal.may(part.permission)],
    )
