"""``/subscribe``: the form, the page behind the link of the mail, the page for the code."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.database import utc_now
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import language
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.chassis.ratelimit import PublicRate
from services.chassis.reference import countries
from services.notifications.database import pages
from services.notifications.preferences.choices import choices_to_offer
from services.notifications.subscribing import corrections, service
from services.notifications.subscribing.schemas import SubscriptionForm
from services.notifications.trips.words import days_of

router = APIRouter()


@router.get("/subscribe")
def form_page(request: Request, country: str = "", sent: str = "", typed: str = "") -> HTMLResponse:
    """The form; ``country`` (ISO 3166-1) is chosen beforehand, ``typed`` fills in all of it again.

    ``sent``: what to do now that it was sent.
    """
    if sent:
        return pages.render(request, "subscribing/sent.html", typed=sent)
    if values := corrections.opened(typed, utc_now()):
        return _form(request, Form(values), chosen=str(values.get("trip.country", "")))
    known = country.upper() if country.upper() in countries() else ""
    return _form(request, Form({"trip.country": known, "language": language()}), chosen=known)


@router.post("/subscribe", dependencies=[PublicRate])
def subscribe(request: Request, typed: TypedForm) -> Response:
    """Have the address asked, and say what to do now: the same for every address."""
    try:
        wanted = typed.parse(SubscriptionForm).wanted()
    except Invalid as invalid:
        return _form(request, Form(typed.values(), invalid), status=422)
    code_page = service.ask(wanted, once_per_form(request, typed))
    again = quote(corrections.sealed(typed, utc_now()))
    by_code = wanted.channel == "sms"
    way = (
        f"/subscribe/code/{code_page}?typed={again}" if by_code else f"/subscribe?sent={again or 1}"
    )
    return RedirectResponse(way, 303)


@router.get("/subscribe/code/{code_page}")
def code_form(request: Request, code_page: str, typed: str = "") -> HTMLResponse:
    """Where the code from the SMS is typed."""
    service.check_page(code_page)
    return pages.render(request, "subscribing/code.html", form=Form(), typed=typed)


@router.post("/subscribe/code/{code_page}", dependencies=[PublicRate])
def confirm_code(request: Request, code_page: str, typed: TypedForm) -> Response:
    """Take the code, then show one's choices."""
    try:
        token = service.confirm_code(code_page, typed.text("code"))
    except Invalid as invalid:
        form = Form(typed.values(), invalid)
        again = request.query_params.get("typed", "")
        return pages.render(
            request, "subscribing/code.html", invalid.status, form=form, typed=again
        )
    return RedirectResponse(f"/preferences/{token}?new=1", 303)


@router.get("/subscribe/{token}")
def ask(request: Request, token: str) -> Response:
    """What the link in the mail is about, and the button; mail scanners open it, too."""
    try:
        asked = service.asked(token)
    except Problem as problem:
        if problem.kind != "subscription-expired":
            raise
        return pages.render(request, "subscribing/expired.html", problem.status, problem=problem)
    return pages.render(request, "subscribing/confirm.html", asked=asked, days_of=days_of)


@router.post("/subscribe/{token}", dependencies=[PublicRate])
def confirm(request: Request, token: str) -> Response:
    """Subscribe the address, then show one's choices."""
    try:
        return RedirectResponse(f"/preferences/{service.confirm(token)}?new=1", 303)
    except Problem as problem:
        if problem.kind != "subscription-expired":
            raise
        return pages.render(request, "subscribing/expired.html", problem.status, problem=problem)


def _form(request: Request, form: Form, status: int = 200, **more: Any) -> HTMLResponse:  # noqa: ANN401
    return pages.render(
        request,
        "subscribing/form.html",
        status,
        form=form,
        **choices_to_offer(),
        **{"chosen": ""} | more,
    )
