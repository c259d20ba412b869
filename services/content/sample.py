"""Sample advisories and materials, loaded through the same use cases as real ones."""

from __future__ import annotations

import uuid
from typing import Final

from services.chassis.auth import Principal
from services.content.advisories import sample as advisories
from services.content.alerts import sample as alerts
from services.content.attempts import sample as attempts
from services.content.banks import sample as banks
from services.content.destinations import sample as destinations
from services.content.materials import sample as materials
from services.content.orders import sample as orders
from services.content.packs import sample as packs
from services.content.questions import sample as questions
from services.content.quizzes import sample as quizzes

# A fixed space of names (RFC 9562, version 5): the same sample has the same id on every machine,
# so loading twice loads once, whatever editors have made of it meanwhile.
_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.content.lingbao.example")
_LOADER: Final = Principal(
    kind="key",
    id=_NAMES,
    credential_id=_NAMES,
    name="示例数据",
    role="city-admin",
    district=None,
)


def load() -> int:
    """Write and publish the samples that are not there yet.

    Returns:
        How many were new.
    """
    return (
        advisories.load(_LOADER)
        + alerts.load(_LOADER)
        + materials.load(_LOADER)
        + destinations.load(_LOADER)
        + banks.load(_LOADER)
        + quizzes.load(_LOADER)
        + attempts.load(_LOADER)
        + orders.load(_LOADER)
        + questions.load(_LOADER)
        + packs.load(_LOADER)
    )
