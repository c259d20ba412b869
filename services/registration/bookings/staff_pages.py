"""The staff's pages of bookings: the list, one booking, and the three answers with a preview."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from pydantic import BaseModel

from services.chassis.auth import Principal, require
from services.chassis.database import utc_now
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import Lazy, date_line, lazy, speaking
from services.chassis.pages import with_query
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import city, district_name
from services.registration.bookings import form as fields
from services.registration.bookings import lists, service
from services.registration.bookings.models import (
    KIND_NAMES,
    MOVES,
    STATUS_NAMES,
    Status,
)
from services.registration.bookings.schemas import (
    MOST_TIMES,
    AcceptIn,
    BookingOut,
    DeclineIn,
    Planned,
    ProposeIn,
)
from services.registration.bookings.words import WORDS, as_value
from services.registration.database import database, pages
from services.registration.resources.arranging import occupancies
from services.registration.resources.choosing import offer
from services.registration.resources.occupancy import Holder
from services.registration.resources.spans import Span

router = APIRouter(prefix="/staff/bookings")

Viewer = Annotated[Principal, Depends(require("bookings.view"))]
Answerer = Annotated[Principal, Depends(require("bookings.answer"))]
Act = Literal["accept", "propose", "decline"]

ON_A_PAGE = 30


@dataclass(frozen=True)
class _Answer:
    """One way to answer: what is typed, what it leads to, and who does it."""

    reads: type[BaseModel]
    leads_to: Status
    do: Callable[[Principal, uuid.UUID, Any], BookingOut]
    title: Lazy


_ANSWERS: dict[Act, _Answer] = {
    "accept": _Answer(AcceptIn, "accepted", service.accept, lazy("Agree to a time")),
    "propose": _Answer(ProposeIn, "proposed", service.propose, lazy("Propose other times")),
    "decline": _Answer(DeclineIn, "declined", service.decline, lazy("Decline the request")),
}


@router.get("")
def list_page(
    request: Request,
    principal: Viewer,
    *,
    status: str = "",
    kind: str = "",
    district: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """The bookings that are theirs, the latest first. A filter that we do not know is left."""
    filters = lists.Filters(
        status=_known(status, MOVES),
        kind=_known(kind, KIND_NAMES),
        district=district if district in city().districts else None,
    )
    page = lists.bookings(principal, filters, cursor=cursor, limit=ON_A_PAGE)
    return pages.render(
        request,
        "bookings/staff_list.html",
        page=page,
        counts=lists.counts(principal, filters),
        narrowed=filters != lists.Filters(),
        form=Form({"status": status, "kind": kind, "district": district}),
        next_url=with_query(request, cursor=page.next_cursor) if page.next_cursor else None,
        statuses=[(code, str(name)) for code, name in STATUS_NAMES.items()],
        kinds=[(code, str(name)) for code, name in KIND_NAMES.items()],
        districts=[(code, district_name(code)) for code in city().districts],
        **WORDS,
    )


@router.get("/{booking_id}")
def booking_page(request: Request, booking_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One booking: what is asked, where it stands, and the answers that are possible."""
    booking = service.one(principal, booking_id)
    acts = [act for act, answer in _ANSWERS.items() if answer.leads_to in MOVES[booking.status]]
    with database.transaction() as session:
        planned = occupancies(session, Holder("booking", booking_id))
    return pages.render(
        request,
        "bookings/staff_booking.html",
        booking=booking,
        acts=acts if principal.may("bookings.answer") else [],
        planned=planned,
        **WORDS,
    )


@router.get("/{booking_id}/{act}")
def answer_page(
    request: Request, booking_id: uuid.UUID, act: Act, principal: Answerer
) -> HTMLResponse:
    """The form of one answer."""
    booking = service.one(principal, booking_id)
    first = next((as_value(moment) for moment in _to_come(booking)), "")
    values = {"agreed_time": first} if act == "accept" else {}
    return _form(request, principal, booking, act, values)


@router.post("/{booking_id}/{act}")
def answer(
    request: Request, booking_id: uuid.UUID, act: Act, principal: Answerer, typed: TypedForm
) -> Response:
    """Show what will be sent; on the second press send it."""
    booking = service.one(principal, booking_id)
    values = typed.values()
    if typed.text("go") == "change":
        return _form(request, principal, booking, act, values)
    chosen = _ANSWERS[act]
    # On the form "none" is an answer, not something left out.
    extra = {"venue_id": typed.text("venue_id")} if issubclass(chosen.reads, Planned) else {}
    try:
        wanted = fields.parse(typed, chosen.reads, **extra)
        if typed.text("go") != "send":
            return _preview(request, booking, act, wanted, typed.fields)
        chosen.do(principal, booking_id, wanted)
    except Invalid as invalid:
        return _form(request, principal, booking, act, values, problem=invalid)
    except Problem as problem:
        return _form(request, principal, booking, act, values, problem=problem)
    return RedirectResponse(f"/staff/bookings/{booking_id}", 303)


def _form(
    request: Request,
    principal: Principal,
    booking: BookingOut,
    act: Act,
    values: dict[str, Any],
    *,
    problem: Problem | None = None,
) -> HTMLResponse:
    holder = Holder("booking", booking.id)
    length = timedelta(minutes=booking.duration_minutes)
    # Times that are still to be proposed cannot be looked up beforehand.
    moments = _to_come(booking) if act == "accept" else []
    with database.transaction() as session:
        times = [Span(moment, moment + length) for moment in moments]
        offered = offer(session, principal, holder, times, booking.headcount)
    held = {
        "venue_id": offered.venue_id,
        "lecturer_ids": offered.lecturer_ids,
        "duration_minutes": booking.duration_minutes,
    }
    # Once a form was sent, what is not among its fields was left empty.
    form = Form(
        values if "go" in values else held | values,
        Invalid(problem.errors) if problem else None,
    )
    return pages.render(
        request,
        "bookings/staff_answer.html",
        problem.status if problem else 200,
        booking=booking,
        act=act,
        title=_ANSWERS[act].title,
        form=form,
        problem=None if isinstance(problem, Invalid) else problem,
        offered=offered,
        times=[
            (as_value(moment), date_line(moment, None, booking.timezone))
            for moment in _to_come(booking)
        ],
        most_times=MOST_TIMES,
        **WORDS,
    )


def _preview(
    request: Request,
    booking: BookingOut,
    act: Act,
    wanted: BaseModel,
    typed: list[tuple[str, str]],
) -> HTMLResponse:
    """What the organisation will read, in its own language."""
    said = wanted.model_dump(include={"agreed_time", "proposed_times", "answer"})
    changes = said | {"status": _ANSWERS[act].leads_to}
    after = booking.model_copy(update=changes)
    with speaking(booking.language):
        letter = pages.text("bookings/letter.html", {"booking": after})
    return pages.render(
        request,
        "bookings/staff_preview.html",
        booking=booking,
        act=act,
        title=_ANSWERS[act].title,
        letter=Markup(letter),  # noqa: S704 - rendered by our own template, escaped there
        hidden=[(name, text) for name, text in typed if name != "go"],
    )


def _to_come(booking: BookingOut) -> list[Any]:
    return [moment for moment in booking.proposed_times if moment > utc_now()]


def _known(text: str, names: Any) -> Any:  # noqa: ANN401 - a Literal of whichever table
    return text if text in names else None
