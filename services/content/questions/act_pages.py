"""What staff do with a question, by forms of its page."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy, localized, speaking
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, NotFound, Problem
from services.content.database import pages
from services.content.questions import answers_reading, merging, reading, service
from services.content.questions.schemas import AnswerIn, AssignIn, MergeIn, NoteIn
from services.content.questions.staff_pages import question_page, staff_words

site = APIRouter(prefix="/staff/questions/{question_id:uuid}")

Answerer = Annotated[Principal, Depends(require("questions.answer"))]


def _unmark(principal: Principal, question_id: uuid.UUID) -> None:
    service.mark(principal, question_id, urgent=False)


def _mark(principal: Principal, question_id: uuid.UUID) -> None:
    service.mark(principal, question_id, urgent=True)


# What one press does, and can be taken back with another one.
_ACTS: Final[dict[str, Callable[[Principal, uuid.UUID], None]]] = {
    "take": service.take,
    "reopen": service.reopen,
    "close": service.close,
    "set-aside": service.set_aside,
    "mark": _mark,
    "unmark": _unmark,
    "unmerge": merging.undo,
}


@site.post("/answer")
def answer(
    request: Request, question_id: uuid.UUID, principal: Answerer, typed: TypedForm
) -> Response:
    """Send an answer; or put a public one into the field, when that was pressed."""
    try:
        if chosen := typed.text("insert"):
            return _with_inserted(request, principal, question_id, typed.values(), chosen)
        wanted = typed.parse(AnswerIn)
        service.answer(principal, question_id, wanted, once_per_form(request, typed))
    except Invalid as error:
        question = reading.get_for_staff(principal, question_id)
        form = Form(typed.values(), error)
        return question_page(request, principal, question, form, status=422)
    except Problem as problem:
        if problem.kind not in ("changed-meanwhile", "wrong-state", "withdrawn"):
            raise
        question = reading.get_for_staff(principal, question_id)
        # Whoever has read what is new and sends again means to send a second answer.
        form = Form(typed.values() | {"version": question.version})
        return question_page(
            request, principal, question, form, problem=problem, status=problem.status
        )
    return _back(question_id)


@site.post("/note")
def note(
    request: Request, question_id: uuid.UUID, principal: Answerer, typed: TypedForm
) -> Response:
    """Keep an internal note."""
    try:
        service.note(principal, question_id, typed.parse(NoteIn), once_per_form(request, typed))
    except Invalid as error:
        question = reading.get_for_staff(principal, question_id)
        form = Form({"version": question.version})
        note_form = Form(typed.values(), error)
        return question_page(request, principal, question, form, note_form=note_form, status=422)
    return _back(question_id)


@site.post("/assign")
def assign(
    request: Request, question_id: uuid.UUID, principal: Answerer, typed: TypedForm
) -> Response:
    """Give it to an office or an expert; whoever gave it away goes back to the inbox."""
    try:
        service.assign(principal, question_id, typed.parse(AssignIn))
    except Invalid as error:
        question = reading.get_for_staff(principal, question_id)
        form = Form({"version": question.version})
        assign_form = Form(typed.values(), error)
        return question_page(
            request, principal, question, form, assign_form=assign_form, status=422
        )
    try:
        reading.get_for_staff(principal, question_id)
    except Problem:
        return RedirectResponse("/staff/questions", 303)
    return _back(question_id)


@site.get("/merge")
def merge_page(request: Request, question_id: uuid.UUID, principal: Answerer) -> HTMLResponse:
    """Which question it is a second time."""
    return _merge_page(request, principal, question_id, Form())


@site.post("/merge")
def merge(
    request: Request, question_id: uuid.UUID, principal: Answerer, typed: TypedForm
) -> Response:
    """Merge it."""
    try:
        merging.merge(principal, question_id, typed.parse(MergeIn).into)
    except Invalid as error:
        form = Form(typed.values(), error)
        return _merge_page(request, principal, question_id, form, status=422)
    return _back(question_id)


@site.post("/{act}")
def do(question_id: uuid.UUID, act: str, principal: Answerer) -> Response:
    """One of the presses that need no form."""
    if act not in _ACTS:
        raise NotFound
    _ACTS[act](principal, question_id)
    return _back(question_id)


def _with_inserted(
    request: Request,
    principal: Principal,
    question_id: uuid.UUID,
    values: dict[str, Any],
    chosen: str,
) -> HTMLResponse:
    question = reading.get_for_staff(principal, question_id)
    ready = answers_reading.get_public(chosen)
    text = localized(ready.answer, question.language)
    # In the language of whoever asked, not in that of whoever answers.
    with speaking(question.language):
        source = str(lazy("See also: %(url)s", url=ready.url))
    before = str(values.get("text", "")).strip()
    parts = (before, text, source)
    values = values | {"text": "\n\n".join(part for part in parts if part)}
    return question_page(request, principal, question, Form(values))


def _merge_page(
    request: Request,
    principal: Principal,
    question_id: uuid.UUID,
    form: Form,
    status: int = 200,
) -> HTMLResponse:
    question = reading.get_for_staff(principal, question_id)
    return pages.render(
        request,
        "questions/merge.html",
        status,
        question=question,
        others=reading.others(principal, question),
        form=form,
        **staff_words(),
    )


def _back(question_id: uuid.UUID) -> Response:
    return RedirectResponse(f"/staff/questions/{question_id}", 303)
