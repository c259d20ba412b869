"""The staff's pages of public answers: list, write, check for persons, publish, withdraw."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy, localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.content.database import pages
from services.content.language import named, options
from services.content.publication import MOVES, STATUS_NAMES, STATUS_TONES
from services.content.questions import answers, answers_reading, reading
from services.content.questions.answers import (
    PublicAnswerForm,
    PublicAnswerOut,
    PublishIn,
    WithdrawIn,
)
from services.content.questions.persons import KIND_NAMES, traces
from services.content.questions.schemas import QuestionOut
from services.content.questions.staff_pages import staff_words
from services.content.withdrawal import pages as withdrawal

site = APIRouter(prefix="/staff/questions")

Viewer = Annotated[Principal, Depends(require("questions.view"))]
Answerer = Annotated[Principal, Depends(require("questions.answer"))]


@site.get("/answers")
def list_page(
    request: Request, principal: Viewer, *, status: str = "", cursor: str | None = None
) -> HTMLResponse:
    """The office's public answers and drafts."""
    known = next((one for one in MOVES if one == status), None)
    found = answers_reading.list_for_staff(principal, status=known, cursor=cursor)
    return pages.render(
        request,
        "questions/answers.html",
        answers=found.items,
        next_cursor=found.next_cursor,
        form=Form({"status": status}),
        publication_options=options(STATUS_NAMES),
        publication_names=STATUS_NAMES,
        publication_tones=STATUS_TONES,
        **staff_words(),
    )


@site.get("/answers/new")
def new_page(request: Request, principal: Answerer) -> HTMLResponse:
    """An empty form."""
    return _form_page(request, principal, Form())


@site.post("/answers/new")
def write(request: Request, principal: Answerer, typed: TypedForm) -> Response:
    """Keep a draft of one's own accord."""
    return _write(request, principal, typed, None)


@site.get("/{question_id:uuid}/public")
def promote_page(request: Request, question_id: uuid.UUID, principal: Answerer) -> HTMLResponse:
    """The form, begun with what was asked and answered."""
    question = reading.get_for_staff(principal, question_id)
    told = [entry.text or "" for entry in question.entries if entry.kind == "answer"]
    tag = question.language
    return _form_page(
        request,
        principal,
        Form(
            {
                f"question.{tag}": " ".join((question.text or "").split())[:200],
                f"answer.{tag}": told[-1] if told else "",
                "topics": [question.topic] if question.topic else [],
                "countries": named([question.country]) if question.country else "",
            }
        ),
        question=question,
    )


@site.post("/{question_id:uuid}/public")
def promote(
    request: Request, question_id: uuid.UUID, principal: Answerer, typed: TypedForm
) -> Response:
    """Keep the draft."""
    return _write(request, principal, typed, question_id)


@site.get("/answers/{answer_id:uuid}")
def overview(request: Request, answer_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One answer as it is read, what visitors said, and what can be done."""
    return pages.render(
        request,
        "questions/answer_view.html",
        kept=answers_reading.get_for_staff(principal, answer_id),
        publication_names=STATUS_NAMES,
        publication_tones=STATUS_TONES,
        kind_names=KIND_NAMES,
        **staff_words(),
    )


@site.get("/answers/{answer_id:uuid}/edit")
def edit_page(request: Request, answer_id: uuid.UUID, principal: Answerer) -> HTMLResponse:
    """The form with what is stored."""
    kept = answers_reading.get_for_staff(principal, answer_id)
    return _form_page(request, principal, _filled(kept.answer), answer_id=answer_id)


@site.post("/answers/{answer_id:uuid}/edit")
def edit(request: Request, answer_id: uuid.UUID, principal: Answerer, typed: TypedForm) -> Response:
    """Keep the changes; what is public is checked for persons again."""
    try:
        wanted = typed.parse(PublicAnswerForm)
        answers.edit(principal, answer_id, wanted, typed.version())
    except Invalid as error:
        form = Form(typed.values(), error)
        return _form_page(request, principal, form, answer_id=answer_id, status=422)
    except Problem as problem:
        if problem.kind not in ("changed-meanwhile", "person-may-be-named"):
            raise
        stored = answers_reading.get_for_staff(principal, answer_id).answer
        form = Form(typed.values() | {"version": stored.version})
        return _form_page(
            request, principal, form, answer_id=answer_id, problem=problem, status=problem.status
        )
    return RedirectResponse(f"/staff/questions/answers/{answer_id}", 303)


@site.post("/answers/{answer_id:uuid}/reviewed")
def reviewed(answer_id: uuid.UUID, principal: Answerer) -> Response:
    """It has been read again and is still right."""
    answers.reviewed(principal, answer_id)
    return RedirectResponse(f"/staff/questions/answers/{answer_id}", 303)


@site.get("/answers/{answer_id:uuid}/publish")
def publish_page(request: Request, answer_id: uuid.UUID, principal: Answerer) -> HTMLResponse:
    """What publishing will do, and what may lead to a person."""
    return _publish_page(request, principal, answer_id, Form())


@site.post("/answers/{answer_id:uuid}/publish")
def publish(
    request: Request, answer_id: uuid.UUID, principal: Answerer, typed: TypedForm
) -> Response:
    """Publish it."""
    try:
        answers.publish(principal, answer_id, typed.parse(PublishIn))
    except Invalid as error:
        kept = answers_reading.get_for_staff(principal, answer_id)
        form = Form(_filled(kept.answer).values, error)
        return _form_page(request, principal, form, answer_id=answer_id, status=422)
    except Problem as problem:
        if problem.kind != "person-may-be-named":
            raise
        form = Form(typed.values())
        return _publish_page(request, principal, answer_id, form, problem)
    return RedirectResponse(f"/staff/questions/answers/{answer_id}", 303)


@site.get("/answers/{answer_id:uuid}/withdraw")
def withdraw_page(request: Request, answer_id: uuid.UUID, principal: Answerer) -> HTMLResponse:
    """What withdrawing will do, and the question why."""
    return _withdraw_page(request, principal, answer_id, Form())


@site.post("/answers/{answer_id:uuid}/withdraw")
def withdraw(
    request: Request, answer_id: uuid.UUID, principal: Answerer, typed: TypedForm
) -> Response:
    """Withdraw it."""
    try:
        answers.withdraw(principal, answer_id, typed.parse(WithdrawIn))
    except Invalid as error:
        form = Form(typed.values(), error)
        return _withdraw_page(request, principal, answer_id, form, 422)
    return RedirectResponse(f"/staff/questions/answers/{answer_id}", 303)


def _filled(answer: PublicAnswerOut) -> Form:
    form = Form.of(answer)
    form.values["countries"] = named(answer.countries)
    return form


def _write(
    request: Request, principal: Principal, typed: TypedForm, question_id: uuid.UUID | None
) -> Response:
    try:
        wanted = typed.parse(PublicAnswerForm)
        once = once_per_form(request, typed)
        done = answers.write(principal, wanted, once, question_id=question_id)
    except Invalid as error:
        question = reading.get_for_staff(principal, question_id) if question_id else None
        form = Form(typed.values(), error)
        return _form_page(request, principal, form, question=question, status=422)
    return RedirectResponse(f"/staff/questions/answers/{done.id}", 303)


def _form_page(
    request: Request,
    principal: Principal,
    form: Form,
    *,
    question: QuestionOut | None = None,
    answer_id: uuid.UUID | None = None,
    problem: Problem | None = None,
    status: int = 200,
) -> HTMLResponse:
    typed = {
        name: {tag: str(form.values.get(f"{name}.{tag}", "")) for tag in ("zh-CN", "en")}
        for name in ("question", "answer")
    }
    kept = answers_reading.get_for_staff(principal, answer_id) if answer_id else None
    known = (
        [one for one in (question.name, question.email, question.phone) if one] if question else []
    )
    found = traces(typed.values(), known)
    if problem is not None and problem.kind == "person-may-be-named":
        # Also what only the stored question knows to be a person.
        keys = {trace["key"] for trace in problem.extra["traces"]}
        found = [trace for trace in found if trace.key in keys]
    return pages.render(
        request,
        "questions/answer_form.html",
        status,
        form=form,
        question=question,
        kept=kept,
        traces=found if form.values else [],
        problem=problem,
        kind_names=KIND_NAMES,
        **staff_words(),
    )


def _publish_page(
    request: Request,
    principal: Principal,
    answer_id: uuid.UUID,
    form: Form,
    problem: Problem | None = None,
) -> HTMLResponse:
    kept = answers_reading.get_for_staff(principal, answer_id)
    return pages.render(
        request,
        "questions/publish.html",
        problem.status if problem else 200,
        title=lazy("Publish “%(title)s”?", title=localized(kept.answer.question)),
        text="",
        consequences=[
            lazy("Everybody can read it and find it by search at once."),
            lazy("The person who asked is not told, and nothing leads from it to them."),
        ],
        button=lazy("Publish now"),
        cancel_url=f"/staff/questions/answers/{answer_id}",
        kept=kept,
        problem=problem,
        form=form,
        kind_names=KIND_NAMES,
        **staff_words(),
    )


def _withdraw_page(
    request: Request, principal: Principal, answer_id: uuid.UUID, form: Form, status: int = 200
) -> HTMLResponse:
    kept = answers_reading.get_for_staff(principal, answer_id)
    return withdrawal.ask(
        request,
        form,
        status,
        title=lazy("Withdraw “%(title)s”?", title=localized(kept.answer.question)),
        consequences=[
            lazy("It leaves the public answers and the search at once."),
            lazy("Its address says that it was withdrawn, with your reason."),
        ],
        back=f"/staff/questions/answers/{answer_id}",
    )
