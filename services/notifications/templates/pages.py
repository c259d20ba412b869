"""The staff's pages for templates: the list, one with its versions, writing it."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ValidationError

from services.chassis.auth import Principal, require
from services.chassis.fields import LanguageTag
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import lazy
from services.chassis.idempotency import once_per_form
from services.chassis.middleware import SECURITY_HEADERS
from services.chassis.problems import Invalid, NotFound, Problem
from services.chassis.validation import field_errors
from services.notifications.broadcasts.labels import LANGUAGE_NAMES, status_name
from services.notifications.broadcasts.message import sms_frame
from services.notifications.broadcasts.schemas import Message, TestIn
from services.notifications.database import pages
from services.notifications.messages.personal import WORDS
from services.notifications.sms_registry.labels import PROVIDER_NAMES
from services.notifications.templates import reading, service, trial
from services.notifications.templates.difference import difference
from services.notifications.templates.materials import offered
from services.notifications.templates.preview import preview
from services.notifications.templates.schemas import (
    MOST_VERSIONS,
    PreviewOut,
    TemplateChange,
    TemplateIn,
    TemplateOut,
    VersionOut,
)

router = APIRouter(prefix="/staff/templates")

Editor = Annotated[Principal, Depends(require("templates.edit"))]

DONE: Final = {
    "created": lazy("The template is saved."),
    "saved": lazy("Your changes are saved."),
    "restored": lazy("The old version is the newest again."),
    "archived": lazy("Archived. It is not offered any more; nothing is lost."),
    "taken-back": lazy("The template is offered again."),
    "tested": lazy("The test is on its way."),
}
FIELD_NAMES: Final = {
    "subject": lazy("Subject of the e-mail"),
    "body": lazy("Text of the e-mail"),
    "sms": lazy("Text message (SMS)"),
}
# A mail is shown in a frame of our own page, which may hold nothing else.
_FRAMING: Final = SECURITY_HEADERS["Content-Security-Policy"] + "; frame-src 'self'"
# What is in the frame is a document with styles of its own, and without anything else.
_FRAMED: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'"
)


@router.get("")
def index(
    request: Request, principal: Editor, q: str = "", archived: str = "", cursor: str | None = None
) -> Response:
    """The templates that the office may use, by name."""
    return pages.render(
        request,
        "templates/list.html",
        page=reading.listed(principal, archived=bool(archived), words=q, cursor=cursor),
        q=q,
        archived=bool(archived),
    )


@router.get("/new")
def new(request: Request, principal: Editor, copy: uuid.UUID | None = None) -> Response:
    """An empty form, or one filled with a version of another template."""
    values: dict[str, Any] = {}
    if copy is not None:
        texts = service.texts_of(copy, principal)
        values = Form.of(_Texts.model_validate({"message": texts["message"]})).values
    return _form(request, Form(values))


class _Texts(BaseModel):
    message: Message


@router.post("/new")
def create(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Save a first version."""
    try:
        made = service.create(principal, typed.parse(TemplateIn), once_per_form(request, typed))
    except Problem as problem:
        return _form_again(request, typed, problem)
    return _to(made.id, "created")


@router.post("/preview")
def look(request: Request, _principal: Editor, typed: TypedForm) -> Response:
    """The panel beside the form, for whatever stands in it. Changes nothing."""
    return pages.render(
        request,
        "templates/panel.html",
        previews=_sketched(typed.values()),
        providers=PROVIDER_NAMES,
    )


def _sketched(values: dict[str, Any]) -> list[PreviewOut]:
    """What readers of each language would get, as far as it can be told from what is typed."""
    texts = {
        tag: {field: str(values.get(f"message.{tag}.{field}", "")) for field in FIELD_NAMES}
        for tag in LANGUAGE_NAMES
    }
    try:
        message = Message.model_validate(texts)
        return [preview(message, tag) for tag in LANGUAGE_NAMES] if message.languages else []
    except (ValidationError, Invalid):
        return []  # what is wrong with it is said beside the fields when it is saved


@router.get("/{template_id}")
def show(
    request: Request, principal: Editor, template_id: uuid.UUID, done: str = "", known: str = "1"
) -> Response:
    """One template: how it reads, where it is used, what it was."""
    return _page(request, principal, template_id, notice=DONE.get(done), known=known != "0")


def _page(
    request: Request,
    principal: Principal,
    template_id: uuid.UUID,
    *,
    status: int = 200,
    notice: object = None,
    problem: Problem | None = None,
    form: Form | None = None,
    known: bool = True,
) -> Response:
    template = reading.read(principal, template_id)
    response = pages.render(
        request,
        "templates/show.html",
        status,
        kept=template,
        previews=_previews(template.message, known),
        known=known,
        versions=reading.versions(principal, template_id),
        usage=reading.usage(principal, template_id),
        notice=notice,
        problem=problem,
        form=form or Form(),
        language_names=LANGUAGE_NAMES,
        providers=PROVIDER_NAMES,
        status_name=status_name,
    )
    response.headers["Content-Security-Policy"] = _FRAMING
    return response


def _previews(message: Message, known: bool) -> list[PreviewOut]:
    """By language; a version from before a word was given up cannot be shown any more."""
    try:
        return [preview(message, tag, known=known) for tag in LANGUAGE_NAMES]
    except Invalid:
        return []


@router.get("/{template_id}/versions/{number}")
def version(request: Request, principal: Editor, template_id: uuid.UUID, number: int) -> Response:
    """An older version: what it said, and how it differs from the newest."""
    template = reading.read(principal, template_id)
    found = _version(principal, template_id, number)
    response = pages.render(
        request,
        "templates/version.html",
        kept=template,
        version=found,
        changes=difference(found.message, template.message),
        previews=_previews(found.message, True),
        language_names=LANGUAGE_NAMES,
        providers=PROVIDER_NAMES,
        field_names=FIELD_NAMES,
    )
    response.headers["Content-Security-Policy"] = _FRAMING
    return response


@router.get("/{template_id}/versions/{number}/mail")
def mail(
    principal: Editor,
    template_id: uuid.UUID,
    number: int,
    reader: LanguageTag = "zh-CN",
    known: bool = True,
) -> Response:
    """The e-mail of a version as a document of its own, for a frame."""
    shown = preview(_version(principal, template_id, number).message, reader, known=known)
    return HTMLResponse(shown.html, headers={"Content-Security-Policy": _FRAMED})


def _version(principal: Principal, template_id: uuid.UUID, number: int) -> VersionOut:
    for found in reading.versions(principal, template_id):
        if found.number == number:
            return found
    raise NotFound(lazy("There is no such version."))


@router.get("/{template_id}/edit")
def edit(request: Request, principal: Editor, template_id: uuid.UUID) -> Response:
    """The form, filled with the newest version."""
    template = reading.read(principal, template_id)
    if not template.editable or template.archived_at is not None:
        return RedirectResponse(f"/staff/templates/{template_id}", 303)
    stored = TemplateChange(name=template.name, message=template.message, version=template.version)
    return _form(request, Form.of(stored), template)


@router.post("/{template_id}/edit")
def save(request: Request, principal: Editor, template_id: uuid.UUID, typed: TypedForm) -> Response:
    """Save the changes as a new version."""
    try:
        service.save(principal, template_id, typed.parse(TemplateChange))
    except Problem as problem:
        return _form_again(request, typed, problem, reading.read(principal, template_id))
    return _to(template_id, "saved")


@router.post("/{template_id}/restore")
def restore(
    request: Request, principal: Editor, template_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Take up an old version again."""
    text = typed.text("number")
    number = int(text) if text.isdecimal() and len(text) <= len(str(MOST_VERSIONS)) else 0
    try:
        service.restore(principal, template_id, number)
    except Problem as problem:
        return _page(request, principal, template_id, status=problem.status, problem=problem)
    return _to(template_id, "restored")


@router.post("/{template_id}/archive")
def archive(principal: Editor, template_id: uuid.UUID) -> Response:
    """Offer it no longer; it can be taken back."""
    service.archive(principal, template_id)
    return _to(template_id, "archived")


@router.post("/{template_id}/take-back")
def take_back(request: Request, principal: Editor, template_id: uuid.UUID) -> Response:
    """Offer it again."""
    try:
        service.take_back(principal, template_id)
    except Problem as problem:
        return _page(request, principal, template_id, status=problem.status, problem=problem)
    return _to(template_id, "taken-back")


@router.post("/{template_id}/test")
def test(request: Request, principal: Editor, template_id: uuid.UUID, typed: TypedForm) -> Response:
    """Send a test to the addresses typed, separated by commas, spaces or lines."""
    addresses = typed.text("to").replace(",", " ").replace("，", " ").replace("；", " ").split()
    try:
        trial.send_trial(principal, template_id, _addresses(addresses))
    except Invalid as refused:
        form = Form(typed.values(), refused)
        return _page(request, principal, template_id, status=422, form=form)
    return _to(template_id, "tested")


def _addresses(typed: list[str]) -> TestIn:
    try:
        return TestIn(to=typed)
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error


def _form(
    request: Request,
    form: Form,
    template: TemplateOut | None = None,
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> Response:
    return pages.render(
        request,
        "templates/form.html",
        status,
        form=form,
        kept=template,
        problem=problem,
        previews=_sketched(form.values),
        words=WORDS,
        materials=offered(),
        language_names=LANGUAGE_NAMES,
        providers=PROVIDER_NAMES,
        frames={tag: sms_frame(tag) for tag in LANGUAGE_NAMES},
    )


def _form_again(
    request: Request, typed: Typed, problem: Problem, template: TemplateOut | None = None
) -> Response:
    """The form with everything typed: beside the fields what is wrong with them, or a notice."""
    invalid = problem if isinstance(problem, Invalid) else None
    return _form(
        request,
        Form(typed.values(), invalid),
        template,
        status=problem.status,
        problem=None if invalid else problem,
    )


def _to(template_id: uuid.UUID, done: str) -> Response:
    return RedirectResponse(f"/staff/templates/{template_id}?done={done}", 303)
