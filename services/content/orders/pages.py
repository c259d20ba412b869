"""The public catalogue and the form for ordering, all of it without a script."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import language, localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid
from services.chassis.ratelimit import PublicRate
from services.chassis.reference import district_name
from services.content.database import pages
from services.content.orders import desks, links, places, service
from services.content.orders.links import LinksWanted
from services.content.orders.models import order_token
from services.content.orders.schemas import (
    MOST_TITLES,
    DeskForm,
    DoorForm,
    OrderIn,
    OrganisationForm,
)
from services.content.orders.serving import TooFew
from services.content.orders.words import words
from services.content.stock import reading
from services.content.stock.schemas import TitleOut

site = APIRouter()

# How it is to be had, and the model of each form.
_FORMS: Final[dict[str, type[OrderIn]]] = {
    "door": DoorForm,
    "desk": DeskForm,
    "organisation": OrganisationForm,
}


@site.get("/orders")
def catalogue(request: Request) -> HTMLResponse:
    """What can be ordered, each title with where there is stock; a basket is chosen here."""
    return _catalogue(request, Form(dict(request.query_params)))


def _catalogue(request: Request, form: Form, *, nothing: bool = False) -> HTMLResponse:
    return pages.render(
        request,
        "orders/catalogue.html",
        422 if nothing else 200,
        titles=reading.offered(),
        desks=desks.open_desks(),
        form=form,
        nothing=nothing,
        **words(),
    )


@site.get("/orders/new")
def form_page(request: Request, to: str = "door") -> HTMLResponse:
    """The form for what was chosen in the catalogue; nothing chosen leads back there."""
    values = dict(request.query_params)
    if not _chosen(values):
        return _catalogue(request, Form(values), nothing=True)
    return _form_page(request, to, Form(values))


@site.post("/orders/new", dependencies=[PublicRate])
def place(request: Request, typed: TypedForm) -> Response:
    """Order. What cannot be is said beside its field, and nothing typed is lost."""
    to = typed.text("to")
    try:
        wanted = typed.parse(_FORMS.get(to, DoorForm), language=language())
        done = service.place(wanted, once_per_form(request, typed))
    except Invalid as error:
        return _form_page(request, to, Form(typed.values(), error), error)
    return RedirectResponse(f"/orders/{order_token(done.id)}?new=1", 303)


@site.get("/orders/lost")
def lost_page(request: Request, sent: str = "") -> HTMLResponse:
    """Asks for the address that was given when ordering; ``sent``: what to do now."""
    return pages.render(request, "orders/lost.html", form=Form(), sent=bool(sent))


@site.post("/orders/lost", dependencies=[PublicRate])
def ask(request: Request, typed: TypedForm) -> Response:
    """Send the links, and say the same whether there are any or not."""
    try:
        links.ask(typed.parse(LinksWanted, language=language()))
    except Invalid as error:
        form = Form(typed.values(), error)
        return pages.render(request, "orders/lost.html", 422, form=form, sent=False)
    return RedirectResponse("/orders/lost?sent=1", 303)


def _chosen(values: dict[str, Any]) -> list[TitleOut]:
    """The offered titles of which a form has a number, in the order of the catalogue."""
    wanted = {
        name.removeprefix("copies.")
        for name, text in values.items()
        if name.startswith("copies.") and str(text).strip() not in ("", "0")
    }
    return [title for title in reading.offered() if title.slug in wanted][:MOST_TITLES]


def _form_page(request: Request, to: str, form: Form, error: Invalid | None = None) -> HTMLResponse:
    open_desks = desks.open_desks()
    by_district: dict[str, list[tuple[str, str]]] = {}
    for desk in open_desks:
        name = f"{localized(desk.name)} · {localized(desk.hours)}"
        by_district.setdefault(district_name(desk.district), []).append((str(desk.id), name))
    return pages.render(
        request,
        "orders/form.html",
        422 if error else 200,
        form=form,
        to=to if to in _FORMS else "door",
        titles=_chosen(form.values),
        desk_options=list(by_district.items()),
        subdistricts=places.names("subdistrict"),
        communities=places.names("community"),
        take_less=isinstance(error, TooFew) and error.some,
        copies={name: text for name, text in form.values.items() if name.startswith("copies.")},
        **words(),
    )
