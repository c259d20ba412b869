"""The providers of text messages in use, and where each tells us what comes back."""

from __future__ import annotations

from dataclasses import dataclass

from services.chassis.settings import settings
from services.notifications.inbound.calls import PROVIDERS, callback_url


@dataclass(frozen=True)
class InUse:
    """One provider that the settings name.

    Attributes:
        place: 1 for the one that is tried first.
        receipts_url: the address to enter with it; ``None`` where receipts come another way.
            ``inbound_url`` alike, for what people write back.
    """

    name: str
    place: int
    receipts_url: str | None
    inbound_url: str | None


def in_use(*, with_addresses: bool) -> list[InUse]:
    """Every provider, in its order; empty when telephone channels are off.

    Args:
        with_addresses: also the addresses for callbacks, whose tokens are keys.
    """
    found = []
    for place, name in enumerate(settings().sms_providers, start=1):
        calls = with_addresses and name in PROVIDERS
        found.append(
            InUse(
                name=name,
                place=place,
                receipts_url=callback_url("receipts", name) if calls else None,
                inbound_url=callback_url("inbound", name) if calls else None,
            )
        )
    return found
