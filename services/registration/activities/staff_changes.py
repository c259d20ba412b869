"""The staff's pages that change what people have registered for: edit and cancel.

Each shows what it comes to, and for whom, before it is done.
"""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.problems import Invalid, Problem
from services.registration.activities import catalogue, form, preview, service, words
from services.registration.activities.schemas import ActivityOut, CancelIn
from services.registration.activities.staff import Editor, again, form_page
from services.registration.database import pages
from services.registration.series.occurrences import Reach
from services.registration.series.scope import SCOPE_NAMES, Scope

router = APIRouter(prefix="/staff/activities")


@router.get("/{activity_id}/edit")
def edit_page(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form, filled. It carries the version that it was opened with."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    return form_page(request, principal, Form(form.filled(activity)), activity)


@router.post("/{activity_id}/edit")
def edit(request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Write the changes, unless somebody else wrote some since the form was opened.

    What touches other dates, or people who have registered, is shown first.
    """
    if typed.text("change"):
        activity = catalogue.staff_activity(principal, str(activity_id))
        return form_page(request, principal, again(typed), activity)
    said, unclear = _words(typed)
    try:
        patch = form.read_patch(typed, said)
        foreseen = service.foresee_edit(principal, activity_id, patch)
        if unclear or (preview.needed(foreseen) and not typed.text("confirmed")):
            activity = catalogue.staff_activity(principal, str(activity_id))
            shown = preview.of(foreseen, patch)
            return _preview_page(request, activity, typed, shown, unclear)
        service.edit_activity(principal, activity_id, patch)
    except Invalid as error:
        activity = catalogue.staff_activity(principal, str(activity_id))
        return form_page(request, principal, again(typed, error), activity, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        activity = catalogue.staff_activity(principal, str(activity_id))
        shown_again = again(typed)
        # Sending the form once more, having compared, is then an edit over the present state.
        shown_again.values["version"] = activity.version
        return form_page(request, principal, shown_again, activity, status=409, problem=problem)
    return RedirectResponse(f"/staff/activities/{activity_id}", 303)


@router.get("/{activity_id}/cancel")
def cancel_page(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """Ask for the reason, and say how many people will be told."""
    return _cancel_page(request, principal, activity_id, Form({"scope": "this"}))


@router.post("/{activity_id}/cancel")
def cancel(
    request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Call it off."""
    try:
        service.cancel_activity(principal, activity_id, typed.parse(CancelIn))
    except Invalid as error:
        return _cancel_page(request, principal, activity_id, again(typed, error), status=422)
    return RedirectResponse(f"/staff/activities/{activity_id}", 303)


def _words(typed: Typed) -> tuple[form.Words, Invalid | None]:
    """The staff's own words, and what is wrong with them: that is said where they stand."""
    try:
        return typed.parse(form.Words), None
    except Invalid as error:
        return form.Words(), error


def _preview_page(
    request: Request,
    activity: ActivityOut,
    typed: Typed,
    shown: preview.Preview,
    unclear: Invalid | None,
) -> HTMLResponse:
    values = typed.values() | {"ask": shown.asks}
    return pages.render(
        request,
        "activities/staff_preview.html",
        422 if unclear else 200,
        activity=activity,
        preview=shown,
        form=Form(values, unclear),
        # Whatever this page does not ask itself is sent along.
        kept=[
            (name, text)
            for name, text in typed.fields
            if not name.startswith("note.") and name not in preview.OWN_FIELDS
        ],
        seen=form.SEEN,
        changed_words=words.changed_words,
        **words.WORDS,
    )


def _cancel_page(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    shown: Form,
    *,
    status: int = 200,
) -> HTMLResponse:
    activity = catalogue.staff_activity(principal, str(activity_id))
    dates = service.published_in_scope(principal, activity_id, "all")
    several = len(dates) > 1
    told = dates[0][1]
    consequences = [
        _("%(registrations)s registrations, for %(people)s people, are cancelled.")
        % {"registrations": told.registrations, "people": told.people},
        _("All of them are told the reason at once, by the way they chose."),
        _("The reminders that are still to come are withdrawn."),
        _("Its public page stays and says that it is cancelled, and why."),
        _("This cannot be undone."),
    ]
    if several:
        consequences[0] = _("Every registration for the dates that you choose is cancelled.")
        consequences.insert(4, _("Drafts of the series stay drafts."))
    elif not told.registrations:
        consequences[:3] = [_("Nobody has registered yet, so nobody needs to be told.")]
    return pages.render(
        request,
        "activities/staff_cancel.html",
        status,
        title=_("Cancel this activity?"),
        text=localized(activity.title),
        consequences=consequences,
        button=_("Cancel the activity"),
        cancel_url=f"/staff/activities/{activity_id}",
        cancel_label=_("Keep it"),
        danger=True,
        form=shown,
        scopes=_scopes(principal, activity_id) if several else [],
        dates=dates if several else [],
        **words.WORDS,
    )


def _scopes(principal: Principal, activity_id: uuid.UUID) -> list[tuple[Scope, str, str]]:
    """The choices of how far a cancellation goes, each with how many dates and people it ends."""
    found: list[tuple[Scope, str, str]] = []
    for scope, name in SCOPE_NAMES.items():
        dates = service.published_in_scope(principal, activity_id, scope)
        reach = sum((reached for _date, reached in dates), Reach())
        hint = _("Dates: %(dates)s, registrations: %(registrations)s, people: %(people)s") % {
            "dates": len(dates),
            "registrations": reach.registrations,
            "people": reach.people,
        }
        found.append((scope, str(name), hint))
    return found
