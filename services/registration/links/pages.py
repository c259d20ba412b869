"""The page for whoever has lost the link to a registration, and the same as a call."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import language
from services.chassis.problems import Invalid
from services.chassis.ratelimit import PublicRate
from services.registration.database import pages
from services.registration.links import service
from services.registration.links.service import LinksWanted

router = APIRouter()
api = APIRouter(tags=["registrations"])


@router.get("/registrations")
def form_page(request: Request, sent: str = "") -> HTMLResponse:
    """Asks for the address; ``sent``: what to do now."""
    if sent:
        return pages.render(request, "links/sent.html")
    return pages.render(request, "links/form.html", form=Form())


@router.post("/registrations", dependencies=[PublicRate])
def ask(request: Request, typed: TypedForm) -> Response:
    """Send the links, and say the same whether there are any or not."""
    try:
        service.ask(typed.parse(LinksWanted, language=language()))
    except Invalid as invalid:
        return pages.render(request, "links/form.html", 422, form=Form(typed.values(), invalid))
    return RedirectResponse("/registrations?sent=1", 303)


@api.post("/registrations/links", status_code=202, dependencies=[PublicRate])
def ask_by_call(wanted: LinksWanted) -> dict[str, str]:
    """Have the links to one's registrations sent again. The answer is always the same."""
    service.ask(wanted)
    return {"status": "accepted"}
