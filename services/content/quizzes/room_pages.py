"""The staff's pages around a quiz: as a taker sees it, and the poster for the room."""

from __future__ import annotations

import secrets
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.chassis.auth import Principal, require
from services.chassis.i18n import LANGUAGES, speaking
from services.chassis.i18n import gettext as _
from services.chassis.settings import settings
from services.content.banks.marking import public
from services.content.banks.records import ItemOut
from services.content.database import pages
from services.content.language import said_in
from services.content.quizzes import reading
from services.content.quizzes.codes import spaced

site = APIRouter(prefix="/staff/quizzes/{quiz_id:uuid}")

Viewer = Annotated[Principal, Depends(require("quizzes.view"))]

_SEEDS = 1_000_000


@site.get("/preview")
def preview(
    request: Request, quiz_id: uuid.UUID, principal: Viewer, paper: int = 0
) -> HTMLResponse:
    """A paper as somebody might get it, without the key; nothing is kept."""
    seed = paper % _SEEDS
    return pages.render(
        request,
        "quizzes/preview.html",
        quiz=reading.get_for_staff(principal, quiz_id).quiz,
        items=[_shown(item, seed) for item in reading.preview(principal, quiz_id, seed)],
        another=secrets.randbelow(_SEEDS),
        said_in=said_in,
    )


def _shown(item: ItemOut, seed: int) -> dict[str, Any]:
    shown = public(item.kind, item.content, seed)
    return {"kind": item.kind, "text": item.text, "shown": shown}


@site.get("/poster")
def poster(request: Request, quiz_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One sheet to print, in both languages: how to take the quiz with a telephone."""
    return pages.render(
        request,
        "quizzes/poster.html",
        quiz=reading.get_for_staff(principal, quiz_id).quiz,
        spaced=spaced,
        halves=[_half(tag) for tag in LANGUAGES],
    )


def _half(tag: str) -> tuple[str, str, str]:
    """What the sheet says in one language: how to come in, and what is not needed for it."""
    address = f"{settings().public_url}/quizzes".partition("://")[2]
    with speaking(tag):
        way = _("Scan with your telephone, or open %(address)s and type the code.")
        return tag, way % {"address": address}, _("You need no account and no name.")
