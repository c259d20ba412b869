"""Staff as pages: a list, a form for each change, and a question before what ends access."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.idempotency import once_per_form
from services.chassis.lists import Page
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import district_name
from services.identity.apikeys.service import count_made_by
from services.identity.database import pages
from services.identity.roles import district_options, role_options
from services.identity.staff import service
from services.identity.staff.schemas import (
    NewPasswordOnly,
    NewStaff,
    StaffChange,
    StaffFilter,
    StaffOut,
)

router = APIRouter()

Manager = Annotated[Principal, Depends(require("people.manage"))]

PEOPLE = "/staff/people"
_PAGE = 50


@router.get(PEOPLE)
def show_list(request: Request, principal: Manager, cursor: str = "") -> Response:
    """The people whom one may manage."""
    asked = Typed(FormData([*request.query_params.multi_items()]))
    try:
        wanted = asked.parse(StaffFilter)
        found = service.list_staff(principal, wanted, cursor=cursor or None, limit=_PAGE)
        form = Form({"state": wanted.state} | asked.values())
    except Invalid as invalid:
        found, form = Page[StaffOut]([], None), Form(asked.values(), invalid)
    return pages.render(
        request,
        "staff/list.html",
        422 if form.error_list else 200,
        page=found,
        form=form,
        roles=role_options(principal),
        districts=district_options(principal),
    )


@router.get(f"{PEOPLE}/add")
def show_add(request: Request, principal: Manager) -> Response:
    """The form for a new person."""
    return _add_page(request, principal, Form({"district": principal.district or ""}))


@router.post(f"{PEOPLE}/add")
def add(request: Request, principal: Manager, typed: TypedForm) -> Response:
    """Add a person."""
    try:
        added = service.add(principal, typed.parse(NewStaff), once_per_form(request, typed))
    except Problem as problem:
        return _add_page(request, principal, *_shown(typed, problem))
    return RedirectResponse(f"{PEOPLE}/{added.id}?done=added", 303)


def _add_page(
    request: Request, principal: Principal, form: Form, problem: Problem | None = None
) -> Response:
    return pages.render(
        request,
        "staff/add.html",
        _status(form, problem),
        form=form,
        problem=problem,
        roles=role_options(principal),
        districts=district_options(principal),
    )


@router.get(f"{PEOPLE}/{{staff_id}}")
def show(request: Request, principal: Manager, staff_id: uuid.UUID, done: str = "") -> Response:
    """One person, and what can be changed."""
    staff = service.read(principal, staff_id)
    return _person_page(request, principal, staff, Form.of(staff), done=done)


@router.post(f"{PEOPLE}/{{staff_id}}")
def change(request: Request, principal: Manager, staff_id: uuid.UUID, typed: TypedForm) -> Response:
    """Change a person's name, role or district."""
    try:
        service.change(principal, staff_id, typed.parse(StaffChange))
    except Problem as problem:
        staff = service.read(principal, staff_id)
        form, shown = _shown(typed, problem)
        return _person_page(request, principal, staff, form, problem=shown)
    return RedirectResponse(f"{PEOPLE}/{staff_id}?done=changed", 303)


def _person_page(
    request: Request,
    principal: Principal,
    staff: StaffOut,
    form: Form,
    *,
    problem: Problem | None = None,
    done: str = "",
) -> Response:
    return pages.render(
        request,
        "staff/person.html",
        _status(form, problem),
        staff=staff,
        oneself=staff.id == principal.id,
        form=form,
        problem=problem,
        done=done,
        roles=role_options(principal),
        districts=district_options(principal),
    )


@router.get(f"{PEOPLE}/{{staff_id}}/password")
def show_password(request: Request, principal: Manager, staff_id: uuid.UUID) -> Response:
    """The form for a new password of somebody."""
    return _password_page(request, service.read(principal, staff_id), Form())


@router.post(f"{PEOPLE}/{{staff_id}}/password")
def set_password(
    request: Request, principal: Manager, staff_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Set somebody's password."""
    staff = service.read(principal, staff_id)
    try:
        service.set_password(principal, staff_id, typed.parse(NewPasswordOnly).password)
    except Problem as problem:
        return _password_page(request, staff, *_shown(typed, problem))
    return RedirectResponse(f"{PEOPLE}/{staff_id}?done=password", 303)


def _password_page(
    request: Request, staff: StaffOut, form: Form, problem: Problem | None = None
) -> Response:
    return pages.render(
        request,
        "staff/password.html",
        _status(form, problem),
        staff=staff,
        form=form,
        problem=problem,
    )


@router.get(f"{PEOPLE}/{{staff_id}}/disable")
def ask_disable(request: Request, principal: Manager, staff_id: uuid.UUID) -> Response:
    """Ask before a person's access ends."""
    staff = service.read(principal, staff_id)
    consequences = [
        _("They are signed out everywhere at once and cannot sign in again."),
        _("What they wrote stays, and so does their name in the audit trail."),
        _("You can let them in again later."),
    ]
    if keys := count_made_by(staff_id):
        consequences.append(
            _("API keys that they made (%(count)s) keep working until you end them.")
            % {"count": keys}
        )
    return pages.render(
        request,
        "confirm.html",
        title=_("End the access of %(name)s?") % {"name": staff.name},
        text=f"{district_name(staff.district)} · {staff.email}",
        consequences=consequences,
        button=_("End their access"),
        cancel_url=f"{PEOPLE}/{staff_id}",
        danger=True,
    )


@router.post(f"{PEOPLE}/{{staff_id}}/disable")
def disable(request: Request, principal: Manager, staff_id: uuid.UUID) -> Response:
    """End a person's access."""
    try:
        service.disable(principal, staff_id)
    except Problem as problem:
        return _refused(request, principal, staff_id, problem)
    return RedirectResponse(f"{PEOPLE}/{staff_id}?done=disabled", 303)


@router.get(f"{PEOPLE}/{{staff_id}}/enable")
def ask_enable(request: Request, principal: Manager, staff_id: uuid.UUID) -> Response:
    """Ask before a person is let in again."""
    staff = service.read(principal, staff_id)
    return pages.render(
        request,
        "confirm.html",
        title=_("Let %(name)s sign in again?") % {"name": staff.name},
        text=f"{district_name(staff.district)} · {staff.email}",
        consequences=[_("They sign in with the password they had, in the role they had.")],
        button=_("Let them in again"),
        cancel_url=f"{PEOPLE}/{staff_id}",
    )


@router.post(f"{PEOPLE}/{{staff_id}}/enable")
def enable(principal: Manager, staff_id: uuid.UUID) -> Response:
    """Let a person in again."""
    service.enable(principal, staff_id)
    return RedirectResponse(f"{PEOPLE}/{staff_id}?done=enabled", 303)


def _refused(
    request: Request, principal: Principal, staff_id: uuid.UUID, problem: Problem
) -> Response:
    """The person's page with why nothing was done; what may not even be seen stays refused."""
    staff = service.read(principal, staff_id)
    return _person_page(request, principal, staff, Form.of(staff), problem=problem)


def _shown(typed: Typed, problem: Problem) -> tuple[Form, Problem | None]:
    """A refusal as the form shows it: beside its fields, or as a notice above them."""
    if isinstance(problem, Invalid):
        return Form(typed.values(), problem), None
    return Form(typed.values()), problem


def _status(form: Form, problem: Problem | None) -> int:
    if problem is not None:
        return problem.status
    return 422 if form.error_list else 200
