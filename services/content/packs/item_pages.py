"""The staff's pages of what is in a pack: adding, ordering, taking out, saying something to it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy
from services.chassis.problems import Invalid, NotFound
from services.content.database import pages
from services.content.packs import arranging, reading
from services.content.packs.pages import words
from services.content.packs.schemas import ItemIn, NoteIn

site = APIRouter(prefix="/staff/packs/{pack_id:uuid}")

Editor = Annotated[Principal, Depends(require("materials.edit"))]

_STEPS = {"up": -1, "down": 1}


@dataclass(frozen=True)
class _Place:
    """An item of a pack, as an address names it."""

    pack_id: uuid.UUID
    kind: str
    ref: str

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.ref}"


@site.get("/add")
def add_page(request: Request, pack_id: uuid.UUID, principal: Editor, q: str = "") -> HTMLResponse:
    """What could be added: what is proposed, or what a search finds."""
    return pages.render(
        request,
        "packs/staff_add.html",
        pack=reading.get_for_staff(principal, pack_id).pack,
        found=reading.addable(principal, pack_id, q[:100]),
        q=q.strip()[:100],
        form=Form({"q": q}),
        **words(),
    )


@site.post("/items")
def arrange(pack_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Add an item, move it up or down, or take it out; the button says which."""
    act, _, key = typed.text("act").partition(" ")
    back = f"/staff/packs/{pack_id}#items"
    if act == "add":
        arranging.add(principal, pack_id, _item(key))
        back = f"/staff/packs/{pack_id}/add"
    elif act == "remove":
        arranging.remove(principal, pack_id, key)
    elif act in _STEPS:
        arranging.move(principal, pack_id, key, _STEPS[act])
    return RedirectResponse(back, 303)


@site.get("/items/{kind}/{ref}")
def note_page(
    request: Request, item: Annotated[_Place, Depends()], principal: Editor
) -> HTMLResponse:
    """What the office says to one item."""
    return _note_page(request, principal, item)


@site.post("/items/{kind}/{ref}")
def note(
    request: Request, item: Annotated[_Place, Depends()], principal: Editor, typed: TypedForm
) -> Response:
    """Keep it."""
    try:
        said = typed.parse(NoteIn).model_dump()["note"]
        arranging.note(principal, item.pack_id, item.key, said)
    except Invalid as error:
        return _note_page(request, principal, item, Form(typed.values(), error))
    return RedirectResponse(f"/staff/packs/{item.pack_id}#items", 303)


def _note_page(
    request: Request, principal: Principal, place: _Place, form: Form | None = None
) -> HTMLResponse:
    kept = reading.get_for_staff(principal, place.pack_id)
    found = next((one for one in kept.items if one.item.key == place.key), None)
    if found is None:
        raise NotFound(lazy("This is not in the pack any more."))
    return pages.render(
        request,
        "packs/staff_note.html",
        422 if form else 200,
        pack=kept.pack,
        found=found,
        form=form or Form.of(NoteIn(note=found.item.note)),
        **words(),
    )


def _item(key: str) -> ItemIn:
    try:
        return ItemIn.of_key(key)
    except ValidationError as error:
        raise NotFound(lazy("There is nothing of this kind.")) from error
