"""The organisation's pages: the request in steps, and the conversation about it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.database import utc_now
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import date_line, language
from services.chassis.i18n import gettext as _
from services.chassis.idempotency import fresh_once, once_per_form
from services.chassis.problems import Invalid, Problem
from services.chassis.ratelimit import PublicRate
from services.chassis.reference import TOPICS, city, district_name
from services.registration.bookings import form as steps
from services.registration.bookings import service
from services.registration.bookings.models import KIND_NAMES, ORGANISATION_NAMES, manage_token
from services.registration.bookings.schemas import MOST_TIMES, BookingIn, BookingOut, Chosen
from services.registration.bookings.words import WORDS, as_value, country_choices
from services.registration.database import pages
from services.registration.learning import quizzes
from services.registration.packs import service as packs

router = APIRouter()


@router.get("/bookings")
def first_step(request: Request) -> HTMLResponse:
    """What one can ask for, and the first step."""
    return _step(request, 1, Form(), [("_once", fresh_once())])


@router.post("/bookings", dependencies=[PublicRate])
def next_step(request: Request, typed: TypedForm) -> Response:
    """Go a step on or back, show the summary, or send the request.

    Going back checks nothing and loses nothing; going on checks the step that is left.
    """
    step = _number(typed.text("step"))
    match typed.text("go"):
        case "send":
            return _send(request, typed)
        case "back":
            return _step(request, max(step - 1, 1), Form(typed.values()), typed.fields)
        case "1" | "2" | "3" | "4" as chosen:
            return _step(request, int(chosen), Form(typed.values()), typed.fields)
    try:
        if step < steps.SUMMARY:
            steps.parse(typed, steps.STEPS[step - 1])
        if step >= len(steps.STEPS) or typed.text(steps.SEEN):
            return _summary(request, typed)
    except Invalid as invalid:
        return _again(request, typed, invalid, step)
    return _step(request, step + 1, Form(typed.values()), typed.fields)


def _number(text: str) -> int:
    return int(text) if text in ("1", "2", "3", "4", "5") else 1


def _send(request: Request, typed: Typed) -> Response:
    try:
        wanted = steps.parse(typed, BookingIn, language=language())
    except Invalid as invalid:
        return _again(request, typed, invalid, steps.step_of(invalid))
    done = service.request_booking(wanted, once_per_form(request, typed))
    return RedirectResponse(f"/bookings/{manage_token(done.id)}?new=1", 303)


def _again(request: Request, typed: Typed, invalid: Invalid, step: int) -> HTMLResponse:
    """The step with a sentence beside each field that needs another look."""
    shown = step if step < steps.SUMMARY else steps.step_of(invalid)
    form = Form(typed.values(), invalid)
    return _step(request, shown, form, typed.fields, status=422)


def _step(
    request: Request,
    step: int,
    form: Form,
    fields: list[tuple[str, str]],
    *,
    status: int = 200,
) -> HTMLResponse:
    return pages.render(
        request,
        "bookings/step.html",
        status,
        step=step,
        form=form,
        hidden=steps.carried(fields, step),
        step_names=[str(name) for name in steps.STEP_NAMES],
        kinds=[(code, str(name)) for code, name in KIND_NAMES.items()],
        organisations=[(code, str(name)) for code, name in ORGANISATION_NAMES.items()],
        districts=[(code, district_name(code)) for code in city().districts],
        topics=[(code, str(name)) for code, name in TOPICS.items()],
        countries=country_choices(),
        most_times=MOST_TIMES,
        most_destinations=steps.MOST_DESTINATIONS,
    )


def _summary(request: Request, typed: Typed) -> HTMLResponse:
    """Everything once more.

    Raises:
        Invalid: a step that was passed over is not filled in.
    """
    wanted = steps.parse(typed, BookingIn, language=language())
    fields = [*typed.fields, (steps.SEEN, "1")]
    return pages.render(
        request,
        "bookings/summary.html",
        wanted=wanted,
        zone=city().timezone,
        hidden=list(dict.fromkeys(steps.carried(fields, steps.SUMMARY))),
        **WORDS,
    )


@router.get("/bookings/{token}")
def conversation(request: Request, token: str, new: str = "") -> HTMLResponse:
    """Where the request stands, what the office said, and what can be done. ``new``: just sent."""
    return _conversation(request, token, service.look(token), new=bool(new))


def _conversation(
    request: Request,
    token: str,
    booking: BookingOut,
    *,
    new: bool = False,
    problem: Problem | None = None,
) -> HTMLResponse:
    return pages.render(
        request,
        "bookings/conversation.html",
        problem.status if problem else 200,
        booking=booking,
        token=token,
        new=new,
        problem=problem,
        pack=packs.of_request(booking),
        quizzes=quizzes.of_request(booking),
        offered=[moment for moment in booking.proposed_times if moment > utc_now()],
        **WORDS,
    )


@router.get("/bookings/{token}/accept")
def accept_page(request: Request, token: str, agreed_time: datetime) -> HTMLResponse:
    """Asks before a time is agreed."""
    booking = service.look(token)
    if booking.status != "proposed" or agreed_time not in booking.proposed_times:
        return _conversation(request, token, booking)
    return pages.render(
        request,
        "confirm.html",
        title=_("Agree to this time"),
        text=date_line(agreed_time, None, booking.timezone),
        consequences=[
            _("The office is told at once, and the time is kept for you."),
            _("You get a message with an entry for your calendar."),
        ],
        button=_("Agree"),
        cancel_url=f"/bookings/{token}",
        action=f"/bookings/{token}/accept",
        fields=[("agreed_time", as_value(agreed_time))],
    )


@router.post("/bookings/{token}/accept", dependencies=[PublicRate])
def accept(request: Request, token: str, typed: TypedForm) -> Response:
    """Agree to one of the times offered."""
    try:
        service.take_time(token, typed.parse(Chosen).agreed_time)
    except Invalid as invalid:
        sentence = invalid.errors[0].message
        problem = Problem(422, "invalid", sentence, _("Please choose again."))
        return _conversation(request, token, service.look(token), problem=problem)
    except Problem as problem:
        if problem.status != 409:
            raise
        return _conversation(request, token, service.look(token), problem=problem)
    return RedirectResponse(f"/bookings/{token}", 303)


@router.get("/bookings/{token}/withdraw")
def withdraw_page(request: Request, token: str) -> Response:
    """Asks before the request is taken back."""
    booking = service.look(token)
    if booking.status in ("withdrawn", "declined"):
        return RedirectResponse(f"/bookings/{token}", 303)
    consequences = [_("The office sees it and plans no session for you.")]
    if booking.status == "accepted":
        consequences.insert(0, _("The time that was agreed is given up."))
    return pages.render(
        request,
        "confirm.html",
        title=_("Withdraw the request"),
        text="",
        consequences=consequences,
        button=_("Withdraw"),
        cancel_url=f"/bookings/{token}",
        cancel_label=_("Keep it"),
        danger=True,
    )


@router.post("/bookings/{token}/withdraw", dependencies=[PublicRate])
def withdraw(token: str) -> Response:
    """Take the request back."""
    service.withdraw(token)
    return RedirectResponse(f"/bookings/{token}", 303)
