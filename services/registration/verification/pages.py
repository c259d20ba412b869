"""The page where a code is typed, and the one behind the link in a mail."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.chassis.database import utc_now
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.problems import Invalid, Problem
from services.chassis.ratelimit import PublicRate
from services.registration.database import pages
from services.registration.verification import confirming
from services.registration.verification.events import Channel

router = APIRouter()


@router.get("/registrations/{token}/verify")
def code_page(request: Request, token: str, sent: str = "") -> Response:
    """Where the code is typed; how long there is time. ``sent``: another code is on its way."""
    return _page(request, token, sent=bool(sent))


@router.post("/registrations/{token}/verify", dependencies=[PublicRate])
def verify(request: Request, token: str, typed: TypedForm) -> Response:
    """Take the code, then show the ticket."""
    code = typed.text("code")
    try:
        confirming.verify(token, code)
    except Invalid as invalid:
        return _page(request, token, form=Form({"code": code}, invalid), status=422)
    except Problem as problem:
        return _page(request, token, problem=problem, status=problem.status)
    return RedirectResponse(f"/registrations/{token}?new=1", 303)


@router.post("/registrations/{token}/verify/resend", dependencies=[PublicRate])
def resend(request: Request, token: str, typed: TypedForm) -> Response:
    """Send another code, then show the same page."""
    chosen = typed.text("channel")
    channel = cast("Channel", chosen) if chosen in ("email", "sms") else None
    try:
        confirming.resend(token, channel)
    except Problem as problem:
        return _page(request, token, problem=problem, status=problem.status)
    return RedirectResponse(f"/registrations/{token}/verify?sent=1", 303)


@router.get("/registrations/{token}/verify/{proof}")
def link_page(request: Request, token: str, proof: str) -> Response:
    """Asks for one press: whatever opens the links of a mail by itself changes nothing."""
    confirming.must_be_proof(token, proof)
    pending = confirming.pending(token)
    if pending.registration.status != "unverified" or pending.expired:
        return _page(request, token)
    return pages.render(
        request,
        "confirm.html",
        title=_("Confirm your registration"),
        text=_("Please confirm that you have registered for “%(title)s”.")
        % {"title": localized(pending.registration.activity.title)},
        button=_("Confirm"),
        cancel_url=f"/registrations/{token}/cancel",
        cancel_label=_("Cancel the registration"),
    )


@router.post("/registrations/{token}/verify/{proof}", dependencies=[PublicRate])
def verify_by_link(request: Request, token: str, proof: str) -> Response:
    """Confirm, then show the ticket."""
    try:
        confirming.verify_by_link(token, proof)
    except Problem as problem:
        if problem.status == 404:
            raise
        return _page(request, token, problem=problem, status=problem.status)
    return RedirectResponse(f"/registrations/{token}?new=1", 303)


def _page(
    request: Request,
    token: str,
    *,
    form: Form | None = None,
    problem: Problem | None = None,
    sent: bool = False,
    status: int = 200,
) -> Response:
    pending = confirming.pending(token)
    registration = pending.registration
    if registration.status not in ("unverified", "cancelled"):
        return RedirectResponse(f"/registrations/{token}", 303)
    if registration.status == "cancelled" and registration.cancel_cause != "expired":
        return RedirectResponse(f"/registrations/{token}", 303)
    return pages.render(
        request,
        "verification/expired.html" if pending.expired else "verification/code.html",
        status,
        pending=pending,
        registration=registration,
        activity=registration.activity,
        token=token,
        form=form or Form(),
        problem=problem,
        sent=sent,
        now=utc_now(),
    )
