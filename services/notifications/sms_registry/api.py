"""The registry as JSON, for programs that keep it in step with the provider's console."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import StringConstraints

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import PageOut
from services.notifications.sms_registry import service, trying
from services.notifications.sms_registry.models import Area, Provider
from services.notifications.sms_registry.schemas import (
    LONGEST_TEXT,
    FitOut,
    SignatureIn,
    SignatureOut,
    StandingIn,
    TemplateChange,
    TemplateIn,
    TemplateOut,
)

router = APIRouter(tags=["text messages"])

Reader = Annotated[Principal, Depends(require("senders.view"))]
Keeper = Annotated[Principal, Depends(require("senders.manage"))]


@router.get("/sms-templates")
def templates(_principal: Reader, provider: Provider | None = None) -> PageOut[TemplateOut]:
    """Every template, those in use first."""
    return PageOut(items=service.templates(provider), next_cursor=None)


@router.post("/sms-templates", status_code=201)
def enter_template(principal: Keeper, body: TemplateIn, once: OncePerKey) -> TemplateOut:
    """Enter a template as a draft."""
    return service.enter_template(principal, body, once)


@router.get("/sms-templates/fitting")
def fitting(
    _principal: Reader,
    provider: Provider,
    text: Annotated[str, Query(), StringConstraints(max_length=LONGEST_TEXT)],
    area: Area = "mainland",
) -> FitOut:
    """Which approved template a text would be sent as."""
    return trying.tried(provider, text, abroad=area == "abroad")


@router.get("/sms-templates/{template_id}")
def template(_principal: Reader, template_id: uuid.UUID) -> TemplateOut:
    """One template."""
    return service.template(template_id)


@router.put("/sms-templates/{template_id}")
def edit_template(principal: Keeper, template_id: uuid.UUID, body: TemplateChange) -> TemplateOut:
    """Change a draft, or one that was rejected."""
    return service.edit_template(principal, template_id, body)


@router.post("/sms-templates/{template_id}/standing")
def move_template(principal: Keeper, template_id: uuid.UUID, body: StandingIn) -> TemplateOut:
    """Note how a template stands with its provider."""
    return service.move_template(principal, template_id, body)


@router.get("/sms-signatures")
def signatures(_principal: Reader) -> PageOut[SignatureOut]:
    """Every signature, those in use first."""
    return PageOut(items=service.signatures(), next_cursor=None)


@router.post("/sms-signatures", status_code=201)
def enter_signature(principal: Keeper, body: SignatureIn, once: OncePerKey) -> SignatureOut:
    """Enter a signature as a draft."""
    return service.enter_signature(principal, body, once)


@router.post("/sms-signatures/{signature_id}/standing")
def move_signature(principal: Keeper, signature_id: uuid.UUID, body: StandingIn) -> SignatureOut:
    """Note how a signature stands with its provider."""
    return service.move_signature(principal, signature_id, body)
