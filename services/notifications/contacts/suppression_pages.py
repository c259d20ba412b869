"""The staff's pages for the suppression list."""

from __future__ import annotations

import uuid
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.chassis.auth import Principal
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, Problem
from services.chassis.reference import city
from services.notifications.contacts import labels, suppressing
from services.notifications.contacts.pages import Editor, Reader
from services.notifications.contacts.schemas import SuppressionIn
from services.notifications.contacts.suppressing import Wanted
from services.notifications.database import pages
from services.notifications.delivery.labels import CHANNEL_NAMES

PLACE = "/staff/contacts/suppressions"

router = APIRouter(prefix=PLACE)

DONE = {
    "blocked": lazy("Nothing is sent to this address any more."),
    "released": labels.RELEASED,
}


@router.get("")
def index(
    request: Request,
    principal: Reader,
    *,
    reason: str = "",
    since: str = "",
    until: str = "",
    cursor: str | None = None,
    done: str = "",
) -> Response:
    """The addresses that nothing is sent to, by reason and date."""
    wanted = Wanted(reason, _day(since), _day(until))
    return _page(request, principal, Form(), wanted, cursor=cursor, done=done)


def _day(text: str) -> date | None:
    """A day of the filter; what is none counts as not given."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _page(
    request: Request,
    principal: Principal,
    form: Form,
    wanted: Wanted,
    *,
    cursor: str | None = None,
    done: str = "",
    status: int = 200,
) -> Response:
    return pages.render(
        request,
        "contacts/suppressions.html",
        status,
        found=suppressing.listed(principal, wanted, cursor=cursor),
        wanted=wanted,
        filters=Form(
            {"reason": wanted.reason, "since": wanted.since or "", "until": wanted.until or ""}
        ),
        form=form,
        labels=labels,
        channels=CHANNEL_NAMES,
        may_edit=principal.may("contacts.edit"),
        done=DONE.get(done),
        zone=city().timezone,
    )


@router.post("")
def block(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Send nothing to an address from now on."""
    try:
        suppressing.block(principal, typed.parse(SuppressionIn))
    except Problem as problem:
        form = Form(typed.values(), _beside_address(problem))
        return _page(request, principal, form, Wanted(), status=problem.status)
    return RedirectResponse(f"{PLACE}?done=blocked", 303)


def _beside_address(problem: Problem) -> Invalid:
    """A refusal of the whole, said beside the address that it is about."""
    if isinstance(problem, Invalid):
        return problem
    return Invalid([FieldError("address", problem.title)])


@router.get("/undo")
def back_to_list() -> Response:
    """Somebody came back to the question's address: the address is not kept there."""
    return RedirectResponse(PLACE, 303)


@router.post("/undo")
def ask(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Ask for the reason. Nothing is changed yet."""
    return _ask(request, typed, Form(typed.values()))


def _ask(request: Request, typed: Typed, form: Form, status: int = 200) -> Response:
    address = typed.text("address")
    return pages.render(
        request,
        "contacts/release.html",
        status,
        title=_("Send to this address again?"),
        text=address,
        consequences=[
            _("Messages go there again, personal ones and broadcasts."),
            _("Bounces from before count no more. If it bounces again, it is blocked again."),
            _("Whoever stopped broadcasts still gets none."),
        ],
        button=_("Send to it again"),
        cancel_url=_back(typed),
        action=f"{PLACE}/undo/apply",
        fields=[("address", address), ("contact", typed.text("contact"))],
        form=form,
    )


def _back(typed: Typed) -> str:
    """The contact's page, when the question was asked there; else the list."""
    try:
        return f"/staff/contacts/{uuid.UUID(typed.text('contact'))}"
    except ValueError:
        return PLACE


@router.post("/undo/apply")
def release(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Do it, with the reason."""
    try:
        suppressing.release(principal, typed.parse(SuppressionIn))
    except Invalid as refused:
        return _ask(request, typed, Form(typed.values(), refused), 422)
    return RedirectResponse(f"{_back(typed)}?done=released", 303)
