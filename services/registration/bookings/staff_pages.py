"""The staff's pages of bookings: the list, one booking, and the three answers with a preview."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
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
    ProposeIn,
)
from services.registration.bookings.words import WORDS, as_value
from services.registration.database import pages

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
    return pages.render(
        request,
        "bookings/staff_booking.html",
        booking=booking,
        acts=acts if principal.may("bookings.answer") else [],
        **WORDS,
    )


@router.get("/{booking_id}/{act}")
def answer_page(
    request: Request, booking_id: uuid.UUID, act: Act, principal: Answerer
) -> HTMLResponse:
    """The form of one answer."""
    booking = service.one(principal, booking_id)
    first = next((as_value(moment) for moment in _to_come(booking)), "")
    return _form(request, booking, act, Form({"agreed_time": first} if act == "accept" else {}))


@router.post("/{booking_id}/{act}")
def answer(
    request: Request, booking_id: uuid.UUID, act: Act, principal: Answerer, typed: TypedForm
) -> Response:
    """Show what will be sent; on the second press send it."""
    booking = service.one(principal, booking_id)
    form = Form(typed.values())
    if typed.text("go") == "change":
        return _form(request, booking, act, form)
    chosen = _ANSWERS[act]
    try:
        wanted = fields.parse(typed, chosen.reads)
        if typed.text("go") != "send":
            return _preview(request, booking, act, wanted, typed.fields)
        chosen.do(principal, booking_id, wanted)
    except Invalid as invalid:
        return _form(request, booking, act, Form(typed.values(), invalid), status=422)
    except Problem as problem:
        return _form(request, booking, act, form, status=problem.status, problem=problem)
    return RedirectResponse(f"/staff/bookings/{booking_id}", 303)


def _form(
    request: Request,
    booking: BookingOut,
    act: Act,
    form: Form,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
    return pages.render(
        request,
        "bookings/staff_answer.html",
        status,
        booking=booking,
        act=act,
        title=_ANSWERS[act].title,
        form=form,
        problem=problem,
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
    changes = wanted.model_dump() | {"status": _ANSWERS[act].leads_to}
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
