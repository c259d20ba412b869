"""The JSON calls about titles and stock."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.content.stock import reading, service
from services.content.stock.report import Month, months
from services.content.stock.schemas import (
    CountIn,
    MovementOut,
    ReceiveIn,
    ShelfIn,
    StockOut,
    Store,
    TitleIn,
    TitleOut,
    WriteOffIn,
)

api = APIRouter(tags=["stock"])

Viewer = Annotated[Principal, Depends(require("orders.view"))]
Manager = Annotated[Principal, Depends(require("orders.manage"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]
# A month as it is written in the report.
FirstMonth = Annotated[str | None, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Act = Annotated[ReceiveIn | WriteOffIn | CountIn, Body(discriminator="act")]


@api.get("/titles")
def list_titles() -> PageOut[TitleOut]:
    """The public catalogue of what can be ordered; what is in stock comes first."""
    return PageOut(items=reading.offered(), next_cursor=None)


@api.get("/titles/{reference}")
def get_title(reference: str) -> TitleOut:
    """A title by its id or slug, and the stores that have a free copy."""
    return reading.get_title(reference)


@api.post("/titles", status_code=201)
def create_title(wanted: TitleIn, principal: Manager, once: OncePerKey) -> TitleOut:
    """Put a title into the catalogue."""
    return service.create(principal, wanted, once)


@api.put("/titles/{title_id:uuid}")
def edit_title(title_id: uuid.UUID, wanted: TitleIn, principal: Manager) -> TitleOut:
    """Describe a title anew."""
    return service.edit(principal, title_id, wanted)


@api.get("/stock")
def list_stock(
    principal: Viewer, store: Store | None = None, title_id: uuid.UUID | None = None
) -> PageOut[StockOut]:
    """What lies in the caller's stores; ``store`` is a district's code or ``city``."""
    found = reading.stock_lines(principal, store=store, title_id=title_id)
    return PageOut(items=[line.stock for line in found], next_cursor=None)


@api.post("/stock/movements", status_code=201)
def move_stock(wanted: Act, principal: Manager, once: OncePerKey) -> StockOut:
    """Receive copies, write some off, or correct the books to what was counted."""
    match wanted:
        case ReceiveIn():
            return service.receive(principal, wanted, once)
        case WriteOffIn():
            return service.write_off(principal, wanted, once)
        case CountIn():
            return service.count(principal, wanted, once)


@api.get("/stock/movements")
def list_movements(
    principal: Viewer,
    *,
    store: Store | None = None,
    title_id: uuid.UUID | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[MovementOut]:
    """The ledger, the newest line first."""
    found = reading.movements(principal, store=store, title_id=title_id, cursor=cursor, limit=limit)
    return PageOut(items=list(found.items), next_cursor=found.next_cursor)


@api.get("/stock/report")
def stock_report(principal: Viewer, since: FirstMonth = None) -> PageOut[Month]:
    """By month, store and title: what came, went, came back and was left, the newest month first.

    ``since`` is a month (``2026-11``): the first one to show.
    """
    first = date.fromisoformat(f"{since}-01") if since else None
    return PageOut(items=months(principal, since=first), next_cursor=None)


@api.put("/stock/{title_id:uuid}/{store}")
def arrange_stock(
    title_id: uuid.UUID, store: Store, wanted: ShelfIn, principal: Manager
) -> StockOut:
    """Say where a title stands in a store, and from how few free copies on staff are warned."""
    return service.arrange(principal, title_id, store, wanted)
