"""Lists of contacts for programs: handed in, looked at, taken in, taken out."""

from __future__ import annotations

import json
import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Json

from services.chassis.auth import Principal, require
from services.chassis.forms import TypedForm
from services.chassis.i18n import lazy
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import LARGEST_LIMIT
from services.chassis.problems import FieldError, Invalid
from services.notifications.imports import reading, service
from services.notifications.imports.basis import BasisIn
from services.notifications.imports.heads import FIELDS
from services.notifications.imports.models import Verdict
from services.notifications.imports.schemas import ColumnsIn, ImportOut, ReportOut
from services.notifications.imports.upload import Uploaded

router = APIRouter(prefix="/contacts/import", tags=["contacts"])

Editor = Annotated[Principal, Depends(require("contacts.edit"))]

_MULTIPART = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "columns": {
                            "type": "string",
                            "description": "JSON list: what each column holds, `''` for nothing: "
                            + ", ".join(f"`{name}`" for name in FIELDS),
                        },
                        "dry_run": {"type": "boolean", "default": True},
                        "basis": {"type": "string", "enum": ["consent", "relay", "emergency"]},
                        "version": {"type": "string"},
                        "agreed_on": {"type": "string", "format": "date"},
                    },
                }
            }
        },
    }
}


class _Asked(BaseModel):
    dry_run: bool = True
    columns: Json[list[str]] | None = None


@router.post(
    "",
    status_code=201,
    openapi_extra=_MULTIPART,
    responses={202: {"model": ReportOut, "description": "A long list: it is being read."}},
)
def hand_in(
    principal: Editor,
    once: OncePerKey,
    typed: TypedForm,
    file: Uploaded,
    *,
    request: Request,
    response: Response,
) -> ReportOut:
    """Hand in a CSV or XLSX and get a report by row, its first 50 rows with it.

    No contact is written: `POST …/{id}/confirm` does that. With `dry_run` false and a `basis` both
    happen at once: every good row is taken in.

    A list of more than about 2,000 rows is answered with 202 and its address in `Location`; ask
    there until `status` is no longer `reading` or `taking`.
    """
    asked = _asked(typed)
    basis = None if asked.dry_run else typed.parse(BasisIn)
    sent = once.told_by(json.dumps([typed.fields, file.mark]).encode())
    import_id = service.read(
        principal, file.name, file.data, sent, columns=asked.columns, basis=basis
    )
    found = reading.report(principal, import_id)
    if basis is not None and found.shown.status == "waiting":
        service.confirm(principal, import_id, basis)
        found = reading.report(principal, import_id)
    if found.shown.status in service.AT_WORK:
        response.status_code = 202
        response.headers["Location"] = f"{request.url.path}/{import_id}"
    return reading.report_out(found)


def _asked(typed: TypedForm) -> _Asked:
    given = {"dry_run": typed.text("dry_run") or True}
    if columns := typed.text("columns"):
        try:
            json.loads(columns)
        except ValueError as error:
            said = lazy("Please give a JSON list with what each column holds.")
            raise Invalid([FieldError("columns", said)]) from error
        given["columns"] = columns
    return _Asked.model_validate(given)


@router.get("/{import_id}")
def read(
    principal: Editor,
    import_id: uuid.UUID,
    only: Verdict | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = reading.ROWS_AT_ONCE,
) -> ReportOut:
    """A list with a page of its report; `only` rows of one verdict."""
    found = reading.report(principal, import_id, only=only, cursor=cursor, limit=limit)
    return reading.report_out(found)


@router.post("/{import_id}/columns")
def assign(principal: Editor, import_id: uuid.UUID, body: ColumnsIn) -> ReportOut:
    """Say what each column holds; every row is read once more, of a long list by the worker."""
    service.assign(principal, import_id, body.columns)
    return reading.report_out(reading.report(principal, import_id))


@router.post("/{import_id}/confirm")
def confirm(principal: Editor, import_id: uuid.UUID, body: BasisIn) -> ImportOut:
    """Take in every good row, all or none, on the ground that is stated.

    A long list is `taking` until the worker is through.
    """
    return reading.out(service.confirm(principal, import_id, body))


@router.post("/{import_id}/discard")
def discard(principal: Editor, import_id: uuid.UUID) -> ImportOut:
    """Put a list aside; nothing of it is written."""
    service.discard(principal, import_id)
    return reading.report(principal, import_id).shown


@router.post("/{import_id}/undo")
def undo(principal: Editor, import_id: uuid.UUID) -> ImportOut:
    """Take a list's contacts out again, as a whole, within a week.

    A long list is `undoing` until the worker is through.
    """
    service.undo(principal, import_id)
    return reading.report(principal, import_id).shown
