"""The staff's inbox of questions, one question, writing down one that was heard, figures."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis import audit
from services.chassis.auth import Principal, require
from services.chassis.database import utc_now
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import gettext, localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid
from services.chassis.reference import TOPICS, city, countries
from services.chassis.sheets import download
from services.content.database import database, pages
from services.content.questions import answers_reading, asking, experts, figures, reading
from services.content.questions.deadlines import WORKING_DAYS
from services.content.questions.pages import words
from services.content.questions.reading import CITY, VIEW_NAMES, Filters, view_of
from services.content.questions.schemas import (
    LONGEST_ANSWER,
    LONGEST_NOTE,
    LONGEST_QUESTION,
    HeardIn,
    QuestionOut,
)
from services.content.questions.states import VIA_NAMES
from services.content.questions.urgent import ALARM_NAMES, alarms

site = APIRouter(prefix="/staff/questions")

Viewer = Annotated[Principal, Depends(require("questions.view"))]
Answerer = Annotated[Principal, Depends(require("questions.answer"))]


def staff_words() -> dict[str, Any]:
    """What the staff's templates need besides those of everybody."""
    return words() | {
        "alarm_names": ALARM_NAMES,
        "via_names": VIA_NAMES,
        "view_names": VIEW_NAMES,
        "now": utc_now(),
    }


def office_options() -> list[tuple[str, str]]:
    """The offices that a question can be given to, without the city's."""
    return [(code, localized(name)) for code, name in city().districts.items()]


@site.get("")
def list_page(
    request: Request,
    principal: Viewer,
    *,
    view: str = "open",
    district: str = "",
    expert: str = "",
    topic: str = "",
    country: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """The inbox, with filters that live in the address."""
    known = experts.listed(principal)
    filters = Filters(
        view=view_of(view),
        district=district if district in (CITY, *city().districts) else None,
        expert=next((one.id for one in known if str(one.id) == expert), None),
        topic=topic if topic in TOPICS else None,
        country=country.upper() if country.upper() in countries() else None,
    )
    found = reading.list_for_staff(principal, filters, cursor=cursor)
    typed = {"view": filters.view, "district": district, "expert": expert, "topic": topic}
    return pages.render(
        request,
        "questions/staff_list.html",
        questions=found.items,
        next_cursor=found.next_cursor,
        counts=reading.counts(principal),
        filters=filters,
        form=Form(typed | {"country": filters.country or ""}),
        offices=[(CITY, gettext("The city office")), *office_options()],
        experts=[(str(one.id), one.name) for one in known],
        **staff_words(),
    )


@site.get("/new")
def new_page(request: Request, principal: Answerer) -> HTMLResponse:
    """The form for a question that was heard."""
    return _heard_page(request, principal, Form({"language": "zh-CN"}))


@site.post("/new")
def enter(request: Request, principal: Answerer, typed: TypedForm) -> Response:
    """Keep it."""
    try:
        wanted = typed.parse(HeardIn)
        done = asking.enter(principal, wanted, once_per_form(request, typed))
    except Invalid as error:
        return _heard_page(request, principal, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/staff/questions/{done.id}", 303)


@site.get("/figures")
def figures_page(request: Request, principal: Viewer) -> HTMLResponse:
    """How many, how fast, on what."""
    found = figures.figures(principal)
    return pages.render(
        request,
        "questions/figures.html",
        found=found,
        chart={
            "labels": [f"{week.monday:%m-%d}" for week in found.weeks],
            "counts": [week.asked for week in found.weeks],
        },
        **staff_words(),
    )


@site.get("/export.csv")
def export(principal: Viewer) -> Response:
    """The questions as a table without persons; that it was taken stands in the audit trail."""
    with database.transaction() as session:
        audit.record(
            session,
            principal,
            "question.exported",
            "question/all",
            district=principal.district,
        )
    return download(
        gettext("Questions and answers"),
        "csv",
        figures.HEADS,
        figures.rows(principal),
        plain="questions",
    )


@site.get("/{question_id:uuid}")
def overview(request: Request, question_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One question, what was said about it, and what can be done with it."""
    question = reading.get_for_staff(principal, question_id)
    return question_page(request, principal, question, Form({"version": question.version}))


def question_page(
    request: Request,
    principal: Principal,
    question: QuestionOut,
    form: Form,
    *,
    note_form: Form | None = None,
    assign_form: Form | None = None,
    problem: object = None,
    status: int = 200,
) -> HTMLResponse:
    """The page of a question with its forms as they stand."""
    assigned = {"district": question.district or "", "expert_id": question.expert_id or ""}
    return pages.render(
        request,
        "questions/staff_view.html",
        status,
        question=question,
        form=form,
        note_form=note_form or Form(),
        assign_form=assign_form or Form(assigned),
        problem=problem,
        ready_answers=answers_reading.similar_to(question.text or "") if question.text else [],
        offices=office_options(),
        experts=[(str(one.id), f"{one.name} · {one.field}") for one in experts.listed(principal)],
        longest_answer=LONGEST_ANSWER,
        longest_note=LONGEST_NOTE,
        **staff_words(),
    )


def _heard_page(
    request: Request, principal: Principal, form: Form, status: int = 200
) -> HTMLResponse:
    return pages.render(
        request,
        "questions/staff_heard.html",
        status,
        form=form,
        urgent=bool(alarms(str(form.values.get("text", "")))),
        offices=office_options() if principal.district is None else [],
        working_days=WORKING_DAYS,
        longest=LONGEST_QUESTION,
        **staff_words(),
    )
