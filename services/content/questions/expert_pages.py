"""An expert's page by link, and the staff's list of experts."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy, localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, NotFound
from services.chassis.ratelimit import PublicRate
from services.chassis.reference import city
from services.content.database import pages
from services.content.questions import experts
from services.content.questions.pages import words
from services.content.questions.schemas import LONGEST_NOTE, ExpertIn, NoteIn

site = APIRouter()

Viewer = Annotated[Principal, Depends(require("questions.view"))]
Answerer = Annotated[Principal, Depends(require("questions.answer"))]


@site.get("/questions/expert/{token}")
def referral_page(request: Request, token: str) -> HTMLResponse:
    """The question that was put to somebody, and the field for what they suggest."""
    return _referral_page(request, token, Form())


@site.post("/questions/expert/{token}", dependencies=[PublicRate])
def suggest(request: Request, token: str, typed: TypedForm) -> Response:
    """Take the suggestion."""
    try:
        experts.suggest(token, typed.parse(NoteIn).text, once_per_form(request, typed))
    except Invalid as error:
        return _referral_page(request, token, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/questions/expert/{token}", 303)


def _referral_page(request: Request, token: str, form: Form, status: int = 200) -> HTMLResponse:
    return pages.render(
        request,
        "questions/expert.html",
        status,
        referral=experts.look(token),
        form=form,
        longest=LONGEST_NOTE,
        **words(),
    )


@site.get("/staff/questions/experts")
def list_page(request: Request, principal: Viewer) -> HTMLResponse:
    """The experts, and a form for one more."""
    return _list_page(request, principal, Form())


@site.post("/staff/questions/experts")
def add(request: Request, principal: Answerer, typed: TypedForm) -> Response:
    """Keep one more."""
    try:
        experts.add(principal, typed.parse(ExpertIn), once_per_form(request, typed))
    except Invalid as error:
        return _list_page(request, principal, Form(typed.values(), error), status=422)
    return RedirectResponse("/staff/questions/experts", 303)


@site.get("/staff/questions/experts/{expert_id:uuid}/remove")
def remove_page(request: Request, expert_id: uuid.UUID, principal: Answerer) -> HTMLResponse:
    """What taking somebody out will do."""
    expert = next((one for one in experts.listed(principal) if one.id == expert_id), None)
    if expert is None:
        raise NotFound
    principal.must_cover(expert.district)
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Take %(name)s out of the list?", name=expert.name),
        text="",
        consequences=[
            lazy("Links that were sent to them open nothing any more."),
            lazy("Their name and address are erased; what they suggested stays with its question."),
        ],
        button=lazy("Take out"),
        danger=True,
        cancel_url="/staff/questions/experts",
    )


@site.post("/staff/questions/experts/{expert_id:uuid}/remove")
def remove(expert_id: uuid.UUID, principal: Answerer) -> Response:
    """Take somebody out."""
    experts.remove(principal, expert_id)
    return RedirectResponse("/staff/questions/experts", 303)


def _list_page(
    request: Request, principal: Principal, form: Form, status: int = 200
) -> HTMLResponse:
    districts = [(code, localized(name)) for code, name in city().districts.items()]
    return pages.render(
        request,
        "questions/experts.html",
        status,
        experts=experts.listed(principal),
        districts=districts if principal.district is None else [],
        form=form,
    )
