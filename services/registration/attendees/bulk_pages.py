"""Acts on many registrations: first a page that says what would happen to how many, then the act.

What was selected travels through the forms (:class:`.selection.Selection`). "All that match" may
be others by the time of the act; when their number has changed, the preview is shown once more.
"""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from services.chassis import sheets
from services.chassis.auth import Principal, require
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized, ngettext
from services.chassis.problems import Invalid, Problem
from services.chassis.sheets import Format
from services.registration.attendees import exporting, service
from services.registration.attendees.change_pages import ReasonIn
from services.registration.attendees.exporting import Export
from services.registration.attendees.pages import Editor
from services.registration.attendees.selection import Selection
from services.registration.attendees.service import Act
from services.registration.database import pages

router = APIRouter(prefix="/staff/activities/{activity_id}/registrations/bulk")

# A file has everybody's address in it: not for whoever only stands at the door.
Exporter = Annotated[Principal, Depends(require("contacts.view"))]

# What can be done to many, and what the list says afterwards.
DONE: dict[Act, str] = {"ask": "asked", "cancel": "cancelled"}


class ApplyIn(ReasonIn):
    """What the preview sends: how many it showed, and the reason for the people."""

    expected: int


def _act_of(typed: Typed) -> Act | None:
    return next((act for act in DONE if act == typed.text("act")), None)


@router.get("")
def back_to_list(activity_id: uuid.UUID) -> Response:
    """Somebody came back to a preview's address: its choice is gone, so they choose again."""
    return RedirectResponse(_list(activity_id), 303)


@router.post("")
def preview(
    request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """What an act would do to how many. Nothing is done yet."""
    if (act := _act_of(typed)) is None:
        return RedirectResponse(_list(activity_id), 303)
    return _preview(request, principal, activity_id, act, typed, form=Form())


@router.post("/apply")
def apply(
    request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Do what was previewed, if it still concerns as many."""
    if (act := _act_of(typed)) is None:
        return RedirectResponse(_list(activity_id), 303)
    try:
        wanted = typed.parse(ApplyIn)
        service.do_many(
            principal,
            activity_id,
            act,
            Selection.read(typed),
            reason=wanted.reason,
            expected=wanted.expected,
        )
    except Invalid as invalid:
        form = Form(typed.values(), invalid)
        return _preview(request, principal, activity_id, act, typed, form=form, status=422)
    except Problem as problem:
        if problem.kind != "list-changed":
            raise
        form = Form(typed.values())
        return _preview(
            request, principal, activity_id, act, typed, form=form, status=409, changed=True
        )
    return RedirectResponse(f"{_list(activity_id)}?done={DONE[act]}", 303)


def _preview(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    act: Act,
    typed: Typed,
    *,
    form: Form,
    status: int = 200,
    changed: bool = False,
) -> Response:
    selection = Selection.read(typed)
    activity, concerned, people = service.concerned(principal, activity_id, act, selection)
    selected = len(service.chosen(principal, activity_id, selection))
    if not concerned:
        return RedirectResponse(f"{_list(activity_id)}?done=nothing", 303)
    count = len(concerned)
    consequences = [
        ngettext("%(count)s person in all.", "%(count)s people in all.", people) % {"count": people}
    ]
    if selected > count:
        consequences.append(
            ngettext(
                "%(count)s of the chosen stays as it is: it has ended, or has come already.",
                "%(count)s of the chosen stay as they are: they have ended, or have come already.",
                selected - count,
            )
            % {"count": selected - count}
        )
    if act == "cancel":
        title = ngettext("Cancel %(count)s registration", "Cancel %(count)s registrations", count)
        consequences += [
            _("Each person is told by the ways they gave, with what you write below."),
            _("Their places come free and go to the waiting list first."),
        ]
    else:
        title = ngettext(
            "Ask about %(count)s registration", "Ask about %(count)s registrations", count
        )
        consequences += [
            _("Each person is asked whether they come, and answers with one press."),
            _("Whoever does not answer keeps the place."),
        ]
    return pages.render(
        request,
        "attendees/bulk.html",
        status,
        title=title % {"count": count},
        text=localized(activity.title),
        consequences=consequences,
        button=title % {"count": count},
        cancel_url=f"{_list(activity_id)}?{selection.filters.text}",
        danger=act == "cancel",
        action=f"{_list(activity_id)}/bulk/apply",
        fields=[("act", act), ("expected", str(count)), *selection.fields],
        act=act,
        form=form,
        changed=changed,
    )


@router.post("/export")
def export(activity_id: uuid.UUID, principal: Exporter, typed: TypedForm) -> Response:
    """The selected as a file."""
    form: Format = "xlsx" if typed.text("act") == "xlsx" else "csv"
    selection = Selection.read(typed)
    if selection.scope == "chosen" and not selection.identifiers:
        return RedirectResponse(f"{_list(activity_id)}?done=nothing", 303)
    return download(exporting.export(principal, activity_id, selection, form), form)


def download(wanted: Export, form: Format) -> Response:
    """A file as an answer that is sent while it is written; its name says what and when."""
    return sheets.download(
        wanted.name,
        form,
        [column.heading for column in wanted.columns],
        exporting.rows(wanted),
        plain="registrations",
    )


def _list(activity_id: uuid.UUID) -> str:
    return f"/staff/activities/{activity_id}/registrations"
