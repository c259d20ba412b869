"""The staff's pages for messages to which no answer came: send them again, or count them."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import gettext, lazy, ngettext
from services.chassis.lists import LARGEST_LIMIT
from services.chassis.problems import NotFound
from services.chassis.reference import city
from services.notifications.database import pages
from services.notifications.delivery import labels, overview, unknown

router = APIRouter(prefix="/staff/deliveries/unknown")

Reader = Annotated[Principal, Depends(require("deliveries.view"))]
Writer = Annotated[Principal, Depends(require("broadcasts.write"))]

SEND_AGAIN, ARRIVED = "send-again", "count-as-arrived"
# What the question hands on to the act.
_FIELDS = ("id", "scope", "broadcast_id")


@router.get("")
def index(
    request: Request,
    principal: Reader,
    broadcast_id: uuid.UUID | None = None,
    cursor: str | None = None,
    done: str = "",
) -> Response:
    """Messages that may have arrived, of all or of one broadcast."""
    chosen = overview.Chosen(state="unknown", broadcast_id=broadcast_id)
    return pages.render(
        request,
        "delivery/unknown.html",
        page=overview.listed(principal, chosen, cursor=cursor, limit=LARGEST_LIMIT),
        number=unknown.preview(principal, unknown.Chosen(broadcast_id=broadcast_id)).number,
        broadcast_id=broadcast_id,
        form=Form({"scope": "chosen"}),
        may_settle=principal.may("broadcasts.write"),
        done=labels.said_after(done),
        states=labels,
        zone=city().timezone,
    )


@router.post("")
def ask(request: Request, principal: Writer, typed: TypedForm) -> Response:
    """What an act would mean for the messages that were ticked, or for all. Changes nothing.

    A POST, because a link cannot hold a hundred ticked messages.
    """
    act = SEND_AGAIN if typed.text("act") == SEND_AGAIN else ARRIVED
    chosen = _chosen(typed)
    found = unknown.preview(principal, chosen)
    if not found.number:
        done = "settled" if typed.texts("id") or typed.text("scope") == "all" else "none-chosen"
        return RedirectResponse(_back(typed, done), 303)
    if act == SEND_AGAIN and not found.sendable:
        return RedirectResponse(_back(typed, "too-late"), 303)
    return pages.render(
        request,
        "confirm.html",
        title=_title(act, found),
        text="",
        consequences=_consequences(act, found),
        button=labels.SEND_AGAIN if act == SEND_AGAIN else labels.COUNT_AS_ARRIVED,
        action=f"/staff/deliveries/unknown/{act}",
        cancel_url=_back(typed, ""),
        fields=[field for field in typed.fields if field[0] in _FIELDS],
    )


@router.post(f"/{SEND_AGAIN}")
def send_again(principal: Writer, typed: TypedForm) -> Response:
    """Send them once more."""
    unknown.send_again(principal, _chosen(typed))
    return RedirectResponse(_back(typed, SEND_AGAIN), 303)


@router.post(f"/{ARRIVED}")
def count_as_arrived(principal: Writer, typed: TypedForm) -> Response:
    """Count them as arrived."""
    unknown.count_as_arrived(principal, _chosen(typed))
    return RedirectResponse(_back(typed, ARRIVED), 303)


def _chosen(typed: Typed) -> unknown.Chosen:
    """The ticked ones, or all of the list; nothing ticked means none.

    Raises:
        NotFound: an id is none, which no page of ours sends.
    """
    try:
        ids = [uuid.UUID(text) for text in typed.texts("id")]
        broadcast = typed.text("broadcast_id")
        broadcast_id = uuid.UUID(broadcast) if broadcast else None
    except ValueError as error:
        raise NotFound(lazy("There is no such message.")) from error
    if typed.text("scope") == "all":
        return unknown.Chosen(broadcast_id=broadcast_id)
    # The nil UUID is nobody's.
    return unknown.Chosen(ids or (uuid.UUID(int=0),), broadcast_id)


def _title(act: str, found: unknown.Preview) -> str:
    if act == SEND_AGAIN:
        return ngettext(
            "Send %(count)s message again?", "Send %(count)s messages again?", found.sendable
        ) % {"count": found.sendable}
    return ngettext(
        "Count %(count)s message as arrived?",
        "Count %(count)s messages as arrived?",
        found.number,
    ) % {"count": found.number}


def _consequences(act: str, found: unknown.Preview) -> list[str]:
    if act == ARRIVED:
        return [gettext("They are not sent again, and count as arrived in every list.")]
    sentences = [
        gettext("Whoever got the first one gets a second one with the same content."),
        gettext("Broadcasts that had ended go on until these have gone out."),
    ]
    if left := found.number - found.sendable:
        sentences.append(
            ngettext(
                "%(count)s stays as it is: it is too late for it, or its broadcast was cancelled.",
                "%(count)s stay as they are: it is too late for them, or their broadcast was "
                "cancelled.",
                left,
            )
            % {"count": left}
        )
    return sentences


def _back(typed: Typed, done: str) -> str:
    """Where somebody came from: a message's own page has no ``scope``."""
    chosen = _chosen(typed)
    if not typed.text("scope") and len(chosen.ids) == 1:
        return f"/staff/deliveries/{chosen.ids[0]}?done={done}"
    where = f"broadcast_id={chosen.broadcast_id}&" if chosen.broadcast_id else ""
    return f"/staff/deliveries/unknown?{where}done={done}"
