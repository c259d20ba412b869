"""A service that exists in these tests alone: a few pages and calls on the chassis."""

from __future__ import annotations

import functools
import tempfile
import textwrap
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field
from starlette.testclient import TestClient

from services import house
from services.chassis.app import create_app
from services.chassis.auth import Principal, require
from services.chassis.fields import Email, MultiLine, Name
from services.chassis.forms import Form, TypedForm
from services.chassis.idempotency import OncePerKey
from services.chassis.pages import Pages
from services.chassis.problems import Invalid
from services.chassis.ratelimit import PublicRate

ORIGIN = {"Origin": "http://testserver"}
PAGE = """
{% extends 'frame.html' %}
{% block main %}
<h1>{{ _('Sign in') }}</h1>
<form method="post"><input name="name" value="{{ form.values.name | default('') }}"></form>
{% for _field, sentence in form.error_list %}<p class="wrong">{{ sentence }}</p>{% endfor %}
{% endblock %}
"""


class Thing(BaseModel):
    """What the trial service takes."""

    name: Name
    email: Email | None = None
    body: MultiLine = ""
    count: int = Field(default=1, ge=1)


Viewer = Annotated[Principal, Depends(require("activities.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]


@functools.cache
def _pages() -> Pages:
    folder = Path(tempfile.mkdtemp(prefix="lingbao-trial-"))
    templates = folder / "trial" / "templates"
    templates.mkdir(parents=True)
    (templates / "form.html").write_text(textwrap.dedent(PAGE), encoding="utf-8")
    return Pages(folder)


def _site() -> APIRouter:
    site = APIRouter()

    @site.get("/trial")
    def show(request: Request) -> Response:
        return _pages().render(request, "trial/form.html", form=Form({"name": ""}))

    @site.post("/trial", dependencies=[PublicRate])
    def take(request: Request, typed: TypedForm) -> Response:
        try:
            thing = typed.parse(Thing)
        except Invalid as problem:
            form = Form(typed.values(), problem)
            return _pages().render(request, "trial/form.html", 422, form=form)
        return RedirectResponse(f"/trial?name={len(thing.name)}", 303)

    @site.get("/staff/trial")
    def show_staff(request: Request, principal: Viewer) -> Response:
        return _pages().render(request, "trial/form.html", form=Form({"name": principal.name}))

    @site.post("/staff/trial")
    def take_staff(principal: Editor, typed: TypedForm) -> Response:
        return RedirectResponse("/staff/trial", 303)

    @site.get("/trial/breaks")
    def breaks() -> Response:
        raise RuntimeError("on purpose")

    @site.get("/trial/find")
    def find(text: str) -> dict[str, Any]:
        with house.database("identity").transaction() as session:
            return {"same": session.scalar(sa.select(sa.literal(text)))}

    @site.get("/trial/away")
    def away() -> Response:
        raise sa.exc.OperationalError("SELECT secret", {"name": "王芳"}, Exception("gone"))

    return site


def _api() -> APIRouter:
    api = APIRouter()

    @api.get("/things")
    def things(principal: Viewer, district: str | None = None) -> dict[str, Any]:
        principal.must_cover(district)
        return {"kind": principal.kind, "role": principal.role, "id": str(principal.id)}

    @api.post("/things", status_code=201)
    def make(thing: Thing, principal: Editor, once: OncePerKey) -> dict[str, Any]:
        with house.database("identity").transaction() as session:
            if (first := once.first_answer(session)) is not None:
                return first
            answer = {"name": thing.name, "serial": session.scalar(sa.func.random())}
            once.keep(session, answer)
        return answer

    @api.post("/open")
    def anybody(thing: Thing) -> dict[str, int]:
        return {"length": len(thing.name)}

    @api.get("/breaks")
    def breaks() -> Response:
        raise RuntimeError("on purpose")

    return api


@functools.cache
def app() -> FastAPI:
    """The application; it borrows the identity service's name and database."""
    return create_app(
        "identity",
        title="Trial",
        database=house.database("identity"),
        pages=_pages(),
        apis=[_api()],
        sites=[_site()],
    )


def browser(**options: Any) -> TestClient:
    """A caller that follows no redirect, in English unless it says otherwise."""
    headers = {"Accept-Language": "en", **options.pop("headers", {})}
    return TestClient(app(), follow_redirects=False, headers=headers, **options)
