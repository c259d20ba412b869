"""The pages of whoever ordered: where it stands, another address, cancel, has it come, erase."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy
from services.chassis.problems import Invalid, Problem
from services.chassis.ratelimit import PublicRate
from services.content.database import pages
from services.content.orders import erasing, places, service
from services.content.orders.moves import OPEN, OVER
from services.content.orders.schemas import AddressPatch, OrderOut
from services.content.orders.words import words

site = APIRouter(prefix="/orders/{token}")


@site.get("")
def order_page(request: Request, token: str, new: str = "") -> HTMLResponse:
    """Where the order stands and what can be done. ``new``: just placed."""
    return _order_page(request, token, service.look(token), new=bool(new))


@site.get("/address")
def address_page(request: Request, token: str) -> Response:
    """The form with the address as it is."""
    order = service.look(token)
    if order.state not in OPEN or order.address is None:
        return RedirectResponse(f"/orders/{token}", 303)
    filled = {f"address.{name}": text for name, text in order.address.model_dump().items()}
    return _address_page(request, token, Form(filled))


@site.post("/address", dependencies=[PublicRate])
def readdress(request: Request, token: str, typed: TypedForm) -> Response:
    """Keep another address."""
    try:
        service.readdress(token, typed.parse(AddressPatch).address)
    except Invalid as error:
        return _address_page(request, token, Form(typed.values(), error), status=422)
    except Problem as problem:
        return _refused(request, token, problem)
    return RedirectResponse(f"/orders/{token}", 303)


@site.get("/cancel")
def cancel_page(request: Request, token: str) -> Response:
    """Asks before the order is cancelled."""
    order = service.look(token)
    if order.state not in OPEN:
        return RedirectResponse(f"/orders/{token}", 303)
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Cancel the order %(number)s?", number=order.spaced),
        text="",
        consequences=[lazy("The copies are free for others at once; nothing is sent to you.")],
        button=lazy("Cancel the order"),
        cancel_url=f"/orders/{token}",
        cancel_label=lazy("Keep it"),
        danger=True,
    )


@site.post("/cancel", dependencies=[PublicRate])
def cancel(request: Request, token: str) -> Response:
    """Cancel it."""
    try:
        service.cancel(token)
    except Problem as problem:
        return _refused(request, token, problem)
    return RedirectResponse(f"/orders/{token}", 303)


@site.post("/arrived", dependencies=[PublicRate])
def arrived(request: Request, token: str) -> Response:
    """It is there."""
    try:
        service.arrived(token)
    except Problem as problem:
        return _refused(request, token, problem)
    return RedirectResponse(f"/orders/{token}", 303)


@site.post("/missing", dependencies=[PublicRate])
def missing(request: Request, token: str) -> Response:
    """It has not come."""
    try:
        service.missing(token)
    except Problem as problem:
        return _refused(request, token, problem)
    return RedirectResponse(f"/orders/{token}", 303)


@site.get("/erase")
def erase_page(request: Request, token: str) -> Response:
    """Asks before everything personal is erased."""
    order = service.look(token)
    if order.state not in OPEN and order.state not in OVER:
        return RedirectResponse(f"/orders/{token}", 303)
    consequences = [
        lazy("Your name, your address and how to reach you are erased at once, and for good."),
        lazy("This link says from then on that the data has been erased."),
        lazy(
            "An encoded trace of your number and door stays until your copies no longer count "
            "for the limit per person; nobody can read it."
        ),
    ]
    if order.state in OPEN:
        consequences.insert(0, lazy("The order is cancelled first; nothing is sent to you."))
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Erase the data of this order?"),
        text="",
        consequences=consequences,
        button=lazy("Erase it"),
        cancel_url=f"/orders/{token}",
        danger=True,
    )


@site.post("/erase", dependencies=[PublicRate])
def erase(request: Request, token: str) -> Response:
    """Erase it."""
    try:
        erasing.erase_own(token)
    except Problem as problem:
        return _refused(request, token, problem)
    return pages.render(request, "orders/erased.html")


def _refused(request: Request, token: str, problem: Problem) -> HTMLResponse:
    """The order's page with what could not be done; anything else is an error of its own."""
    if problem.status != 409:
        raise problem
    return _order_page(request, token, service.look(token), problem=problem)


def _order_page(
    request: Request,
    token: str,
    order: OrderOut,
    *,
    new: bool = False,
    problem: Problem | None = None,
) -> HTMLResponse:
    return pages.render(
        request,
        "orders/order.html",
        problem.status if problem else 200,
        order=order,
        token=token,
        new=new,
        problem=problem,
        is_open=order.state in OPEN,
        is_over=order.state in OVER,
        **words(),
    )


def _address_page(request: Request, token: str, form: Form, *, status: int = 200) -> HTMLResponse:
    return pages.render(
        request,
        "orders/address.html",
        status,
        form=form,
        token=token,
        subdistricts=places.names("subdistrict"),
        communities=places.names("community"),
        **words(),
    )
