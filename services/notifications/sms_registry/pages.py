"""The staff's pages for text messages: providers, signatures, templates, the house's texts."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import city
from services.notifications.database import pages
from services.notifications.sms_registry import labels, own_texts, service, standing, trying
from services.notifications.sms_registry.models import MOVES, STANDINGS, STRICT_PROVIDERS
from services.notifications.sms_registry.schemas import (
    SignatureIn,
    StandingIn,
    TemplateChange,
    TemplateIn,
    TemplateOut,
    rule_lines,
)

router = APIRouter(prefix="/staff/senders/sms")

Reader = Annotated[Principal, Depends(require("senders.view"))]
Keeper = Annotated[Principal, Depends(require("senders.manage"))]

DONE = {
    "entered": lazy("It is entered as a draft."),
    "saved": lazy("Your changes are saved."),
    "moved": lazy("It is noted how it stands now."),
}


@router.get("")
def index(request: Request, principal: Reader, done: str = "") -> Response:
    """Providers in use, signatures and templates."""
    return pages.render(
        request,
        "sms_registry/index.html",
        providers=standing.in_use(with_addresses=principal.may("senders.manage")),
        signatures=service.signatures(),
        templates=service.templates(),
        may_manage=principal.may("senders.manage"),
        reads_inbound=principal.may("contacts.view") and principal.district is None,
        notice=DONE.get(done),
        labels=labels,
    )


@router.get("/try")
def attempt(request: Request, _principal: Reader, provider: str = "", text: str = "") -> Response:
    """Which approved template a text would be sent as."""
    known = next((one for one in STRICT_PROVIDERS if one == provider), None)
    tried = trying.tried(known, text.strip()) if known and text.strip() else None
    return pages.render(
        request,
        "sms_registry/try.html",
        form=Form({"provider": provider, "text": text}),
        providers=_providers(),
        tried=tried,
        labels=labels,
    )


@router.get("/texts")
def texts(request: Request, _principal: Reader) -> Response:
    """The house's own messages, as an office registers them with its provider."""
    return pages.render(
        request,
        "sms_registry/texts.html",
        languages=[(tag, own_texts.own_texts(tag)) for tag in ("zh-CN", "en")],
        labels=labels,
    )


@router.get("/texts.csv")
def texts_table(_principal: Reader) -> Response:
    """The same as a table for a spreadsheet program."""
    return Response(
        own_texts.as_csv(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="sms-texts.csv"'},
    )


@router.get("/templates/new")
def new_template(request: Request, _principal: Keeper, text: str = "") -> Response:
    """An empty form; ``text`` is one of the house's own to begin with."""
    known = next(
        (own for tag in ("zh-CN", "en") for own in own_texts.own_texts(tag) if own.text == text),
        None,
    )
    values: dict[str, Any] = {"provider": "aliyun", "language": "zh-CN", "area": "mainland"}
    if known is not None:
        values |= {"name": known.name, "language": known.language, "text": known.text}
        values["rules"] = rule_lines(known.rules)
    return _template_form(request, Form(values))


@router.post("/templates/new")
def enter_template(request: Request, principal: Keeper, typed: TypedForm) -> Response:
    """Enter it as a draft."""
    try:
        made = service.enter_template(
            principal, typed.parse(TemplateIn), once_per_form(request, typed)
        )
    except Invalid as refused:
        return _template_form(request, Form(typed.values(), refused), status=422)
    return _to(f"templates/{made.id}", "entered")


@router.get("/templates/{template_id}")
def show_template(
    request: Request, principal: Reader, template_id: uuid.UUID, done: str = ""
) -> Response:
    """One template, and how it stands with its provider."""
    return _show(request, principal, service.template(template_id), notice=DONE.get(done))


@router.get("/templates/{template_id}/edit")
def edit_template(request: Request, _principal: Keeper, template_id: uuid.UUID) -> Response:
    """The form, filled with what is stored."""
    stored = service.template(template_id)
    if stored.standing not in service.EDITABLE:
        return _to(f"templates/{template_id}", "")
    values = stored.model_dump(mode="json") | {"rules": rule_lines(stored.rules)}
    return _template_form(request, Form(values), stored)


@router.post("/templates/{template_id}/edit")
def save_template(
    request: Request, principal: Keeper, template_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Save the changes."""
    try:
        service.edit_template(principal, template_id, typed.parse(TemplateChange))
    except Problem as problem:
        stored = service.template(template_id)
        invalid = problem if isinstance(problem, Invalid) else None
        return _template_form(
            request,
            Form(typed.values(), invalid),
            stored,
            status=problem.status,
            problem=None if invalid else problem,
        )
    return _to(f"templates/{template_id}", "saved")


@router.post("/templates/{template_id}/standing")
def move_template(
    request: Request, principal: Keeper, template_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Note how it stands with its provider."""
    try:
        service.move_template(principal, template_id, typed.parse(StandingIn))
    except Invalid as refused:
        stored = service.template(template_id)
        form = Form(typed.values(), refused)
        return _show(request, principal, stored, form=form, status=422)
    return _to(f"templates/{template_id}", "moved")


@router.get("/signatures/new")
def new_signature(request: Request, _principal: Keeper) -> Response:
    """An empty form."""
    return _signature_form(request, Form({"provider": "aliyun"}))


@router.post("/signatures/new")
def enter_signature(request: Request, principal: Keeper, typed: TypedForm) -> Response:
    """Enter it as a draft."""
    try:
        made = service.enter_signature(
            principal, typed.parse(SignatureIn), once_per_form(request, typed)
        )
    except Invalid as refused:
        return _signature_form(request, Form(typed.values(), refused), status=422)
    return _to(f"signatures/{made.id}", "entered")


@router.get("/signatures/{signature_id}")
def show_signature(
    request: Request, principal: Reader, signature_id: uuid.UUID, done: str = ""
) -> Response:
    """One signature, and how it stands with its provider."""
    return _signature(request, principal, signature_id, notice=DONE.get(done))


@router.post("/signatures/{signature_id}/standing")
def move_signature(
    request: Request, principal: Keeper, signature_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Note how it stands with its provider."""
    try:
        service.move_signature(principal, signature_id, typed.parse(StandingIn))
    except Invalid as refused:
        form = Form(typed.values(), refused)
        return _signature(request, principal, signature_id, form=form, status=422)
    return _to(f"signatures/{signature_id}", "moved")


def _template_form(
    request: Request,
    form: Form,
    stored: TemplateOut | None = None,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> Response:
    return pages.render(
        request,
        "sms_registry/template_form.html",
        status,
        form=form,
        stored=stored,
        problem=problem,
        providers=_providers(),
        labels=labels,
    )


def _show(
    request: Request,
    principal: Principal,
    stored: TemplateOut,
    *,
    notice: object = None,
    form: Form | None = None,
    status: int = 200,
) -> Response:
    return pages.render(
        request,
        "sms_registry/template.html",
        status,
        stored=stored,
        notice=notice,
        form=form or Form({"code": stored.code or "", "note": stored.note or ""}),
        moves=_moves(stored.standing) if principal.may("senders.manage") else [],
        editable=stored.standing in service.EDITABLE and principal.may("senders.manage"),
        labels=labels,
        zone=city().timezone,
    )


def _signature(
    request: Request,
    principal: Principal,
    signature_id: uuid.UUID,
    *,
    notice: object = None,
    form: Form | None = None,
    status: int = 200,
) -> Response:
    stored = service.signature(signature_id)
    return pages.render(
        request,
        "sms_registry/signature.html",
        status,
        stored=stored,
        notice=notice,
        form=form or Form({"note": stored.note or ""}),
        moves=_moves(stored.standing) if principal.may("senders.manage") else [],
        labels=labels,
        zone=city().timezone,
    )


def _signature_form(request: Request, form: Form, *, status: int = 200) -> Response:
    return pages.render(
        request, "sms_registry/signature_form.html", status, form=form, providers=_providers()
    )


def _moves(present: str) -> list[tuple[str, Any]]:
    """The standings that can follow, in their usual order."""
    return [(one, labels.STANDING_NAMES[one]) for one in STANDINGS if one in MOVES[present]]


def _providers() -> list[tuple[str, Any]]:
    return [(one, labels.PROVIDER_NAMES[one]) for one in STRICT_PROVIDERS]


def _to(where: str, done: str) -> Response:
    return RedirectResponse(f"/staff/senders/sms/{where}" + (f"?done={done}" if done else ""), 303)
