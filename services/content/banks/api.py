"""The JSON calls about question banks. All of them are for staff: items have their key."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import PlainTextResponse

from services.chassis.auth import Principal, require
from services.chassis.fields import LanguageTag
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.content.banks import importing, json_file, reading, service
from services.content.banks.reading import Filters
from services.content.banks.records import (
    BankIn,
    BankOut,
    BankPatch,
    ImportIn,
    ItemOut,
    Report,
    Taken,
)
from services.content.banks.schemas import AnyItem, Kind

api = APIRouter(tags=["question banks"])

Viewer = Annotated[Principal, Depends(require("quizzes.view"))]
Editor = Annotated[Principal, Depends(require("quizzes.edit"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


@api.get("/banks/schema.json")
def bank_schema() -> dict[str, Any]:
    """The JSON Schema of a bank's file."""
    return json_file.schema()


@api.get("/banks")
def list_banks(principal: Viewer) -> PageOut[BankOut]:
    """The banks of the office and of the city."""
    return PageOut(items=reading.list_banks(principal), next_cursor=None)


@api.post("/banks", status_code=201)
def create_bank(wanted: BankIn, principal: Editor, once: OncePerKey) -> BankOut:
    """Begin a bank, without items."""
    return service.create(principal, wanted, once)


@api.get("/banks/{bank_id:uuid}")
def get_bank(bank_id: uuid.UUID, principal: Viewer) -> BankOut:
    """One bank."""
    return reading.get_bank(principal, bank_id)


@api.patch("/banks/{bank_id:uuid}")
def edit_bank(bank_id: uuid.UUID, patch: BankPatch, principal: Editor) -> BankOut:
    """Change what it is called."""
    return service.edit(principal, bank_id, patch)


@api.delete("/banks/{bank_id:uuid}", status_code=204)
def delete_bank(bank_id: uuid.UUID, principal: Editor) -> None:
    """Delete it with its items, where no quiz draws from it."""
    service.remove(principal, bank_id)


@api.get("/banks/{bank_id:uuid}/items")
def list_items(
    bank_id: uuid.UUID,
    principal: Viewer,
    *,
    kind: Kind | None = None,
    tag: str | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[ItemOut]:
    """The items of a bank with their key, in the order in which they came."""
    filters = Filters(kind=kind, tag=tag, words=q)
    found = reading.list_items(principal, bank_id, filters, cursor=cursor, limit=limit)
    return PageOut(items=list(found.items), next_cursor=found.next_cursor)


@api.post("/banks/{bank_id:uuid}/items", status_code=201)
def add_item(bank_id: uuid.UUID, wanted: AnyItem, principal: Editor, once: OncePerKey) -> ItemOut:
    """Put an item into a bank."""
    return service.add_item(principal, bank_id, wanted, once)


@api.put("/banks/{bank_id:uuid}/items/{item_id:uuid}")
def edit_item(
    bank_id: uuid.UUID,
    item_id: uuid.UUID,
    wanted: AnyItem,
    principal: Editor,
    version: int | None = None,
) -> ItemOut:
    """Replace an item. With `version`, a change made meanwhile is not overwritten."""
    return service.edit_item(principal, bank_id, item_id, wanted, version)


@api.post("/banks/{bank_id:uuid}/items/{item_id:uuid}/retire")
def retire_item(bank_id: uuid.UUID, item_id: uuid.UUID, principal: Editor) -> ItemOut:
    """Draw it no more."""
    return service.retire_item(principal, bank_id, item_id, retired=True)


@api.post("/banks/{bank_id:uuid}/items/{item_id:uuid}/restore")
def restore_item(bank_id: uuid.UUID, item_id: uuid.UUID, principal: Editor) -> ItemOut:
    """Draw it again."""
    return service.retire_item(principal, bank_id, item_id, retired=False)


@api.get("/banks/{bank_id:uuid}/export.gift", response_class=PlainTextResponse)
def export_gift(
    bank_id: uuid.UUID, principal: Viewer, language: LanguageTag = "zh-CN"
) -> PlainTextResponse:
    """The items that are complete in a language, as Moodle's GIFT."""
    return PlainTextResponse(reading.as_gift(principal, bank_id, language))


@api.get("/banks/{bank_id:uuid}/export.json")
def export_json(bank_id: uuid.UUID, principal: Viewer) -> dict[str, Any]:
    """The whole bank in both languages, see `schema.json`."""
    return dict(reading.as_json(principal, bank_id))


@api.post("/banks/{bank_id:uuid}/imports", status_code=201)
def hand_in(bank_id: uuid.UUID, handed: ImportIn, principal: Editor, once: OncePerKey) -> Report:
    """Hand a file in: the answer says item by item what it would change. Nothing is written."""
    return importing.hand_in(principal, bank_id, handed, once)


@api.get("/banks/{bank_id:uuid}/imports/{import_id:uuid}")
def import_report(bank_id: uuid.UUID, import_id: uuid.UUID, principal: Editor) -> Report:
    """What the file would change now."""
    return importing.report(principal, bank_id, import_id)


@api.post("/banks/{bank_id:uuid}/imports/{import_id:uuid}/take")
def take_import(bank_id: uuid.UUID, import_id: uuid.UUID, principal: Editor) -> Taken:
    """Write every item that is right; what is wrong is left out."""
    return importing.take(principal, bank_id, import_id)


@api.delete("/banks/{bank_id:uuid}/imports/{import_id:uuid}", status_code=204)
def discard_import(bank_id: uuid.UUID, import_id: uuid.UUID, principal: Editor) -> None:
    """Put the file aside."""
    importing.discard(principal, bank_id, import_id)
