"""The pages behind an attempt's link: question by question, the overview, the result."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import lazy
from services.chassis.problems import Invalid, Problem
from services.chassis.ratelimit import PublicRate, RoomRate
from services.chassis.reference import city
from services.content.attempts import certificates, erasing, reading, refusals, service
from services.content.attempts.reading import Standing
from services.content.attempts.schemas import CertifyIn
from services.content.attempts.typed import response_of, values_of
from services.content.database import pages
from services.content.language import said_in

site = APIRouter(prefix="/quizzes/attempts/{token}")


@site.get("")
def here(request: Request, token: str, late: bool = False) -> Response:
    """Where one was: the result once it is handed in, else the overview of the questions."""
    standing = reading.look(token)
    if standing.attempt.finished_at is not None:
        return _result_page(request, standing, Form(), late=late)
    return _page(request, "attempts/overview.html", standing)


@site.get("/go")
def go_on(token: str) -> Response:
    """On to the first question without an answer."""
    standing = reading.look(token)
    place = None if standing.attempt.finished_at else standing.next_open
    return RedirectResponse(_at(token, place), 303)


@site.get("/{place:int}")
def item_page(request: Request, token: str, place: int) -> Response:
    """One question."""
    standing = reading.look(token)
    if standing.attempt.finished_at is not None or not 1 <= place <= len(standing.paper):
        return RedirectResponse(_at(token), 303)
    item = standing.paper[place - 1]
    response = standing.attempt.responses.get(str(item.id))
    return _item_page(request, standing, place, Form(values_of(item.kind, response)))


@site.post("/{place:int}", dependencies=[RoomRate])
def answer(request: Request, token: str, place: int, typed: TypedForm) -> Response:
    """Keep an answer and go where the pressed button says; a script stays where it is (204)."""
    try:
        service.answer(token, _item_id(typed), response_of(typed))
    except Invalid as error:
        return _item_again(request, token, place, Form(typed.values(), error))
    except Problem as problem:
        if problem.status != 409:
            raise
        if typed.text("go") == "stay":
            return Response(status_code=409)
        return RedirectResponse(f"{_at(token)}?late=1", 303)
    return _onward(token, place, typed.text("go"))


def _onward(token: str, place: int, go: str) -> Response:
    """Where the pressed button leads once the answer is kept."""
    if go == "stay":
        return Response(status_code=204)
    if go == "hand-in":
        service.hand_in(token)
    steps = {"next": place + 1, "back": place - 1}
    return RedirectResponse(_at(token, steps.get(go)), 303)


def _item_again(request: Request, token: str, place: int, form: Form) -> Response:
    """The question once more, with what was chosen and why it was not taken."""
    standing = reading.look(token)
    if standing.attempt.finished_at is not None or not 1 <= place <= len(standing.paper):
        return RedirectResponse(_at(token), 303)
    return _item_page(request, standing, place, form, 422)


def _item_id(typed: Typed) -> uuid.UUID:
    try:
        return uuid.UUID(typed.text("item"))
    except ValueError:
        raise refusals.no_such_item() from None


@site.post("/hand-in", dependencies=[RoomRate])
def hand_in(token: str) -> Response:
    """Hand in; a second press changes nothing."""
    service.hand_in(token)
    return RedirectResponse(_at(token), 303)


@site.post("/certificate", dependencies=[PublicRate])
def certify(request: Request, token: str, typed: TypedForm) -> Response:
    """Give a name, and get the certificate."""
    try:
        wanted = typed.parse(CertifyIn)
        certificates.issue(token, wanted.name)
    except Invalid as error:
        return _result_page(request, reading.look(token), Form(typed.values(), error), status=422)
    return RedirectResponse(f"{_at(token)}/certificate", 303)


@site.get("/erase")
def erase_page(request: Request, token: str) -> HTMLResponse:
    """What erasing does."""
    standing = reading.look(token)
    if standing.attempt.finished_at is None:
        consequences = [
            lazy("Your answers are deleted; this attempt is not counted."),
            lazy("This link no longer works."),
        ]
    else:
        consequences = [
            lazy("Your answers and your name, if you gave one, are deleted."),
            lazy("This link no longer shows your result."),
            lazy("A certificate can still be checked by its code, but it no longer has a name."),
            lazy("Your marks are still counted, without anything that leads to you."),
        ]
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Erase this attempt?"),
        text="",
        consequences=consequences,
        button=lazy("Erase now"),
        danger=True,
        cancel_url=_at(token),
    )


@site.post("/erase", dependencies=[PublicRate])
def erase(request: Request, token: str) -> Response:
    """Erase it."""
    erasing.erase_own(token)
    return pages.render(request, "attempts/erased.html")


def _at(token: str, place: int | None = None) -> str:
    here = f"/quizzes/attempts/{token}"
    return here if place is None or place < 1 else f"{here}/{place}"


def _item_page(
    request: Request, standing: Standing, place: int, form: Form, status: int = 200
) -> HTMLResponse:
    item = standing.paper[place - 1]
    return _page(
        request,
        "attempts/item.html",
        standing,
        status,
        form=form,
        place=place,
        item=item,
        shown=item.shown(),
    )


def _result_page(
    request: Request, standing: Standing, form: Form, *, late: bool = False, status: int = 200
) -> HTMLResponse:
    return _page(
        request,
        "attempts/result.html",
        standing,
        status,
        form=form,
        late=late,
        result=reading.result_of(standing),
        paper={item.id: item for item in standing.paper},
    )


def _page(
    request: Request,
    template: str,
    standing: Standing,
    status: int = 200,
    **context: Any,  # noqa: ANN401 - whatever the template shows
) -> HTMLResponse:
    return pages.render(
        request,
        template,
        status,
        standing=standing,
        quiz=standing.quiz,
        here=_at(standing.token),
        said_in=said_in,
        zone=city().timezone,
        **context,
    )
