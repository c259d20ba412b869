"""The pages of signing in: the form, the renewal that nobody sees, signing out."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.chassis.auth import SESSION_COOKIE, SessionStale, SignInNeeded, authenticate
from services.chassis.forms import Form, TypedForm
from services.chassis.problems import Invalid, Problem
from services.chassis.ratelimit import PublicRate
from services.identity.database import pages
from services.identity.signin import service
from services.identity.signin.cookies import (
    DEVICE_COOKIE,
    drop_credential,
    keep_credential,
    keep_device,
)
from services.identity.signin.devices import device_words
from services.identity.signin.schemas import SignIn
from services.identity.signin.ways_back import local_path

router = APIRouter()

SIGN_IN = "/staff/sign-in"


@router.get(SIGN_IN)
def show(request: Request, next: str = "", left: str = "") -> Response:
    """The form. Whoever is signed in already goes on at once."""
    if request.headers.get("hx-request"):
        return _whole_page(request)
    way = local_path(next)
    try:
        if authenticate(request) is not None:
            return RedirectResponse(way, 303)
    except SessionStale:
        return RedirectResponse(f"/staff/session/renew?next={quote(way)}", 303)
    except (SignInNeeded, Problem):
        pass  # nobody is signed in, and the form is there for that
    return pages.render(
        request, "signin/sign_in.html", form=Form(), next=way, signed_out=left == "1"
    )


def _whole_page(request: Request) -> Response:
    """A part of a page was asked for after the session had ended: have the whole page sign in."""
    here = urlsplit(request.headers.get("hx-current-url", ""))
    way = local_path(here.path + (f"?{here.query}" if here.query else ""))
    return Response(status_code=200, headers={"HX-Redirect": f"{SIGN_IN}?next={quote(way)}"})


@router.post(SIGN_IN, dependencies=[PublicRate])
def sign_in(request: Request, typed: TypedForm) -> Response:
    """Begin a session and go where the person was going."""
    way = local_path(typed.text("next"))
    try:
        signed_in = service.sign_in(
            typed.parse(SignIn),
            device=request.cookies.get(DEVICE_COOKIE),
            device_words=device_words(request.headers.get("user-agent", "")),
        )
    except Problem as problem:
        refused = problem if isinstance(problem, Invalid) else None
        return pages.render(
            request,
            "signin/sign_in.html",
            problem.status,
            form=Form(typed.values(), refused),
            next=way,
            signed_out=False,
            problem=None if refused else problem,
        )
    response = RedirectResponse(way, 303)
    keep_credential(response, signed_in.credential)
    keep_device(response, signed_in.device)
    return response


@router.get("/staff/session/renew")
def renew(request: Request, next: str = "") -> Response:
    """A fresh credential for a session that lives, and back to the page that was asked for.

    A GET that changes nothing but when the session was last seen: every service sends staff
    through here every few minutes.
    """
    way = local_path(next)
    try:
        credential = service.renew(request.cookies.get(SESSION_COOKIE, ""))
    except SignInNeeded:
        response = RedirectResponse(f"{SIGN_IN}?next={quote(way)}", 303)
        drop_credential(response)
        return response
    response = RedirectResponse(way, 303)
    keep_credential(response, credential)
    # A redirect that a browser kept would hand out an old credential.
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/staff/sign-out")
def sign_out(request: Request) -> Response:
    """End the session, in every service, and show the form again."""
    service.sign_out(request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse(f"{SIGN_IN}?left=1", 303)
    drop_credential(response)
    return response
