"""The audit trail as a page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, Typed
from services.chassis.lists import Page
from services.chassis.problems import Invalid
from services.identity.audit import service
from services.identity.audit.schemas import AuditFilter, AuditOut
from services.identity.audit.words import action_words, actor_words, detail_words, target_link
from services.identity.database import pages

router = APIRouter()

Auditor = Annotated[Principal, Depends(require("audit.view"))]

_PAGE = 50


@router.get("/staff/audit")
def show(request: Request, principal: Auditor, cursor: str = "") -> Response:
    """Who did what, latest first, by person, by kind of act and by day."""
    asked = Typed(FormData([*request.query_params.multi_items()]))
    try:
        wanted = asked.parse(AuditFilter)
        found = service.list_entries(principal, wanted, cursor=cursor or None, limit=_PAGE)
        form = Form(asked.values())
    except Invalid as invalid:
        found, form = Page[AuditOut]([], None), Form(asked.values(), invalid)
    return pages.render(
        request,
        "audit/list.html",
        422 if form.error_list else 200,
        page=found,
        form=form,
        actors=[(str(found[0]), actor_words(*found)) for found in service.actors(principal)],
        actions=[(action, action_words(action)) for action in service.actions(principal)],
        action_words=action_words,
        actor_words=actor_words,
        detail_words=detail_words,
        target_link=target_link,
    )
