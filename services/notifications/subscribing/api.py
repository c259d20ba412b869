"""Subscribing, as JSON."""

from __future__ import annotations

from fastapi import APIRouter

from services.chassis.idempotency import OncePerKey
from services.chassis.ratelimit import PublicRate
from services.notifications.subscribing import service
from services.notifications.subscribing.schemas import ConfirmIn, SubscriptionIn

router = APIRouter(tags=["subscriptions"])


@router.post("/subscriptions", status_code=202, dependencies=[PublicRate])
def subscribe(wanted: SubscriptionIn, once: OncePerKey) -> dict[str, str]:
    """Have an address asked whether it wants safety reminders.

    A mail with a link goes to an e-mail address, an SMS with a code to a telephone number; nothing
    happens until it is confirmed, within 48 hours. The answer is the same for every address.
    """
    service.ask(wanted, once)
    return {"status": "accepted"}


@router.post("/subscriptions/confirm", dependencies=[PublicRate])
def confirm(given: ConfirmIn) -> dict[str, str]:
    """Subscribe the address: `token` is what the link in the mail ends in, `code` came by SMS.

    The answer's `preferences` is the token for `/preferences/{token}`. 410: `subscription-expired`.
    """
    if given.token is not None:
        return {"status": "confirmed", "preferences": service.confirm(given.token)}
    return {
        "status": "confirmed",
        "preferences": service.confirm_phone(given.phone or "", given.code),
    }
