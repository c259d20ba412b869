"""The provider whose messages appear in the development inbox."""

from __future__ import annotations

import uuid
from typing import Final

import httpx2

from services.notifications.senders.outcome import Outcome, Verdict, without_addresses

TIMEOUT_SECONDS: Final = 15.0


class InboxSms:
    """An HTTP call with a token.

    Args:
        url: where it takes messages.
        token: its bearer token.
        signature: our name, which it puts in front of every text as 【…】.
    """

    def __init__(self, url: str, token: str, signature: str) -> None:
        self._url = url
        self._signature = signature
        self._client = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS
        )

    async def send(
        self,
        to: str,
        text: str,
        reference: uuid.UUID,
        *,
        again: bool = False,
        deadline: float | None = None,
    ) -> Outcome:
        """Hand it over; 202 is an acceptance."""
        body = {"to": to, "text": text, "id": str(reference), "signature": self._signature}
        try:
            answer = await self._client.post(self._url, json=body)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return Outcome(Verdict.UNREACHABLE, without_addresses(str(error)))
        except httpx2.TransportError as error:
            return Outcome(Verdict.UNKNOWN, without_addresses(str(error) or type(error).__name__))
        return judged(answer)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def judged(answer: httpx2.Response) -> Outcome:
    """What a gateway's answer to one message means; its ``id`` is the provider's reference."""
    reply = without_addresses(f"{answer.status_code} {answer.text}")
    if answer.is_success:
        return Outcome(Verdict.ACCEPTED, str(answer.status_code), _reference(answer))
    if answer.status_code == httpx2.codes.TOO_MANY_REQUESTS or answer.is_server_error:
        return Outcome(Verdict.LATER, reply)
    if answer.status_code in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
        # The token is wrong: no message is to blame, and the operator can put it right.
        return Outcome(Verdict.UNREACHABLE, reply)
    return Outcome(Verdict.REFUSED, reply)


def _reference(answer: httpx2.Response) -> str | None:
    try:
        found = answer.json()
    except ValueError:
        return None
    return str(found["id"])[:64] if isinstance(found, dict) and "id" in found else None
