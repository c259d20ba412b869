"""The staff's pages for a file of items: handed in, its report, taken in."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.idempotency import NOT_REPEATED, ONCE_FIELD, Once
from services.chassis.problems import Invalid
from services.content.banks import importing, reading
from services.content.banks.files import decoded
from services.content.banks.records import VERDICT_NAMES, VERDICT_TONES, ImportIn
from services.content.banks.schemas import KIND_NAMES
from services.content.banks.upload import Upload, Uploaded
from services.content.database import pages
from services.content.language import said_in

_JSON: Final = re.compile(r'\s*\{\s*"')

site = APIRouter(prefix="/staff/banks/{bank_id:uuid}")

Editor = Annotated[Principal, Depends(require("quizzes.edit"))]


@site.get("/import")
def start(request: Request, bank_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form for a file."""
    return _start(request, principal, bank_id, Form({"language": "zh-CN"}))


@site.post("/import")
def hand_in(
    request: Request, bank_id: uuid.UUID, principal: Editor, typed: TypedForm, file: Uploaded
) -> Response:
    """Read a file; its report is the next page."""
    try:
        found = importing.hand_in(
            principal, bank_id, _handed(typed, file), _once(request, typed, file)
        )
    except Invalid as refused:
        return _start(request, principal, bank_id, Form(typed.values(), refused), 422)
    return RedirectResponse(f"/staff/banks/{bank_id}/imports/{found.id}", 303)


def _handed(typed: Typed, file: Upload) -> ImportIn:
    """What the file is goes by how it begins: a JSON object opens with a brace and a name."""
    text = decoded(file.data)
    language: Any = typed.text("language") if typed.text("language") in ("zh-CN", "en") else None
    format_: Any = "json" if _JSON.match(text) else "gift"
    return ImportIn(format=format_, language=language, text=text, file_name=file.name[:200])


def _once(request: Request, typed: Typed, file: Upload) -> Once:
    """The same form with the same file is one import; with another file it is another."""
    if not typed.text(ONCE_FIELD):
        return NOT_REPEATED
    body = f"{typed.text(ONCE_FIELD)} {typed.text('language')} {file.mark}".encode()
    return Once(f"form {request.url.path}", hashlib.sha256(body).hexdigest(), body)


@site.get("/imports/{import_id:uuid}")
def report(
    request: Request, bank_id: uuid.UUID, import_id: uuid.UUID, principal: Editor
) -> HTMLResponse:
    """What the file would change, item by item."""
    return pages.render(
        request,
        "banks/report.html",
        bank=reading.get_bank(principal, bank_id),
        report=importing.report(principal, bank_id, import_id),
        verdicts=VERDICT_NAMES,
        tones=VERDICT_TONES,
        kind_names=KIND_NAMES,
        said_in=said_in,
    )


@site.post("/imports/{import_id:uuid}/take")
def take(bank_id: uuid.UUID, import_id: uuid.UUID, principal: Editor) -> Response:
    """Write every item that is right."""
    importing.take(principal, bank_id, import_id)
    return RedirectResponse(f"/staff/banks/{bank_id}?done=taken", 303)


@site.post("/imports/{import_id:uuid}/discard")
def discard(bank_id: uuid.UUID, import_id: uuid.UUID, principal: Editor) -> Response:
    """Put it aside; nothing was written, so nothing is asked."""
    importing.discard(principal, bank_id, import_id)
    return RedirectResponse(f"/staff/banks/{bank_id}?done=discarded", 303)


def _start(
    request: Request, principal: Principal, bank_id: uuid.UUID, form: Form, status: int = 200
) -> HTMLResponse:
    bank = reading.get_bank(principal, bank_id)
    principal.must_cover(bank.district)
    return pages.render(request, "banks/import.html", status, bank=bank, form=form)
