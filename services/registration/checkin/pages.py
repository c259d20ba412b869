"""The door's pages: which activity, then one page for a telephone that is held in one hand.

Everything here works as plain forms. ``web/scripts/pages/door.js`` takes the page over where it
runs: camera, queue of scans, no network.
"""

from __future__ import annotations

import uuid
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.database import new_id, utc_now
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, Problem
from services.registration.checkin import lists, scans, walk_ins, words
from services.registration.checkin.schemas import ConfirmIn, ScanIn, ScansIn, WalkInIn
from services.registration.checkin.shell import HEADERS, worker_script
from services.registration.database import pages
from services.registration.registrations.tickets import spaced

router = APIRouter(prefix="/staff/checkin")

Doorkeeper = Annotated[Principal, Depends(require("registrations.check-in"))]


@router.get("")
def choose_page(request: Request, principal: Doorkeeper) -> HTMLResponse:
    """Today's activities, to choose whose door this is."""
    return pages.render(request, "checkin/choose.html", day=lists.day(principal))


@router.get("/worker.js")
def worker() -> Response:
    """The service worker, at the only place from where it may serve the door's pages.

    It holds nothing secret, and a browser asks for it by itself: nobody has to be signed in.
    """
    return Response(
        worker_script(), media_type="text/javascript", headers={"Cache-Control": "no-cache"}
    )


@router.get("/{activity_id}")
def door_page(
    request: Request,
    activity_id: uuid.UUID,
    principal: Doorkeeper,
    q: str = "",
    scan: uuid.UUID | None = None,
) -> HTMLResponse:
    """The door. ``scan``: the one whose result is shown; ``q``: the words to search for."""
    return _door(
        request, principal, activity_id, Form({"q": q, "party_size": "1"}), scan=scan, words_=q
    )


@router.get("/{activity_id}/shell")
def shell_page(request: Request, activity_id: uuid.UUID, principal: Doorkeeper) -> HTMLResponse:
    """The same page without anybody on it: what a browser keeps for when there is no network."""
    found = lists.doorway(principal, activity_id, None)
    return _rendered(
        request,
        form=Form({"party_size": "1"}),
        activity=found.activity,
        counts=None,
        scan=None,
        last=(),
        conflicts=(),
        results=None,
        problem=None,
    )


@router.get("/{activity_id}/awake")
def awake(activity_id: uuid.UUID, principal: Doorkeeper) -> Response:
    """Nothing but a fresh sign-in: an open door asks now and then, and identity renews it."""
    lists.etag(principal, activity_id)  # refuses whoever may not see this door any more
    return Response(status_code=204)


@router.post("/{activity_id}")
def scan_typed(
    request: Request, activity_id: uuid.UUID, principal: Doorkeeper, typed: TypedForm
) -> Response:
    """A code that was typed, or a name that was chosen from the list."""
    given = {
        "ticket_code": typed.text("code").strip() or None,
        "registration_id": typed.text("registration_id") or None,
        "people": typed.text("people").strip() or None,
    }
    if given["ticket_code"] is None and given["registration_id"] is None:
        empty = Invalid([FieldError("code", lazy("Please type the code of a ticket."))])
        return _refused(request, principal, activity_id, typed.values(), empty)
    try:
        wanted = typed.parse(ScanIn, id=new_id(), at=utc_now(), **given)
    except Invalid as error:
        return _refused(request, principal, activity_id, typed.values(), error)
    found = scans.record(principal, activity_id, ScansIn(scans=[wanted]))
    return _shown(activity_id, found.results[0].id)


@router.post("/{activity_id}/scans/{scan_id}/undo")
def undo(activity_id: uuid.UUID, scan_id: uuid.UUID, principal: Doorkeeper) -> Response:
    """Take a scan back."""
    return _shown(activity_id, scans.undo(principal, activity_id, scan_id).id)


@router.post("/{activity_id}/walk-ins")
def walk_in(
    request: Request, activity_id: uuid.UUID, principal: Doorkeeper, typed: TypedForm
) -> Response:
    """Somebody who has not registered. The form carries the id, so that twice is once."""
    try:
        wanted = typed.parse(WalkInIn)
        found = walk_ins.walk_in(principal, activity_id, wanted)
    except Problem as problem:
        return _refused(request, principal, activity_id, typed.values(), problem)
    return _shown(activity_id, found.id)


@router.post("/{activity_id}/registrations/{registration_id}/confirm")
def confirm(
    request: Request,
    activity_id: uuid.UUID,
    registration_id: uuid.UUID,
    principal: Doorkeeper,
    typed: TypedForm,
) -> Response:
    """A party that waits and is here."""
    try:
        wanted = typed.parse(ConfirmIn)
        found = walk_ins.confirm(principal, activity_id, registration_id, wanted)
    except Problem as problem:
        return _refused(request, principal, activity_id, {}, problem)
    return _shown(activity_id, found.id)


def _shown(activity_id: uuid.UUID, scan_id: uuid.UUID) -> Response:
    query = urlencode({"scan": str(scan_id)})
    return RedirectResponse(f"/staff/checkin/{activity_id}?{query}#result", 303)


def _refused(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    values: dict[str, object],
    problem: Problem,
) -> HTMLResponse:
    if problem.status in (403, 404):
        raise problem
    form = Form({"party_size": "1"} | values, problem if isinstance(problem, Invalid) else None)
    return _door(request, principal, activity_id, form, problem=problem)


def _door(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    form: Form,
    *,
    scan: uuid.UUID | None = None,
    words_: str = "",
    problem: Problem | None = None,
) -> HTMLResponse:
    found = lists.doorway(principal, activity_id, scan)
    results = lists.search(principal, activity_id, words_) if words_.strip() else None
    return _rendered(
        request,
        problem.status if problem else 200,
        form=form,
        activity=found.activity,
        counts=found.counts,
        scan=found.scan,
        last=found.last,
        conflicts=found.conflicts,
        results=results,
        problem=None if isinstance(problem, Invalid) else problem,
    )


def _rendered(request: Request, status: int = 200, **context: object) -> HTMLResponse:
    page = pages.render(
        request,
        "checkin/door.html",
        status,
        fresh_id=lambda: str(new_id()),
        spaced=spaced,
        sentence=words.sentence,
        tones=words.TONES,
        script_words=words.for_script(),
        **context,
    )
    page.headers.update(HEADERS)
    return page
