"""The staff's pages of an activity's questions."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import lazy, localized, ngettext
from services.chassis.problems import FieldError, Invalid, Problem
from services.registration.activities import catalogue
from services.registration.activities.models import EDITABLE
from services.registration.activities.schemas import ActivityOut
from services.registration.database import pages
from services.registration.questions import form, service
from services.registration.questions.asking import asked, condition
from services.registration.questions.schemas import MOST_QUESTIONS, Kind, Question

router = APIRouter(prefix="/staff/activities/{activity_id}/questions")

Viewer = Annotated[Principal, Depends(require("activities.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]


@router.get("")
def list_page(request: Request, activity_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """The questions in their order, and how the resident sees them."""
    return _list(request, principal, activity_id)


@router.get("/new")
def new_page(
    request: Request, activity_id: uuid.UUID, principal: Editor, kind: Kind = "text"
) -> HTMLResponse:
    """An empty question of a kind."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    return _editor(request, activity, None, kind, Form())


@router.post("/new")
def add(
    request: Request,
    activity_id: uuid.UUID,
    principal: Editor,
    typed: TypedForm,
    kind: Kind = "text",
) -> Response:
    """Add the question as the last one."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    return _write(request, principal, activity, None, kind=kind, typed=typed)


@router.get("/copy")
def copy_page(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The other activities whose questions can be copied."""
    return _copy(request, principal, activity_id, Form())


@router.post("/copy")
def copy(request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Copy the questions of the chosen activity."""
    chosen = typed.text("source")
    known = {str(source.id): source.id for source in service.sources(principal, activity_id)}
    try:
        if chosen not in known:
            raise Invalid([FieldError("source", lazy("Please choose an activity."))])
        service.copy(principal, activity_id, known[chosen], typed.version())
    except Invalid as error:
        beside = Invalid([FieldError("source", item.message) for item in error.errors])
        return _copy(request, principal, activity_id, Form(typed.values(), beside), status=422)
    return _to_the_list(activity_id)


@router.get("/{question_id}/edit")
def edit_page(
    request: Request, activity_id: uuid.UUID, question_id: str, principal: Editor
) -> HTMLResponse:
    """The question's form, filled. It carries the version of the activity."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    question = service.one(activity, question_id)
    return _editor(request, activity, question, question.kind, Form(form.filled(question)))


@router.post("/{question_id}/edit")
def edit(
    request: Request,
    activity_id: uuid.UUID,
    question_id: str,
    principal: Editor,
    typed: TypedForm,
) -> Response:
    """Write the changes, unless somebody else changed the activity since the form was opened."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    question = service.one(activity, question_id)
    return _write(request, principal, activity, question, kind=question.kind, typed=typed)


@router.post("/{question_id}/move")
def move(
    request: Request,
    activity_id: uuid.UUID,
    question_id: str,
    principal: Editor,
    typed: TypedForm,
) -> Response:
    """Ask it one place earlier or later."""
    step: Literal[-1, 1] = -1 if typed.text("direction") == "up" else 1
    try:
        service.move(principal, activity_id, question_id, step)
    except Problem as error:
        return _not_changed(request, principal, activity_id, error)
    return RedirectResponse(f"/staff/activities/{activity_id}/questions#{question_id}", 303)


@router.get("/{question_id}/delete")
def delete_page(
    request: Request, activity_id: uuid.UUID, question_id: str, principal: Editor
) -> HTMLResponse:
    """Ask first, and say how many answered."""
    seen = service.overview(principal, activity_id)
    question = service.one(seen.activity, question_id)
    count = seen.answered[question_id]
    told = ngettext(
        "%(count)s registration has answered it. The answer is no longer shown or exported.",
        "%(count)s registrations have answered it. Their answers are no longer shown or exported.",
        count,
    )
    return pages.render(
        request,
        "confirm.html",
        title=_("Delete this question?"),
        text=localized(question.label),
        consequences=[
            told % {"count": count} if count else _("Nobody has answered it yet."),
            _("It is no longer asked. This cannot be undone."),
        ],
        button=_("Delete the question"),
        cancel_url=_address(activity_id),
        cancel_label=_("Keep it"),
        danger=True,
    )


@router.post("/{question_id}/delete")
def delete(
    request: Request, activity_id: uuid.UUID, question_id: str, principal: Editor
) -> Response:
    """Delete it."""
    try:
        service.delete(principal, activity_id, question_id)
    except Problem as error:
        return _not_changed(request, principal, activity_id, error)
    return _to_the_list(activity_id)


def _address(activity_id: uuid.UUID) -> str:
    return f"/staff/activities/{activity_id}/questions"


def _to_the_list(activity_id: uuid.UUID) -> Response:
    return RedirectResponse(_address(activity_id), 303)


def _not_changed(
    request: Request, principal: Principal, activity_id: uuid.UUID, problem: Problem
) -> HTMLResponse:
    """The list with a refusal that no field of it can say."""
    if problem.status not in (409, 422):
        raise problem
    if isinstance(problem, Invalid):
        problem = Problem(422, "invalid", lazy("Nothing was changed."), problem.errors[0].message)
    return _list(request, principal, activity_id, problem=problem, status=problem.status)


def _list(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    *,
    problem: Problem | None = None,
    status: int = 200,
) -> HTMLResponse:
    seen = service.overview(principal, activity_id)
    known = {question.id: question for question in seen.questions}
    return pages.render(
        request,
        "questions/staff_list.html",
        status,
        activity=seen.activity,
        questions=seen.questions,
        answered=seen.answered,
        conditions={one.id: condition(one, known) for one in seen.questions},
        marks=form.marks,
        asked=asked(seen.questions),
        kinds=form.kinds(),
        form=Form(),
        problem=problem,
        may_edit=principal.may("activities.edit") and seen.activity.status in EDITABLE,
        full=len(seen.questions) >= MOST_QUESTIONS,
    )


def _write(
    request: Request,
    principal: Principal,
    activity: ActivityOut,
    question: Question | None,
    *,
    kind: Kind,
    typed: Typed,
) -> Response:
    if typed.text("more"):
        return _editor(request, activity, question, kind, Form(typed.values()), more=True)
    try:
        wanted = form.read(typed, question.id if question else service.fresh_id(), kind)
        service.put(principal, activity.id, wanted, typed.version())
    except Invalid as error:
        again = Form(typed.values(), error)
        return _editor(request, activity, question, kind, again, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        again = Form(typed.values())
        # Sending the form once more, having compared, is then an edit over the present state.
        again.values["version"] = activity.version
        return _editor(request, activity, question, kind, again, status=409, problem=problem)
    return _to_the_list(activity.id)


def _editor(
    request: Request,
    activity: ActivityOut,
    question: Question | None,
    kind: Kind,
    shown: Form,
    *,
    status: int = 200,
    problem: Problem | None = None,
    more: bool = False,
) -> HTMLResponse:
    place = activity.questions.index(question) if question else len(activity.questions)
    return pages.render(
        request,
        "questions/staff_question.html",
        status,
        activity=activity,
        question=question,
        kind=kind,
        kind_name=form.KIND_NAMES[kind],
        form=shown,
        problem=problem,
        rows=form.rows(shown.values, more=more) if kind in form.WITH_OPTIONS else (),
        bounds=form.BOUND_NAMES.get(kind),
        deciders=form.deciders(activity.questions[:place]),
        way_back=_address(activity.id),
    )


def _copy(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    shown: Form,
    *,
    status: int = 200,
) -> HTMLResponse:
    return pages.render(
        request,
        "questions/staff_copy.html",
        status,
        activity=catalogue.staff_activity(principal, str(activity_id)),
        sources=service.sources(principal, activity_id),
        form=shown,
        way_back=_address(activity_id),
    )
