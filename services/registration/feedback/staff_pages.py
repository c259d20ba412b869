"""The staff's pages of feedback: the results, the texts, and the survey's questions."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.problems import Invalid, Problem
from services.chassis.validation import field_errors
from services.registration.database import pages
from services.registration.feedback import results, staff
from services.registration.feedback.models import COMMENT_STATES
from services.registration.feedback.questions import KIND_NAMES, MOST_OWN, USUAL, SurveyIn
from services.registration.feedback.results import SHOWN_FROM
from services.registration.feedback.table import csv_of
from services.registration.learning.service import PURPOSE_NAMES

router = APIRouter(prefix="/staff/activities/{activity_id}/feedback")

Viewer = Annotated[Principal, Depends(require("activities.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]

STATE_TONES = {"new": "wait", "shown": "good", "hidden": "neutral"}


@router.get("")
def results_page(request: Request, activity_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """How many answered, plots with their tables, and the texts."""
    overview = results.results(principal, activity_id)
    return _results_page(request, principal, overview)


@router.get("/results.csv")
def results_file(activity_id: uuid.UUID, principal: Viewer) -> Response:
    """The same for a spreadsheet program."""
    return Response(
        csv_of(results.results(principal, activity_id)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="feedback.csv"'},
    )


@router.post("/comments/{comment_id}")
def moderate(
    request: Request,
    activity_id: uuid.UUID,
    comment_id: uuid.UUID,
    principal: Editor,
    typed: TypedForm,
) -> Response:
    """Show or hide a text."""
    try:
        staff.moderate(principal, activity_id, comment_id, typed.parse(staff.ModerateIn))
    except Invalid as error:
        overview = results.results(principal, activity_id)
        return _results_page(request, principal, overview, refused=(comment_id, error))
    return RedirectResponse(f"/staff/activities/{activity_id}/feedback#comments", 303)


@router.get("/survey")
def survey_page(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form with the activity's own questions."""
    _, survey = staff.look(principal, activity_id)
    return _survey_page(request, principal, activity_id, Form(_filled(survey)))


@router.post("/survey")
def settle(
    request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Write the survey, then show where its results will be."""
    again = typed.values()
    try:
        staff.settle(principal, activity_id, _read(typed))
    except Invalid as error:
        form = Form(again, error)
        return _survey_page(request, principal, activity_id, form, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        return _survey_page(
            request, principal, activity_id, Form(again), status=409, problem=problem
        )
    return RedirectResponse(f"/staff/activities/{activity_id}/feedback", 303)


def _results_page(
    request: Request,
    principal: Principal,
    overview: results.Overview,
    refused: tuple[uuid.UUID, Invalid] | None = None,
) -> HTMLResponse:
    return pages.render(
        request,
        "feedback/staff_results.html",
        422 if refused else 200,
        activity=overview.activity,
        overview=overview,
        results=overview.results,
        charts=[
            {"labels": tally.labels, "counts": tally.counts} for tally in overview.results.tallies
        ],
        shown_from=SHOWN_FROM,
        may_edit=principal.may("activities.edit"),
        state_names=COMMENT_STATES,
        state_tones=STATE_TONES,
        purpose_names=PURPOSE_NAMES,
        refused=refused[0] if refused else None,
        form=Form({}, refused[1]) if refused else Form(),
    )


def _survey_page(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    form: Form,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
    activity, _ = staff.look(principal, activity_id)
    return pages.render(
        request,
        "feedback/staff_survey.html",
        status,
        activity=activity,
        form=form,
        problem=problem,
        usual=USUAL,
        most_own=MOST_OWN,
        kinds=[(code, str(name)) for code, name in KIND_NAMES.items()],
    )


def _filled(survey: SurveyIn) -> dict[str, Any]:
    """The survey as the fields of its form show it."""
    values: dict[str, Any] = {
        "asked": "on" if survey.asked else "",
        "version": str(survey.version),
    }
    for place, own in enumerate(survey.own):
        values[f"own.{place}.kind"] = own.kind
        for name, texts in (("text", own.text), ("choices", own.choices)):
            values |= {f"own.{place}.{name}.{tag}": text for tag, text in texts.items()}
    return values


def _read(typed: Typed) -> SurveyIn:
    """The survey from the fields of its form.

    Raises:
        Invalid: with a sentence for each field.
    """

    def texts(name: str) -> dict[str, str]:
        return {tag: typed.text(f"{name}.{tag}") for tag in ("zh-CN", "en")}

    own = [
        {
            "kind": typed.text(f"own.{place}.kind") or "rating",
            "text": texts(f"own.{place}.text"),
            "choices": texts(f"own.{place}.choices"),
        }
        for place in range(MOST_OWN)
    ]
    try:
        return SurveyIn.model_validate(
            {
                "asked": bool(typed.text("asked")),
                "own": own,
                "version": typed.text("version") or 0,
            }
        )
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error
