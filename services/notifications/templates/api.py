"""Templates as JSON, for staff and programs."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.chassis.auth import Principal, require
from services.chassis.fields import LanguageTag
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.notifications.broadcasts.schemas import TestIn, TestOut
from services.notifications.templates import reading, service, trial
from services.notifications.templates.preview import preview
from services.notifications.templates.schemas import (
    PreviewIn,
    PreviewOut,
    RestoreIn,
    TemplateChange,
    TemplateIn,
    TemplateOut,
    UsageOut,
    VersionOut,
)

router = APIRouter(prefix="/templates", tags=["templates"])

Editor = Annotated[Principal, Depends(require("templates.edit"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


@router.get("")
def index(
    principal: Editor,
    archived: bool = False,
    q: str = "",
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[TemplateOut]:
    """The templates that the caller's office may use: its own and the city's, by name."""
    page = reading.listed(principal, archived=archived, words=q, cursor=cursor, limit=limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("", status_code=201)
def create(principal: Editor, body: TemplateIn, once: OncePerKey) -> TemplateOut:
    """A new template, as its version 1."""
    return service.create(principal, body, once)


@router.post("/preview")
def look(
    _principal: Editor, body: PreviewIn, language: LanguageTag = "zh-CN", known: bool = True
) -> PreviewOut:
    """What somebody who reads ``language`` would get; ``known=false``: nothing is known of them."""
    return preview(body.message, language, known=known)


@router.get("/{template_id}")
def read(principal: Editor, template_id: uuid.UUID) -> TemplateOut:
    """One template with its newest version."""
    return reading.read(principal, template_id)


@router.put("/{template_id}")
def save(principal: Editor, template_id: uuid.UUID, body: TemplateChange) -> TemplateOut:
    """Save it; other texts make a new version."""
    return service.save(principal, template_id, body)


@router.get("/{template_id}/versions")
def versions(principal: Editor, template_id: uuid.UUID) -> list[VersionOut]:
    """Every version, the newest first."""
    return reading.versions(principal, template_id)


@router.get("/{template_id}/broadcasts")
def usage(principal: Editor, template_id: uuid.UUID) -> list[UsageOut]:
    """The newest 50 broadcasts that began from it."""
    return reading.usage(principal, template_id)


@router.post("/{template_id}/restore")
def restore(principal: Editor, template_id: uuid.UUID, body: RestoreIn) -> TemplateOut:
    """Make an old version the newest again."""
    return service.restore(principal, template_id, body.number)


@router.post("/{template_id}/archive")
def archive(principal: Editor, template_id: uuid.UUID) -> TemplateOut:
    """Offer it no longer."""
    return service.archive(principal, template_id)


@router.post("/{template_id}/take-back")
def take_back(principal: Editor, template_id: uuid.UUID) -> TemplateOut:
    """Offer it again."""
    return service.take_back(principal, template_id)


@router.post("/{template_id}/test", status_code=202)
def test(principal: Editor, template_id: uuid.UUID, body: TestIn) -> TestOut:
    """Send it, marked as a test, to a few addresses in every language that is written."""
    return trial.send_trial(principal, template_id, body)
