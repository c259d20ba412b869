"""The gate before a registration: nothing in the ordinary, a proof or a place in line in a rush."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from services.chassis import crypto
from services.chassis.auth import authenticate
from services.chassis.database import utc_now
from services.chassis.forms import Typed
from services.chassis.i18n import lazy
from services.chassis.idempotency import Once
from services.chassis.problems import Problem
from services.chassis.ratelimit import is_local
from services.chassis.settings import settings
from services.registration.activities.schemas import ActivityOut
from services.registration.database import database
from services.registration.rush import line, proof
from services.registration.rush.pressure import pressure_on

PROOF_FIELD = "altcha"  # the widget's own name
TURN_FIELD = "_turn"
PROOF_HEADER = "proof-of-work"
PLACE_HEADER = "queue-place"
_A_DAY = 86_400


@dataclass(frozen=True)
class Brought:
    """What came with a request to get past the gate; empty where nothing came.

    Attributes:
        proof: a solved challenge.
        turn: a turn, in place of a proof; ``None`` where none are given (programs can work).
        place: the signed id of a place in line.
    """

    proof: str
    turn: str | None
    place: str

    @classmethod
    def in_form(cls, request: Request, typed: Typed, activity_id: uuid.UUID) -> Brought:
        """In a page's form and cookie."""
        place = request.cookies.get(cookie_name(activity_id), "")
        return cls(typed.text(PROOF_FIELD), typed.text(TURN_FIELD), place)

    @classmethod
    def in_call(cls, request: Request) -> Brought:
        """In a call's headers."""
        headers = request.headers
        return cls(headers.get(PROOF_HEADER, ""), None, headers.get(PLACE_HEADER, ""))


@contextmanager
def passed(
    request: Request, activity_id: uuid.UUID, once: Once, brought: Brought
) -> Iterator[None]:
    """Get past the gate, then register inside. A place in line is given back when that is refused.

    A program with a staff key and, but for the line, somebody on the machine itself need nothing.

    Raises:
        Problem: 428 ``queue-first``, ``proof-needed``, ``proof-not-valid`` or ``turn-not-yet``;
            429 ``too-many-turns``.
    """
    now = utc_now()
    pressure = pressure_on(activity_id)
    if pressure.queued(now) and not _staff_program(request):
        place_id, fresh = _use_place(activity_id, brought.place, once.content, now)
        try:
            yield
        except Problem:
            if fresh:
                with database.transaction() as session:
                    line.give_back(session, place_id)
            raise
        return
    if pressure.crowded and not is_local(request) and not _staff_program(request):
        show_work(activity_id, brought, once.content, now)
    yield


def show_work(activity_id: uuid.UUID, brought: Brought, used_by: str, now: datetime) -> None:
    """Take a proof or a turn; whoever has neither is given a turn, if they may have one.

    Raises:
        Problem: as :func:`passed`.
    """
    given = None
    with database.transaction() as session:
        if brought.proof:
            proof.use_solution(session, activity_id, brought.proof, used_by)
        elif brought.turn:
            proof.use_turn(session, activity_id, brought.turn, used_by, now)
        elif brought.turn is None:
            raise _proof_needed(activity_id)
        else:
            given = proof.give_turn(session, activity_id, now)
    if given:
        raise proof.TurnNotYet(*given, now)  # after the commit: the turn is theirs


def before_form(request: Request, activity: ActivityOut) -> Response | None:
    """The way to the waiting room, for whoever opens a form that is reached through the line."""
    now = utc_now()
    pressure = pressure_on(activity.id)
    if activity.intake == "not-open" and pressure.opens_at is not None:
        return RedirectResponse(f"/activities/{activity.slug}/queue", 303)
    if activity.intake not in ("open", "waiting") or not pressure.queued(now):
        return None
    place_id = place_of(request, activity.id)
    with database.transaction() as session:
        standing = line.look(session, activity.id, place_id, now) if place_id else None
    if standing is not None and standing.state == "admitted":
        return None
    return RedirectResponse(f"/activities/{activity.slug}/queue", 303)


def asks_for_work(request: Request, activity_id: uuid.UUID) -> bool:
    """Whether the form shows the widget."""
    pressure = pressure_on(activity_id)
    return pressure.crowded and not pressure.queued(utc_now()) and not is_local(request)


def cookie_name(activity_id: uuid.UUID) -> str:
    """The cookie that holds somebody's place in one activity's line."""
    return f"lingbao_queue_{activity_id.hex[-12:]}"


def keep_place(response: Response, activity_id: uuid.UUID, place_id: uuid.UUID) -> None:
    """Have the browser keep a place."""
    response.set_cookie(
        cookie_name(activity_id),
        place_token(place_id),
        max_age=_A_DAY,
        path="/activities",
        httponly=True,
        samesite="lax",
        secure=settings().is_https,
    )


def place_token(place_id: uuid.UUID) -> str:
    """A place's signed id, which its holder keeps."""
    return crypto.sign_id("queue-place", place_id)


def read_place(token: str) -> uuid.UUID | None:
    """The place of a token; ``None`` when it is none of ours."""
    try:
        return crypto.read_id("queue-place", token)
    except crypto.TokenError:
        return None


def place_of(request: Request, activity_id: uuid.UUID) -> uuid.UUID | None:
    """The place that the browser keeps."""
    return read_place(request.cookies.get(cookie_name(activity_id), ""))


def _use_place(
    activity_id: uuid.UUID, token: str, used_by: str, now: datetime
) -> tuple[uuid.UUID, bool]:
    place_id = read_place(token)
    if place_id is not None:
        with database.transaction() as session:
            if taken := line.use(session, activity_id, place_id, used_by, now):
                return place_id, taken == "fresh"
    raise Problem(
        428,
        "queue-first",
        lazy("At the moment one comes to this form through the waiting room."),
        lazy("Please take a place in line; when it is your turn, you have ten minutes."),
        queue=f"/api/registration/v1/activities/{activity_id}/queue",
    )


def _staff_program(request: Request) -> bool:
    return "authorization" in request.headers and authenticate(request) is not None


def _proof_needed(activity_id: uuid.UUID) -> Problem:
    return Problem(
        428,
        "proof-needed",
        lazy("Many people are registering at this moment."),
        lazy("Please solve the challenge and send the solution in the header Proof-Of-Work."),
        challenge=f"/api/registration/v1/activities/{activity_id}/challenge",
    )
