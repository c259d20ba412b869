"""The staff's pages for lists: handing one in, its report, taking it in and out."""

from __future__ import annotations

import hashlib
import uuid
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from services.chassis import sheets
from services.chassis.auth import Principal, require
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import lazy, ngettext
from services.chassis.idempotency import NOT_REPEATED, ONCE_FIELD, Once
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import city
from services.notifications.database import pages
from services.notifications.imports import reading, service
from services.notifications.imports.basis import BASES, BasisIn
from services.notifications.imports.files import MOST_ROWS
from services.notifications.imports.heads import ADDRESSES, FIELDS
from services.notifications.imports.models import Verdict
from services.notifications.imports.upload import Upload, Uploaded
from services.notifications.trips.words import said

PLACE = "/staff/contacts/import"

router = APIRouter(prefix=PLACE)

Editor = Annotated[Principal, Depends(require("contacts.edit"))]

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

DONE = {
    "assigned": lazy("The rows have been read once more."),
    "taken": lazy("The list is taken in."),
    "discarded": lazy("The list is put aside. Nothing of it was written."),
    "undone": lazy("The list's contacts are taken out again."),
}


@router.get("")
def index(
    request: Request, principal: Editor, cursor: str | None = None, done: str = ""
) -> Response:
    """The form for a file, and the lists that there were."""
    return _index(request, principal, Form(), cursor=cursor, done=done)


@router.post("")
def hand_in(request: Request, principal: Editor, typed: TypedForm, file: Uploaded) -> Response:
    """Read a file; its report is the next page."""
    try:
        import_id = service.read(principal, file.name, file.data, _once(typed, file))
    except Invalid as refused:
        return _index(request, principal, Form(invalid=refused), status=422)
    return RedirectResponse(f"{PLACE}/{import_id}", 303)


def _once(typed: Typed, file: Upload) -> Once:
    """The same form with the same file is one list; with another file it is another."""
    if not typed.text(ONCE_FIELD):
        return NOT_REPEATED
    body = f"{typed.text(ONCE_FIELD)} {file.mark}".encode()
    return Once(f"form {PLACE}", hashlib.sha256(body).hexdigest(), body)


def _index(
    request: Request,
    principal: Principal,
    form: Form,
    *,
    cursor: str | None = None,
    done: str = "",
    status: int = 200,
) -> Response:
    return pages.render(
        request,
        "imports/start.html",
        status,
        form=form,
        page=reading.listed(principal, cursor),
        done=DONE.get(done),
        status_names=reading.STATUS_NAMES,
        status_tones=reading.STATUS_TONES,
        most=f"{MOST_ROWS:,}",
        zone=city().timezone,
    )


@router.get("/{import_id}")
def show(
    request: Request,
    principal: Editor,
    import_id: uuid.UUID,
    *,
    only: str = "",
    cursor: str | None = None,
    done: str = "",
) -> Response:
    """A list's report: the counts, its rows, and what can be done with it."""
    return _report(request, principal, import_id, only=only, cursor=cursor, done=done)


def _report(
    request: Request,
    principal: Principal,
    import_id: uuid.UUID,
    *,
    only: str = "",
    cursor: str | None = None,
    done: str = "",
    form: Form | None = None,
    status: int = 200,
) -> Response:
    verdict = next((one for one in VERDICTS if one == only), None)
    found = reading.report(principal, import_id, only=verdict, cursor=cursor, problems_first=True)
    holds = [column.holds for column in found.shown.columns]
    values = {f"column.{place}": held for place, held in enumerate(holds)}
    return pages.render(
        request,
        "imports/report.html",
        status,
        found=found,
        only=verdict or "",
        form=form or Form(values),
        values=values,
        done=None if found.shown.status in service.AT_WORK else DONE.get(done),
        works=found.shown.status in service.AT_WORK,
        addressed=any(held in ADDRESSES for held in holds),
        fields=[(name, str(word)) for name, word in FIELDS.items()],
        bases=[(name, str(one.sentence), str(one.hint)) for name, one in BASES.items()],
        base_sentences={name: str(one.sentence) for name, one in BASES.items()},
        verdicts=reading.VERDICT_NAMES,
        status_names=reading.STATUS_NAMES,
        status_tones=reading.STATUS_TONES,
        summary=reading.summary,
        reasons=reading.reasons,
        said=said,
        zone=city().timezone,
    )


@router.post("/{import_id}/columns")
def assign(request: Request, principal: Editor, import_id: uuid.UUID, typed: TypedForm) -> Response:
    """Say what each column holds."""
    width = sum(name.startswith("column.") for name, _text in typed.fields)
    columns = [typed.text(f"column.{place}") for place in range(width)]
    try:
        service.assign(principal, import_id, columns)
    except Invalid as refused:
        form = Form(typed.values(), refused)
        return _report(request, principal, import_id, form=form, status=422)
    return RedirectResponse(f"{PLACE}/{import_id}?done=assigned", 303)


@router.post("/{import_id}/confirm")
def confirm(
    request: Request, principal: Editor, import_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Take in every good row."""
    try:
        service.confirm(principal, import_id, typed.parse(BasisIn))
    except Invalid as refused:
        form = Form(typed.values(), refused)
        return _report(request, principal, import_id, form=form, status=422)
    return RedirectResponse(f"{PLACE}/{import_id}?done=taken", 303)


@router.post("/{import_id}/discard")
def discard(principal: Editor, import_id: uuid.UUID) -> Response:
    """Put it aside; nothing was written, so nothing is asked."""
    service.discard(principal, import_id)
    return RedirectResponse(f"{PLACE}?done=discarded", 303)


@router.get("/{import_id}/undo")
def undo_page(request: Request, principal: Editor, import_id: uuid.UUID) -> Response:
    """Ask first, with how many contacts there are to take out."""
    found = reading.report(principal, import_id)
    if not found.may_undo:
        return RedirectResponse(f"{PLACE}/{import_id}", 303)
    return pages.render(
        request,
        "confirm.html",
        title=_("Take this list out again?"),
        text=found.file_name or "",
        consequences=[
            *_leave_and_stay(found),
            _("What waits to be sent to them alone is cancelled. What has gone out stays noted."),
            _("Contacts who registered or subscribed themselves stay as they are."),
            _("To have them back, the file has to be handed in again."),
        ],
        button=_("Take the list out"),
        cancel_url=f"{PLACE}/{import_id}",
        danger=True,
    )


def _leave_and_stay(found: reading.Report) -> list[str]:
    counts = [
        (
            found.left,
            ngettext(
                "%(count)s contact of this list is deleted.",
                "%(count)s contacts of this list are deleted.",
                found.left,
            ),
        )
    ]
    if gone := found.shown.written - found.left:
        counts.append(
            (
                gone,
                ngettext(
                    "%(count)s contact of it was deleted earlier.",
                    "%(count)s contacts of it were deleted earlier.",
                    gone,
                ),
            )
        )
    if known := found.shown.counts.duplicate:
        counts.append(
            (
                known,
                ngettext(
                    "%(count)s row said nothing new and made no contact: whom it names stays.",
                    "%(count)s rows said nothing new and made no contacts: whom they name stays.",
                    known,
                ),
            )
        )
    return [said % {"count": f"{number:,}"} for number, said in counts]


@router.post("/{import_id}/undo")
def undo(request: Request, principal: Editor, import_id: uuid.UUID) -> Response:
    """Take its contacts out."""
    try:
        service.undo(principal, import_id)
    except Problem as problem:
        if problem.status != 409:
            raise
        return pages.render(request, "error.html", 409, problem=problem)
    return RedirectResponse(f"{PLACE}/{import_id}?done=undone", 303)


@router.get("/{import_id}/report.csv")
def report_file(principal: Editor, import_id: uuid.UUID) -> Response:
    """The whole report for a spreadsheet program."""
    sheet = reading.sheet(principal, import_id)
    return sheets.download(sheet.name, "csv", sheet.heads, sheet.rows, plain="report")
