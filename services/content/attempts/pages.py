"""The public pages before a quiz is begun: the list, the code from a screen, the door."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy
from services.chassis.idempotency import once_per_form
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.chassis.ratelimit import RoomBeginRate, count_miss, stop_guessing
from services.chassis.reference import city
from services.content.attempts import reading, service, visitors
from services.content.database import pages
from services.content.language import said_in
from services.content.quizzes.codes import normal, spaced
from services.content.quizzes.models import Quiz

site = APIRouter()


@site.get("/quizzes")
def list_page(request: Request, code: str | None = None) -> Response:
    """The open quizzes, and a field for the code that stands on a screen."""
    if code is None:
        return _list_page(request, Form())
    if typed := normal(code):
        return RedirectResponse(f"/q/{typed}", 303)
    missing = Invalid([FieldError("code", lazy("Please type the six signs on the screen."))])
    return _list_page(request, Form({"code": code}, missing), 422)


def _list_page(request: Request, form: Form, status: int = 200) -> HTMLResponse:
    return pages.render(
        request,
        "attempts/list.html",
        status,
        quizzes_open=reading.open_quizzes(),
        form=form,
        said_in=said_in,
        zone=city().timezone,
    )


@site.get("/q/{code}")
def by_code(request: Request, code: str) -> HTMLResponse:
    """The door of a quiz, for whoever has its code. Only codes that miss are counted."""
    return _door_page(request, _known(request, code))


@site.get("/quizzes/{slug}")
def by_slug(request: Request, slug: str) -> HTMLResponse:
    """The door of an open quiz."""
    return _door_page(request, reading.by_slug(slug))


@site.post("/q/{code}", dependencies=[RoomBeginRate])
def begin(request: Request, code: str, typed: TypedForm) -> Response:
    """Begin, or go on where one was; a double press begins once."""
    quiz = _known(request, code)
    once = once_per_form(request, typed)
    try:
        begun = service.begin(quiz.id, visitors.visitor_of(request, quiz.id), once)
    except Problem as problem:
        if problem.status != 409:
            raise
        return _door_page(request, quiz, problem, 409)
    answer = RedirectResponse(f"/quizzes/attempts/{begun.token}/go", 303)
    visitors.keep(answer, quiz.id, begun)
    return answer


def _known(request: Request, code: str) -> Quiz:
    stop_guessing(request)
    try:
        return reading.by_code(code)
    except NotFound:
        count_miss(request)
        raise


def _door_page(
    request: Request, quiz: Quiz, problem: Problem | None = None, status: int = 200
) -> HTMLResponse:
    door = reading.door(quiz, visitors.visitor_of(request, quiz.id))
    return pages.render(
        request,
        "attempts/door.html",
        status,
        door=door,
        quiz=quiz,
        problem=problem or door.refusal,
        form=Form(),
        code=spaced(quiz.code),
        said_in=said_in,
        zone=city().timezone,
    )
