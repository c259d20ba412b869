"""Any other gateway, by a signed call: Standard Webhooks over one JSON object.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
The gateway signs what it tells us (receipts, messages from telephones) in the same way, with the
same secret.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any, Final, Literal

import httpx2

from services.chassis.database import utc_now
from services.chassis.outgoing import NotAllowed, guarded_client
from services.notifications.senders.outcome import Outcome, Verdict, without_addresses
from services.notifications.senders.sms.inbox import judged
from services.notifications.senders.sms.numbers import e164
from services.notifications.senders.sms.sender import FromPhone, Receipt
from services.notifications.webhooks.signing import signed_headers

NAME: Final = "webhook"
ANSWER_SECONDS: Final = 15.0
_STATES: Final[dict[str, Literal["delivered", "failed"]]] = {
    "delivered": "delivered",
    "failed": "failed",
}


class WebhookSms:
    """Hands over each message as ``{"id", "to", "text", "signature"}``.

    The id is the delivery's, so a gateway knows a repeat for one; so is the ``webhook-id``.

    Args:
        secret: ``whsec_`` and the base64 of at least 24 bytes.
        signature: our name, which the gateway puts in front of every text as 【…】.
    """

    def __init__(
        self, url: str, secret: str, signature: str, *, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._url = url
        self._secret = secret
        self._signature = signature
        self._client = guarded_client(timeout=answer_seconds)

    async def send(
        self,
        to: str,
        text: str,
        reference: uuid.UUID,
        *,
        again: bool = False,
        deadline: float | None = None,
    ) -> Outcome:
        """Hand it over; any 2xx is an acceptance, 404 and 410 mean that there is no such number."""
        body = json.dumps(
            {"id": str(reference), "to": to, "text": text, "signature": self._signature},
            ensure_ascii=False,
        ).encode()
        headers = {"Content-Type": "application/json"}
        headers |= signed_headers([self._secret], str(reference), utc_now(), body)
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
        except NotAllowed as error:
            return Outcome(Verdict.UNREACHABLE, str(error))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return Outcome(Verdict.UNREACHABLE, without_addresses(str(error)))
        except httpx2.TransportError as error:
            return Outcome(Verdict.UNKNOWN, without_addresses(str(error) or type(error).__name__))
        if answer.status_code in (httpx2.codes.NOT_FOUND, httpx2.codes.GONE):
            return Outcome(Verdict.BOUNCED, without_addresses(f"{answer.status_code}"))
        return judged(answer)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def reports(items: list[dict[str, Any]]) -> list[Receipt]:
    """Receipts as a gateway tells them: ``{"id", "state": "delivered"|"failed", "at", "reply"}``.

    ``id`` is the one that the gateway was given.

    Raises:
        KeyError, ValueError, TypeError: it is not such a call.
    """
    return [
        Receipt(
            provider_id=None,
            phone=None,
            marks=(),
            state=_STATES[str(item["state"])],
            reply=without_addresses(str(item.get("reply") or "")),
            at=_moment(str(item["at"])),
            reference=uuid.UUID(str(item["id"])),
        )
        for item in items
    ]


def messages(items: list[dict[str, Any]]) -> list[FromPhone]:
    """Messages from telephones as a gateway tells them: ``{"id", "from", "text", "at"}``.

    Raises:
        KeyError, ValueError, TypeError: it is not such a call.
    """
    found = []
    for item in items:
        phone = e164(str(item["from"]))
        if not phone:
            raise ValueError("from")
        found.append(
            FromPhone(str(item["id"])[:80], phone, str(item["text"]), _moment(str(item["at"])))
        )
    return found


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("A time needs its offset.")
    return moment.astimezone(UTC)
