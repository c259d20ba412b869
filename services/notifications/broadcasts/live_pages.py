"""The live parts of a broadcast's page, and its recipients one by one."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.problems import Invalid
from services.chassis.sheets import Format, download
from services.notifications.answers import labels as answer_labels
from services.notifications.broadcasts import labels, live, reading, recipients
from services.notifications.database import pages
from services.notifications.delivery import labels as states

router = APIRouter(prefix="/staff/broadcasts")

Reader = Annotated[Principal, Depends(require("broadcasts.view"))]
Opener = Annotated[Principal, Depends(require("contacts.view"))]


def _readable(principal: Reader, broadcast_id: uuid.UUID) -> Principal:
    """Refuse before the stream begins: afterwards there is no status left to say it with."""
    reading.read(principal, broadcast_id)
    return principal


Watcher = Annotated[Principal, Depends(_readable)]


@router.get("/{broadcast_id}/live", response_class=EventSourceResponse)
async def follow(
    request: Request, broadcast_id: uuid.UUID, principal: Watcher, seen: str = ""
) -> AsyncIterator[ServerSentEvent]:
    """The live parts of the page as server-sent events, each as the HTML that replaces it.

    ``progress`` and ``answers`` carry HTML, ``status`` where it stands when that is not what the
    page shows (``seen``, :func:`.labels.standing`), and ``end`` says that nothing more will come.
    """
    shown, over = seen, False
    async for now in live.watch(principal, broadcast_id):
        stands = labels.standing(now.broadcast)
        if shown not in ("", stands):
            yield ServerSentEvent(event="status", raw_data=stands)
        shown, over = stands, live.is_over(now.broadcast)
        yield ServerSentEvent(
            event="progress",
            raw_data=await run_in_threadpool(
                _part,
                request,
                "broadcasts/progress.html",
                broadcast=now.broadcast,
                pace=now.pace,
                labels=labels,
                states=states,
            ),
        )
        if now.answers is not None:
            yield ServerSentEvent(
                event="answers",
                raw_data=await run_in_threadpool(
                    _part,
                    request,
                    "answers/summary.html",
                    broadcast=now.broadcast,
                    answers=now.answers,
                ),
            )
    if over:
        yield ServerSentEvent(event="end", raw_data="end")


def _part(request: Request, template: str, **context: Any) -> str:  # noqa: ANN401
    return bytes(pages.render(request, template, **context).body).decode()


@router.get("/{broadcast_id}/deliveries/{delivery_id}")
def history(
    request: Request, principal: Reader, broadcast_id: uuid.UUID, delivery_id: uuid.UUID
) -> Response:
    """What happened to one recipient's message, and what they answered."""
    may_open = principal.may("contacts.view")
    return pages.render(
        request,
        "broadcasts/recipient.html",
        broadcast=reading.read(principal, broadcast_id),
        one=recipients.history(principal, broadcast_id, delivery_id, opened=may_open),
        may_open=may_open,
        states=states,
        labels=labels,
        answer_labels=answer_labels,
    )


@router.post("/{broadcast_id}/find")
def find(
    request: Request, principal: Reader, broadcast_id: uuid.UUID, typed: TypedForm
) -> Response:
    """The messages to one address. It is sent in the body, so that it stands in no log."""
    found, form, status = None, Form(typed.values()), 200
    try:
        found = recipients.find(principal, broadcast_id, typed.text("address"))
    except Invalid as refused:
        form, status = Form(typed.values(), refused), 422
    return pages.render(
        request,
        "broadcasts/found.html",
        status,
        broadcast=reading.read(principal, broadcast_id),
        found=found,
        form=form,
        states=states,
    )


@router.post("/{broadcast_id}/export")
def export(principal: Opener, broadcast_id: uuid.UUID, typed: TypedForm) -> Response:
    """All recipients as a file, with their addresses; that it was taken is noted."""
    form: Format = "xlsx" if typed.text("format") == "xlsx" else "csv"
    title, heads, rows = recipients.export(principal, broadcast_id, form)
    return download(title, form, heads, rows, plain="broadcast")
