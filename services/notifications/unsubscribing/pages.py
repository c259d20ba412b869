"""``/unsubscribe/{token}``: the GET asks, the POST does, because mail scanners open every link."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from services.chassis.forms import TypedForm
from services.chassis.i18n import gettext
from services.chassis.ratelimit import PublicRate
from services.notifications.database import pages
from services.notifications.unsubscribing import service

router = APIRouter()


@router.get("/unsubscribe/{token}")
def ask(request: Request, token: str, back: str = "") -> Response:
    """Whether broadcasts to this address are to stop, or that they have; ``back``: come again."""
    return pages.render(
        request,
        "unsubscribing/unsubscribe.html",
        standing=service.standing(token),
        token=token,
        back=bool(back),
    )


@router.post("/unsubscribe/{token}", dependencies=[PublicRate])
def stop(request: Request, token: str, typed: TypedForm) -> Response:
    """Stop them: from the page, or by the mail program's own button (RFC 8058)."""
    service.unsubscribe(token)
    if typed.text("List-Unsubscribe") == "One-Click":
        # A program asked: it follows no redirect and shows nothing (RFC 8058, section 3.1).
        return PlainTextResponse(gettext("Done."))
    return RedirectResponse(f"/unsubscribe/{token}", 303)


@router.post("/unsubscribe/{token}/undo", dependencies=[PublicRate])
def undo(request: Request, token: str) -> Response:
    """Let them come again."""
    service.subscribe_again(token)
    return RedirectResponse(f"/unsubscribe/{token}?back=1", 303)
