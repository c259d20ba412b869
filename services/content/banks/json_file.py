"""A bank as JSON: both languages at once. ``docs/quizzes.md`` describes it, :func:`schema` checks.

::

    {"format": "lingbao-question-bank", "version": 1,
     "name": {"zh-CN": "…"}, "about": {}, "items": [{"name": "…", "kind": "single", …}]}
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.chassis.fields import LocalizedLine, OptionalLocalizedText
from services.chassis.i18n import Lazy, lazy
from services.chassis.validation import field_errors
from services.content.banks.files import MOST_ITEMS, Read, refused, storable
from services.content.banks.schemas import AnyItem, ItemIn, item_of

FORMAT: Final = "lingbao-question-bank"
VERSION: Final = 1


class BankFile(BaseModel):
    """A bank's items, to hand on or to keep. An item may have an ``id``, by which a later file
    finds it again; without one it is found by its name."""

    model_config = ConfigDict(extra="forbid")

    format: str = Field(default=FORMAT, pattern=f"^{FORMAT}$")
    version: int = Field(default=VERSION, ge=1, le=VERSION)
    name: LocalizedLine
    about: OptionalLocalizedText = {}
    items: list[AnyItem]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a file."""
    found = BankFile.model_json_schema()
    for name, definition in found["$defs"].items():
        if name.endswith("Item"):
            definition["properties"]["id"] = {"type": "string", "format": "uuid"}
        if name in ("SingleContent", "MultipleContent"):
            definition["description"] += " Each choice has `credit`, or each has `correct`."
    choice = found["$defs"]["Choice"]
    choice["properties"]["correct"] = {"type": "boolean"}
    choice["required"] = ["text"]
    choice["oneOf"] = [{"required": ["credit"]}, {"required": ["correct"]}]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def read(text: str) -> list[Read]:
    """Every item of a file, in its order.

    Raises:
        Invalid: it is no such file, or has more items than we take at once.
    """
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise refused(
            lazy("This is no valid JSON: we can read it up to line %(line)s.", line=line)
        ) from error
    items = whole.get("items") if isinstance(whole, Mapping) else None
    if not isinstance(items, list) or whole.get("format", FORMAT) != FORMAT or not items:
        raise refused(
            lazy("This is no question bank. It needs “format”, “name” and a list of “items”.")
        )
    if len(items) > MOST_ITEMS or whole.get("version", VERSION) != VERSION:
        raise refused(
            lazy(
                "We take version %(version)s of the format, and at most %(most)s items at once.",
                version=VERSION,
                most=f"{MOST_ITEMS:,}",
            )
        )
    return [_read(number, value) for number, value in enumerate(items, start=1)]


def _read(number: int, value: object) -> Read:
    if not isinstance(value, Mapping):
        return Read(number, "", problem=lazy("This is no item."))
    name = " ".join(storable(str(value.get("name") or "")).split())[:120]
    item_id = value.get("id")
    try:
        item = item_of({key: part for key, part in value.items() if key != "id"})
    except ValidationError as error:
        return Read(number, name, problem=_where(error))
    return Read(number, item.name, item, str(item_id) if item_id else None)


def _where(error: ValidationError) -> Lazy:
    first = field_errors(error.errors())[0]
    return lazy("“%(field)s”: %(sentence)s", field=first.field, sentence=first.message)


def write(
    name: Mapping[str, str],
    about: Mapping[str, str],
    items: Iterable[tuple[uuid.UUID | None, ItemIn]],
) -> dict[str, Any]:
    """The file of a bank: what :func:`read` reads back as the same items."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": dict(name),
        "about": dict(about),
        "items": [
            ({"id": str(item_id)} if item_id else {}) | item.model_dump(mode="json")
            for item_id, item in items
        ],
    }
