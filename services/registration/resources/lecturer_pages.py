"""The staff's pages of lecturers: the list, the form, the week of one with its exceptions."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any

from babel.dates import format_date
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import locale, localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import city
from services.registration.activities import words
from services.registration.database import database, pages
from services.registration.resources import form, lecturers
from services.registration.resources.models import WEEKDAY_NAMES
from services.registration.resources.schemas import ExceptionIn, LecturerOut
from services.registration.resources.showing import STRIP, archive_question, written
from services.registration.resources.week import monday_of, week_of, zone_of

router = APIRouter(prefix="/staff/lecturers")

Viewer = Annotated[Principal, Depends(require("activities.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]


@router.get("")
def lecturers_page(request: Request, principal: Viewer, archived: str = "") -> HTMLResponse:
    """Who speaks, in which languages and about what."""
    return pages.render(
        request,
        "resources/lecturers.html",
        lecturers=lecturers.listed(principal, archived=bool(archived)),
        archived=bool(archived),
        language_names=words.LANGUAGE_NAMES,
    )


@router.get("/new")
def new_lecturer_page(request: Request, principal: Editor) -> HTMLResponse:
    """An empty form."""
    values = {
        "languages": ["zh-CN"],
        "timezone": city().timezone,
        "districts": [principal.district] if principal.district else [],
    }
    return _lecturer_form(request, principal, Form(values))


@router.post("/new")
def create_lecturer(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Enter the lecturer, then show the week."""

    def act() -> str:
        once = once_per_form(request, typed)
        made = lecturers.create(principal, form.read_lecturer(typed), once)
        return f"/staff/lecturers/{made.id}"

    return written(act, typed, lambda **shown: _lecturer_form(request, principal, **shown))


@router.get("/{lecturer_id}")
def lecturer_page(
    request: Request, lecturer_id: uuid.UUID, principal: Viewer, week: str = ""
) -> HTMLResponse:
    """One lecturer: facts, the week, the exceptions."""
    return _lecturer_page(request, principal, lecturer_id, Form({"available": "away"}), week=week)


@router.get("/{lecturer_id}/edit")
def edit_lecturer_page(request: Request, lecturer_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form, filled. It carries the version that it was opened with."""
    lecturer = lecturers.one(principal, lecturer_id)
    return _lecturer_form(request, principal, Form(form.lecturer_values(lecturer)), lecturer)


@router.post("/{lecturer_id}/edit")
def edit_lecturer(
    request: Request, lecturer_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Write the changes, unless somebody else wrote some since the form was opened."""

    def act() -> str:
        lecturers.edit(principal, lecturer_id, form.read_lecturer(typed))
        return f"/staff/lecturers/{lecturer_id}"

    def again(**shown: Any) -> HTMLResponse:  # noqa: ANN401 - passed on
        lecturer = lecturers.one(principal, lecturer_id)
        return _lecturer_form(request, principal, lecturer=lecturer, **shown)

    return written(act, typed, again)


@router.post("/{lecturer_id}/exceptions")
def add_exception(
    request: Request, lecturer_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Note days on which the week does not hold."""
    try:
        wanted = typed.parse(ExceptionIn, available=typed.text("available") == "free")
        lecturers.add_exception(principal, lecturer_id, wanted, once_per_form(request, typed))
    except Invalid as invalid:
        shown = Form(typed.values(), invalid)
        return _lecturer_page(request, principal, lecturer_id, shown, status=422)
    return RedirectResponse(f"/staff/lecturers/{lecturer_id}?week={wanted.first}", 303)


@router.post("/{lecturer_id}/exceptions/{exception_id}/delete")
def drop_exception(lecturer_id: uuid.UUID, exception_id: uuid.UUID, principal: Editor) -> Response:
    """Let the week hold again."""
    lecturers.drop_exception(principal, lecturer_id, exception_id)
    return RedirectResponse(f"/staff/lecturers/{lecturer_id}", 303)


@router.get("/{lecturer_id}/archive")
def archive_lecturer_page(
    request: Request, lecturer_id: uuid.UUID, principal: Editor
) -> HTMLResponse:
    """Ask before a lecturer is no longer offered."""
    lecturer = lecturers.one(principal, lecturer_id)
    here = f"/staff/lecturers/{lecturer_id}"
    return archive_question(request, _("Archive this lecturer?"), localized(lecturer.name), here)


@router.post("/{lecturer_id}/archive")
def archive_lecturer(lecturer_id: uuid.UUID, principal: Editor) -> Response:
    """Offer a lecturer no longer."""
    lecturers.archive(principal, lecturer_id)
    return RedirectResponse("/staff/lecturers", 303)


@router.post("/{lecturer_id}/restore")
def restore_lecturer(lecturer_id: uuid.UUID, principal: Editor) -> Response:
    """Offer a lecturer again."""
    lecturers.archive(principal, lecturer_id, archived=False)
    return RedirectResponse(f"/staff/lecturers/{lecturer_id}", 303)


def _lecturer_page(
    request: Request,
    principal: Principal,
    lecturer_id: uuid.UUID,
    shown: Form,
    *,
    week: str = "",
    status: int = 200,
) -> HTMLResponse:
    with database.transaction() as session:
        found = lecturers.seen(session, principal, lecturer_id)
        lecturer = LecturerOut.of(found, principal)
        seven_days = week_of(session, principal, found, monday_of(week, zone_of(found)))
    home = lecturer.districts[0] if len(lecturer.districts) == 1 else None
    return pages.render(
        request,
        "resources/lecturer.html",
        status,
        lecturer=lecturer,
        may_edit=principal.may("activities.edit") and principal.covers(home),
        week=seven_days,
        form=shown,
        language_names=words.LANGUAGE_NAMES,
        days=_days,
        **STRIP,
    )


def _days(first: date, last: date) -> str:
    """One day or several, as the language of the page writes them."""
    begins, ends = (str(format_date(day, "long", locale=locale())) for day in (first, last))
    return begins if first == last else f"{begins} – {ends}"


def _lecturer_form(
    request: Request,
    principal: Principal,
    shown: Form,
    lecturer: LecturerOut | None = None,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HTMLResponse:
    if problem and lecturer:
        # Sending the form once more, having compared, is then an edit over the present state.
        shown.values["version"] = lecturer.version
    return pages.render(
        request,
        "resources/lecturer_form.html",
        status,
        form=shown,
        lecturer=lecturer,
        problem=problem,
        districts=words.districts(principal.district),
        topics=words.topics(),
        languages=words.spoken(),
        days=[(field, str(WEEKDAY_NAMES[number])) for number, field in enumerate(form.DAYS)],
    )
