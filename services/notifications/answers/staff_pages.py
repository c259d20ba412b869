"""The staff's page of answers: who needs help first, who has not answered, who is safe."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import TypedForm
from services.chassis.lists import LARGEST_LIMIT
from services.chassis.sheets import Format, download
from services.notifications.answers import exporting, labels, reading
from services.notifications.answers.reading import GROUPS, Group
from services.notifications.broadcasts import reading as broadcasts
from services.notifications.database import pages
from services.notifications.delivery import labels as states

router = APIRouter(prefix="/staff/broadcasts")

Reader = Annotated[Principal, Depends(require("broadcasts.view"))]
Opener = Annotated[Principal, Depends(require("contacts.view"))]


@router.get("/{broadcast_id}/answers")
def index(
    request: Request,
    principal: Reader,
    broadcast_id: uuid.UUID,
    group: str = "",
    cursor: str | None = None,
) -> Response:
    """Those who need help before all others; one group alone when ``group`` says so."""
    return _page(request, principal, broadcast_id, group, cursor, opened=False)


@router.post("/{broadcast_id}/answers")
def opened(
    request: Request,
    principal: Opener,
    broadcast_id: uuid.UUID,
    group: str = "",
    cursor: str | None = None,
) -> Response:
    """The same with the addresses in full, which is noted in the audit trail."""
    broadcasts.note_opened(principal, broadcast_id, "answers")
    return _page(request, principal, broadcast_id, group, cursor, opened=True)


@router.post("/{broadcast_id}/answers/export")
def export(principal: Opener, broadcast_id: uuid.UUID, typed: TypedForm) -> Response:
    """Everybody who was asked, or one group, as a file with names and addresses; it is noted."""
    form: Format = "xlsx" if typed.text("format") == "xlsx" else "csv"
    only = next((one for one in GROUPS if one == typed.text("group")), None)
    name, heads, rows = exporting.export(principal, broadcast_id, form, only)
    return download(name, form, heads, rows, plain="answers")


def _page(
    request: Request,
    principal: Principal,
    broadcast_id: uuid.UUID,
    group: str,
    cursor: str | None,
    *,
    opened: bool,
) -> Response:
    chosen: list[Group] = [one for one in GROUPS if one == group]
    counts = reading.count(principal, broadcast_id)
    wanted = chosen or [one for one in GROUPS if getattr(counts, one)]
    return pages.render(
        request,
        "answers/staff.html",
        broadcast=broadcasts.read(principal, broadcast_id),
        answers=counts,
        lists=[
            (
                one,
                reading.listed(
                    principal,
                    broadcast_id,
                    one,
                    opened=opened,
                    cursor=cursor if chosen else None,
                    # Whoever needs help is never behind a second page of the first look.
                    limit=LARGEST_LIMIT if chosen or one == "help" else 20,
                ),
            )
            for one in wanted
        ],
        chosen=chosen[0] if chosen else "",
        opened=opened,
        may_open=principal.may("contacts.view"),
        labels=labels,
        states=states,
    )
