"""The staff's pages of quizzes: list, write, change, publish, withdraw, copy."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import day, lazy, localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import FieldError, Invalid, Problem
from services.chassis.reference import city
from services.content.banks import reading as banks
from services.content.database import pages
from services.content.language import options
from services.content.materials.schemas import WithdrawIn
from services.content.publication import MOVES, STATUS_NAMES, STATUS_TONES
from services.content.quizzes import quiz_form, reading, service
from services.content.quizzes.codes import spaced
from services.content.quizzes.schemas import (
    PURPOSE_NAMES,
    SHOW_NAMES,
    CopyIn,
    QuizOut,
    QuizPatch,
)
from services.content.withdrawal import pages as withdrawal

site = APIRouter(prefix="/staff/quizzes")

Viewer = Annotated[Principal, Depends(require("quizzes.view"))]
Editor = Annotated[Principal, Depends(require("quizzes.edit"))]


def words() -> dict[str, Any]:
    """What the templates need to put codes and states into words."""
    return {
        "purpose_names": PURPOSE_NAMES,
        "show_names": SHOW_NAMES,
        "status_names": STATUS_NAMES,
        "tones": STATUS_TONES,
        "spaced": spaced,
        "zone": city().timezone,
    }


@site.get("")
def list_page(
    request: Request,
    principal: Viewer,
    *,
    status: str = "",
    purpose: str = "",
    q: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """All quizzes of the office, with filters that live in the address."""
    found = reading.list_for_staff(
        principal,
        status=status if status in MOVES else None,
        purpose=purpose if purpose in PURPOSE_NAMES else None,
        words=q,
        cursor=cursor,
    )
    return pages.render(
        request,
        "quizzes/staff_list.html",
        quizzes=found.items,
        next_cursor=found.next_cursor,
        counts=reading.counts_by_status(principal),
        form=Form({"status": status, "purpose": purpose, "q": q}),
        status_options=options(STATUS_NAMES),
        purpose_options=options(PURPOSE_NAMES),
        **words(),
    )


@site.get("/new")
def new_page(request: Request, principal: Editor) -> HTMLResponse:
    """An empty form."""
    first = {"purpose": "open", "pass_mark": 60, "show": "at-once"}
    return _form_page(request, principal, Form(first))


@site.post("/new")
def create(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Keep a new draft."""
    values = quiz_form.compacted(typed)
    try:
        done = service.create(principal, quiz_form.read(typed), once_per_form(request, typed))
    except Invalid as error:
        form = Form(values, quiz_form.beside(error))
        return _form_page(request, principal, form, status=422)
    return RedirectResponse(f"/staff/quizzes/{done.id}", 303)


@site.get("/{quiz_id:uuid}")
def overview(request: Request, quiz_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One quiz: what it is, how it is reached, and what can be done with it."""
    kept = reading.get_for_staff(principal, quiz_id)
    return pages.render(
        request,
        "quizzes/staff_view.html",
        kept=kept,
        activity=reading.activity_of(kept.quiz.activity_id),
        copies=reading.copies_of(quiz_id),
        banks=_bank_names(principal),
        **words(),
    )


def _bank_names(principal: Principal) -> dict[uuid.UUID, dict[str, str]]:
    return {bank.id: bank.name for bank in banks.list_banks(principal)}


@site.get("/{quiz_id:uuid}/edit")
def edit_page(request: Request, quiz_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form with what is stored."""
    quiz = reading.get_for_staff(principal, quiz_id).quiz
    return _form_page(request, principal, Form(quiz_form.filled(quiz)), quiz)


@site.post("/{quiz_id:uuid}/edit")
def edit(request: Request, quiz_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Keep the changes."""
    values = quiz_form.compacted(typed)
    try:
        wanted = quiz_form.read(typed).model_dump()
        service.edit(principal, quiz_id, QuizPatch(version=typed.version(), **wanted))
    except Invalid as error:
        stored = reading.get_for_staff(principal, quiz_id).quiz
        form = Form(values, quiz_form.beside(error))
        return _form_page(request, principal, form, stored, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        stored = reading.get_for_staff(principal, quiz_id).quiz
        # Whoever has read the notice and sends again means to replace the other change.
        form = Form(values | {"version": stored.version})
        return _form_page(request, principal, form, stored, problem=problem, status=409)
    return RedirectResponse(f"/staff/quizzes/{quiz_id}", 303)


@site.get("/{quiz_id:uuid}/publish")
def publish_page(request: Request, quiz_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What publishing will do."""
    quiz = reading.get_for_staff(principal, quiz_id).quiz
    listed = lazy("It stands in the public list of quizzes.")
    hidden = lazy("It stands in no list: people reach it by its code or link.")
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Publish “%(title)s”?", title=localized(quiz.title)),
        text="",
        consequences=[
            lazy("Whoever has the code %(code)s can take it.", code=spaced(quiz.code)),
            listed if quiz.purpose == "open" else hidden,
        ],
        button=lazy("Publish now"),
        cancel_url=f"/staff/quizzes/{quiz_id}",
    )


@site.post("/{quiz_id:uuid}/publish")
def publish(request: Request, quiz_id: uuid.UUID, principal: Editor) -> Response:
    """Publish it; where a bank has too few items by now, the form says which."""
    try:
        service.publish(principal, quiz_id)
    except Invalid as error:
        quiz = reading.get_for_staff(principal, quiz_id).quiz
        form = Form(quiz_form.filled(quiz), quiz_form.beside(error))
        return _form_page(request, principal, form, quiz, status=422)
    return RedirectResponse(f"/staff/quizzes/{quiz_id}", 303)


@site.get("/{quiz_id:uuid}/withdraw")
def withdraw_page(request: Request, quiz_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What withdrawing will do, and the question why."""
    return _withdraw_page(request, principal, quiz_id, Form())


@site.post("/{quiz_id:uuid}/withdraw")
def withdraw(request: Request, quiz_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Withdraw it."""
    try:
        wanted = typed.parse(WithdrawIn)
    except Invalid as error:
        return _withdraw_page(request, principal, quiz_id, Form(typed.values(), error), 422)
    service.withdraw(principal, quiz_id, wanted.reason)
    return RedirectResponse(f"/staff/quizzes/{quiz_id}", 303)


@site.get("/{quiz_id:uuid}/copy")
def copy_page(request: Request, quiz_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What a copy is, and the question what for."""
    quiz = reading.get_for_staff(principal, quiz_id).quiz
    form = Form({"purpose": "after" if quiz.purpose == "before" else quiz.purpose})
    return _copy_page(request, quiz, form)


@site.post("/{quiz_id:uuid}/copy")
def copy(request: Request, quiz_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Make a draft of it."""
    try:
        wanted = typed.parse(CopyIn)
        done = service.copy(principal, quiz_id, wanted.purpose, once_per_form(request, typed))
    except Invalid as error:
        # A copy has one field; whatever stands in its way is said there.
        said = Invalid([FieldError("purpose", error.errors[0].message)])
        quiz = reading.get_for_staff(principal, quiz_id).quiz
        return _copy_page(request, quiz, Form(typed.values(), said), 422)
    return RedirectResponse(f"/staff/quizzes/{done.id}", 303)


def _copy_page(request: Request, quiz: QuizOut, form: Form, status: int = 200) -> HTMLResponse:
    purposes = options(PURPOSE_NAMES)
    if quiz.activity_id is None:
        # Which activity would be meant can only be said in the form of a new quiz.
        purposes = [(value, word) for value, word in purposes if value in ("open", "cohort")]
    return pages.render(
        request,
        "quizzes/copy.html",
        status,
        title=lazy("Copy “%(title)s”?", title=localized(quiz.title)),
        text="",
        consequences=[
            lazy("A draft is made that draws from the same banks, with a code of its own."),
            lazy("“After” and “before” of one activity are compared in their results."),
        ],
        button=lazy("Make the copy"),
        cancel_url=f"/staff/quizzes/{quiz.id}",
        form=form,
        purpose_options=purposes,
    )


def _withdraw_page(
    request: Request, principal: Principal, quiz_id: uuid.UUID, form: Form, status: int = 200
) -> HTMLResponse:
    quiz = reading.get_for_staff(principal, quiz_id).quiz
    return withdrawal.ask(
        request,
        form,
        status,
        title=lazy("Withdraw “%(title)s”?", title=localized(quiz.title)),
        consequences=[
            lazy("Its code opens nothing any more, and nobody can begin it."),
            lazy("Whoever has begun can still hand in. Results and certificates stay."),
        ],
        back=f"/staff/quizzes/{quiz_id}",
    )


def _form_page(
    request: Request,
    principal: Principal,
    form: Form,
    stored: QuizOut | None = None,
    *,
    problem: Problem | None = None,
    status: int = 200,
) -> HTMLResponse:
    districts: list[tuple[str, str]] = []
    if principal.district is None:
        districts = [(code, localized(name)) for code, name in city().districts.items()]
    found = banks.list_banks(principal)
    return pages.render(
        request,
        "quizzes/staff_form.html",
        status,
        form=form,
        stored=stored,
        problem=problem,
        districts=districts,
        lines=quiz_form.lines_of(form.values),
        banks=found,
        bank_options=[(str(bank.id), f"{localized(bank.name)} ({bank.items})") for bank in found],
        bank_tags=banks.bank_tags([bank.id for bank in found]),
        activity_options=[
            (str(one.id), f"{localized(one.title)} · {day(one.starts_at, one.timezone)}")
            for one in reading.activity_choices(principal)
        ],
        booking_options=[
            quiz_form.booking_option(one) for one in reading.booking_choices(principal)
        ],
        purpose_options=options(PURPOSE_NAMES),
        show_options=options(SHOW_NAMES),
        none_chosen=quiz_form.NO_BANK,
    )
