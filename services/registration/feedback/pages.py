"""The survey behind its link: no sign-in, no name."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.problems import Invalid
from services.chassis.ratelimit import PublicRate
from services.registration.database import pages
from services.registration.feedback import service
from services.registration.learning import quizzes

router = APIRouter()


@router.get("/feedback/{token}")
def survey_page(request: Request, token: str, done: str = "") -> HTMLResponse:
    """The questions, with what was answered before. ``done``: it was just sent."""
    survey = service.look(token)
    if done and survey.given is not None:
        return pages.render(
            request,
            "feedback/thanks.html",
            survey=survey,
            token=token,
            quizzes=quizzes.after_survey(survey.activity),
        )
    return _page(request, survey, Form(_filled(survey)))


@router.post("/feedback/{token}", dependencies=[PublicRate])
def give(request: Request, token: str, typed: TypedForm) -> Response:
    """Take the answers, then say thank you."""
    survey = service.look(token)
    try:
        service.give(token, _typed(survey, typed), may_be_quoted=bool(typed.text("may_be_quoted")))
    except Invalid as error:
        return _page(request, survey, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/feedback/{token}?done=1", 303)


def _typed(survey: service.OpenSurvey, typed: Typed) -> dict[str, str]:
    return {question.id: typed.text(question.field) for question in survey.questions}


def _filled(survey: service.OpenSurvey) -> dict[str, str]:
    if survey.given is None:
        return {}
    answers = {**survey.given.numbers, **survey.given.texts}
    quoted = {"may_be_quoted": "on"} if survey.given.may_be_quoted else {}
    return {f"answers.{key}": str(answer) for key, answer in answers.items()} | quoted


def _page(
    request: Request, survey: service.OpenSurvey, form: Form, status: int = 200
) -> HTMLResponse:
    return pages.render(request, "feedback/survey.html", status, survey=survey, form=form)
