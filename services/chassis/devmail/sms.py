"""The SMS side: a provider's HTTP call, with the checks that a real provider makes."""

import hmac
import json
import math
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.chassis.devmail.store import Store

MAX_TEXT = 500
_MAX_BODY = 16 * 1024
# ITU-T E.164: a plus, then at most fifteen digits of which the first is not 0.
_E164 = r"^\+[1-9][0-9]{6,14}$"
# 3GPP TS 23.038: what fits the 7-bit alphabet; the second set takes two places each.
_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_TWICE = frozenset("^{}\\[~]|€\f")


class Sms(BaseModel):
    """What a client asks to be sent: ``signature`` is the sender's name without brackets."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=False)

    to: Annotated[str, StringConstraints(pattern=_E164)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT, pattern=r"\S")]
    id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    signature: Annotated[str, StringConstraints(max_length=20, pattern=r"^[^【】]*$")] = Field(
        default=""
    )

    @property
    def shown(self) -> str:
        """The text as a telephone shows it, the signature before it as is the custom."""
        return f"【{self.signature}】{self.text}" if self.signature else self.text


def parts(text: str) -> int:
    """How many SMS ``text`` takes: 160/153 characters of the 7-bit alphabet, else 70/67."""
    if all(character in _GSM7 or character in _GSM7_TWICE for character in text):
        length = len(text) + sum(character in _GSM7_TWICE for character in text)
        single, joined = 160, 153
    else:
        length = len(text.encode("utf-16-be")) // 2
        single, joined = 70, 67
    return 1 if length <= single else math.ceil(length / joined)


class Receiver:
    """Answers ``POST /dev/sms``."""

    def __init__(self, store: Store, token: str) -> None:
        self._store = store
        self._expected = f"Bearer {token}".encode()

    async def receive(self, request: Request) -> Response:
        """Keep one SMS: 202 with ``id`` and ``parts``, or problem details."""
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, self._expected):
            answer = problem(401, "The access token is missing or wrong.")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        body = await _limited(request)
        if body is None:
            return problem(413, f"The request is larger than {_MAX_BODY} bytes.")
        try:
            sms = Sms.model_validate(json.loads(body))
        except ValidationError as error:
            return problem(400, "The message was not accepted.", _errors(error))
        except ValueError:
            return problem(400, "The body is not JSON.")
        shown = sms.shown
        count = parts(shown)
        self._store.add(
            kind="sms",
            to=[sms.to],
            sender=sms.signature,
            subject=shown,
            content=shown.encode(),
            parts=count,
            reference=sms.id,
        )
        return JSONResponse({"id": sms.id, "parts": count}, status_code=202)


async def _limited(request: Request) -> bytes | None:
    """The body; None as soon as it is longer than a message can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            return None
    return body


def _errors(error: ValidationError) -> list[dict[str, str]]:
    return [
        {"field": ".".join(str(step) for step in item["loc"]), "message": item["msg"]}
        for item in error.errors(include_url=False, include_context=False)
    ]


def problem(status: int, detail: str, errors: list[dict[str, str]] | None = None) -> JSONResponse:
    """Problem details (RFC 9457)."""
    titles = {
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not Found",
        413: "Content Too Large",
    }
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": titles[status],
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
