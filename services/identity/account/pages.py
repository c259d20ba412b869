"""One's own account as a page."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.chassis.auth import AnyStaff, Principal
from services.chassis.forms import Form, TypedForm
from services.chassis.problems import Invalid, Problem
from services.identity.account import service
from services.identity.account.schemas import PasswordChange
from services.identity.database import pages

router = APIRouter()

_ACCOUNT = "/staff/account"


def _page(
    request: Request,
    principal: Principal,
    status: int = 200,
    *,
    form: Form | None = None,
    problem: Problem | None = None,
    done: str = "",
) -> Response:
    return pages.render(
        request,
        "account/account.html",
        status,
        account=service.read(principal),
        form=form or Form(),
        problem=problem,
        done=done,
    )


@router.get(_ACCOUNT)
def show(request: Request, principal: AnyStaff, done: str = "") -> Response:
    """Who one is, where one is signed in, and a new password."""
    return _page(request, principal, done=done)


@router.post(f"{_ACCOUNT}/sessions/{{session_id}}/end")
def end_one(principal: AnyStaff, session_id: uuid.UUID) -> Response:
    """End one session; one's own present one ends as by signing out."""
    service.end_one(principal, session_id)
    return RedirectResponse(f"{_ACCOUNT}?done=session", 303)


@router.post(f"{_ACCOUNT}/sessions/end-others")
def end_others(principal: AnyStaff) -> Response:
    """End every session but this one."""
    service.end_others(principal)
    return RedirectResponse(f"{_ACCOUNT}?done=session", 303)


@router.post(f"{_ACCOUNT}/password")
def change_password(request: Request, principal: AnyStaff, typed: TypedForm) -> Response:
    """A new password, if the present one is given with it."""
    try:
        service.change_password(principal, typed.parse(PasswordChange))
    except Invalid as invalid:
        return _page(request, principal, 422, form=Form({}, invalid))
    except Problem as problem:
        return _page(request, principal, problem.status, problem=problem)
    return RedirectResponse(f"{_ACCOUNT}?done=password", 303)
