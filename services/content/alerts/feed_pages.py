"""The staff's pages about the feeds that are followed."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid
from services.content.advisories.pages import country_choices, words
from services.content.advisories.staff_pages import Editor, Viewer
from services.content.advisories.words import LEVEL_NAMES, LEVELS
from services.content.alerts import feeds
from services.content.alerts.following import EVERY
from services.content.alerts.schemas import FeedChange, FeedIn
from services.content.database import pages

PLACE = "/staff/advisories/feeds"
site = APIRouter(prefix=PLACE)

DONE = {
    "saved": lazy("Your changes are saved. The feed is asked within half a minute."),
    "asked": lazy("It is asked within half a minute. Please load this page again then."),
    "on": lazy("It is followed again."),
    "off": lazy("It is not asked any more until you follow it again."),
    "removed": lazy("The feed is not followed any more. What it brought is still there."),
}


@site.get("")
def index(request: Request, principal: Viewer, done: str = "") -> HTMLResponse:
    """The feeds and how each is doing."""
    return pages.render(
        request,
        "alerts/feeds.html",
        feeds=feeds.listed(),
        done=DONE.get(done),
        minutes=int(EVERY.total_seconds() // 60),
        **words(),
    )


@site.get("/new")
def new(request: Request, principal: Editor) -> HTMLResponse:
    """The form for another one."""
    return _form_page(request, Form({"least_level": "yellow"}))


@site.post("/new")
def add(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Follow it from now on."""
    try:
        feeds.add(principal, typed.parse(FeedIn), once_per_form(request, typed))
    except Invalid as error:
        return _form_page(request, Form(typed.values(), error), status=422)
    return _to("saved")


@site.get("/{feed_id:uuid}/edit")
def edit_page(request: Request, feed_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form with what is stored."""
    return _form_page(request, Form.of(feeds.one(feed_id)), feed_id)


@site.post("/{feed_id:uuid}/edit")
def edit(request: Request, feed_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Keep the changes."""
    try:
        wanted = typed.parse(FeedIn)
        feeds.change(principal, feed_id, FeedChange(**wanted.model_dump()))
    except Invalid as error:
        return _form_page(request, Form(typed.values(), error), feed_id, 422)
    return _to("saved")


@site.post("/{feed_id:uuid}/switch")
def switch(feed_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Switch it on or off, as the button says."""
    is_on = typed.text("to") == "on"
    feeds.change(principal, feed_id, FeedChange(is_active=is_on))
    return _to("on" if is_on else "off")


@site.post("/{feed_id:uuid}/ask")
def ask(feed_id: uuid.UUID, _principal: Editor) -> Response:
    """Have it asked at once."""
    feeds.ask_now(feed_id)
    return _to("asked")


@site.get("/{feed_id:uuid}/remove")
def remove_page(request: Request, feed_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What giving it up will do."""
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Follow “%(name)s” no more?", name=feeds.one(feed_id).name),
        text="",
        consequences=[
            lazy("It is not asked any more."),
            lazy("The alerts that it brought, and what was written from them, stay."),
        ],
        button=lazy("Follow it no more"),
        danger=True,
        cancel_url=PLACE,
    )


@site.post("/{feed_id:uuid}/remove")
def remove(feed_id: uuid.UUID, principal: Editor) -> Response:
    """Give it up."""
    feeds.remove(principal, feed_id)
    return _to("removed")


def _to(done: str) -> Response:
    return RedirectResponse(f"{PLACE}?done={done}", 303)


def _form_page(
    request: Request, form: Form, feed_id: uuid.UUID | None = None, status: int = 200
) -> HTMLResponse:
    return pages.render(
        request,
        "alerts/feed_form.html",
        status,
        form=form,
        is_new=feed_id is None,
        choices=country_choices(),
        level_choices=[(one, str(LEVEL_NAMES[one])) for one in LEVELS],
    )
