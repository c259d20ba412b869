"""Sample banks: files in the documented JSON, taken in as an office would."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Final

from services.chassis.auth import Principal
from services.content.banks import importing, service
from services.content.banks.models import Bank
from services.content.banks.records import BankIn, ImportIn
from services.content.database import database

_FOLDER: Final = Path(__file__).parents[1] / "samples" / "banks"
# A fixed space of names (RFC 9562, version 5): the same sample has the same id on every machine,
# so loading twice loads once, whatever editors have made of it meanwhile.
_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.content.lingbao.example")


def bank_id(name: str) -> uuid.UUID:
    """The id of a sample bank, by the name of its file."""
    return uuid.uuid5(_NAMES, f"bank/{name}")


def load(principal: Principal) -> int:
    """Begin the banks that are not there yet, and take their items in.

    Returns:
        How many were new.
    """
    return sum(_load(principal, file) for file in sorted(_FOLDER.glob("*.json")))


def _load(principal: Principal, file: Path) -> bool:
    with database.transaction() as session:
        if session.get(Bank, bank_id(file.stem)) is not None:
            return False
    text = file.read_text(encoding="utf-8")
    whole = json.loads(text)
    wanted = BankIn(name=whole["name"], about=whole["about"])
    bank = service.create(principal, wanted, bank_id=bank_id(file.stem))
    handed = ImportIn(format="json", text=text, file_name=file.name)
    importing.take(principal, bank.id, importing.hand_in(principal, bank.id, handed).id)
    return True
