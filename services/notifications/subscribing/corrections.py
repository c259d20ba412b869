"""What somebody typed, for the link by which they check the address and send it again.

It travels in that link alone, sealed and for an hour: nothing is stored for it, no cookie is set,
and no address stands in the clear in a browser's history.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final

from services.chassis.crypto import SealError, seal, unseal
from services.chassis.forms import Typed
from services.chassis.idempotency import ONCE_FIELD

GOOD_FOR: Final = timedelta(hours=1)
# Browsers and servers take addresses of some 8,000 signs; whoever typed that much types it again.
LONGEST: Final = 3_000
# A consent is never ticked beforehand.
_NOT_KEPT: Final = (ONCE_FIELD, "agrees")


def sealed(typed: Typed, now: datetime) -> str:
    """What was typed as a part of an address; empty when it is too long for one.

    Args:
        now: with its zone.
    """
    values = {name: text for name, text in typed.values().items() if name not in _NOT_KEPT}
    until = (now + GOOD_FOR).timestamp()
    text = seal(json.dumps({"until": until, "values": values}, ensure_ascii=False))
    return text if len(text) <= LONGEST else ""


def opened(text: str, now: datetime) -> dict[str, Any]:
    """The values of the form's fields again; none when it is damaged or too old."""
    try:
        kept = json.loads(unseal(text))
    except SealError:
        return {}
    return dict(kept["values"]) if kept["until"] > now.timestamp() else {}
