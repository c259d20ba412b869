"""What every request passes through: its id and language, limits, origin check, safe headers."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis import i18n, telemetry
from services.chassis.auth import SESSION_COOKIE
from services.chassis.database import new_id
from services.chassis.i18n import lazy
from services.chassis.pages import LANGUAGE_COOKIE, pick_language
from services.chassis.problems import Problem
from services.chassis.settings import settings

log = structlog.get_logger("request")

LARGEST_BODY = 10 * 1024 * 1024
_LINGER = 2.0  # seconds
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = ("/healthz", "/readyz", "/metrics")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

REQUESTS = Counter("lingbao_requests_total", "Answers given", ["service", "method", "status"])
DURATION = Histogram(
    "lingbao_request_seconds",
    "Time to answer",
    ["service"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "media-src 'self'; connect-src 'self'; font-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
}


# Answers differ by language and by who is calling, and may show personal data.
_NOT_SHARED = {"Cache-Control": "private, no-cache", "Vary": "Accept-Language, Cookie"}

Failed = Callable[[Request, Exception], Awaitable[Response]]


class Ground:
    """The outermost layer: request id, language, log line, metrics and headers.

    Args:
        failed: the answer to an error that nothing inside has answered; given here, so that it
            has the same headers and language as every other.
    """

    def __init__(self, app: ASGIApp, service: str, failed: Failed) -> None:
        self._app = app
        self._service = service
        self._failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id().hex
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        tag = pick_language(
            QueryParams(scope["query_string"]).get("lang"),
            _cookies(headers).get(LANGUAGE_COOKIE),
            headers.get("accept-language", ""),
        )
        started = time.perf_counter()
        method = scope["method"]
        status: int | None = None

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _complete(MutableHeaders(scope=message), request_id, tag)
            elif method == "HEAD" and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if settings().is_https:
            scope["scheme"] = "https"  # what the front took off
        if method == "HEAD":
            scope["method"] = "GET"  # answered alike, and the body left out above
            # For an answer whose body is a large file, which need not be read for nothing.
            state["head_only"] = True
        with (
            i18n.speaking(tag),
            i18n.words_of(self._service),
            telemetry.bound(request_id=request_id),
        ):
            try:
                await self._app(scope, receive, out)
            except Exception as error:
                if status is not None:
                    raise  # half an answer is out; the server breaks the connection
                answer = await self._failed(Request(scope, receive), error)
                await answer(scope, receive, out)
                if answer.status_code == 413:
                    await _linger(receive)
            finally:
                seconds = time.perf_counter() - started
                REQUESTS.labels(self._service, _known(method), status or 500).inc()
                DURATION.labels(self._service).observe(seconds)
                if not scope["path"].endswith(_QUIET):
                    log.info(
                        "answered",
                        method=method,
                        path=telemetry.without_tokens(scope["path"]),
                        status=status or 500,
                        ms=round(seconds * 1000, 1),
                    )


async def _linger(receive: Receive) -> None:
    """Go on taking what a sender has not stopped sending, for a moment (RFC 9112, 9.6).

    A connection that is closed under somebody who is still sending takes the answer with it.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER):
            while (await receive()).get("more_body"):
                pass


def _complete(headers: MutableHeaders, request_id: str, tag: str) -> None:
    """Add what every answer has and this one did not set for itself."""
    headers["X-Request-Id"] = request_id
    headers.setdefault("Content-Language", tag)
    if "cache-control" not in headers:
        headers.update(_NOT_SHARED)
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if settings().is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _known(method: str) -> str:
    """A method as a label: a made-up one does not make a series of its own."""
    return method if method in _METHODS else "other"


@dataclass(frozen=True)
class LargerBodies:
    """Addresses that take more than others do: files.

    Attributes:
        path: matches the whole path.
        most: how many bytes, asked for at each request.
        refusal: what to answer when it is more.
    """

    path: re.Pattern[str]
    most: Callable[[], int]
    refusal: Callable[[], Problem]


class Guard:
    """Refuses bodies that are too large, and unsafe requests that come from another site.

    Args:
        larger: where more than :data:`LARGEST_BODY` is taken.
    """

    def __init__(self, app: ASGIApp, larger: Sequence[LargerBodies] = ()) -> None:
        self._app = app
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and _foreign(headers):
            raise Problem(
                403,
                "foreign-origin",
                lazy("This was sent from another site, so we did not take it."),
                lazy("Please open the page here and send the form again."),
            )
        most, refusal = self._limit(scope)
        length = headers.get("content-length", "")
        # Refused by what it says of itself, before a byte of it is read.
        if length.isdecimal() and int(length) > most:
            raise refusal()
        await self._app(scope, _bounded(receive, most, refusal), send)

    def _limit(self, scope: Scope) -> tuple[int, Callable[[], Exception]]:
        for kind in self._larger:
            if kind.path.fullmatch(scope["path"]):
                return kind.most(), kind.refusal
        # An HTTPException passes through FastAPI's reading of the body as it is.
        return LARGEST_BODY, lambda: HTTPException(413)


def _bounded(receive: Receive, most: int, refusal: Callable[[], Exception]) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise refusal()
        return message

    return limited


def _foreign(headers: Headers) -> bool:
    """Whether another site's page had the browser send this.

    A program sends neither header; it has no cookie that could be misused either, and one that
    carries a session cookie without saying where it comes from is refused.
    """
    if headers.get("authorization", "").lower().startswith("bearer "):
        return False
    if headers.get("sec-fetch-site") in ("same-origin", "none"):
        return False
    source = headers.get("origin") or headers.get("referer")
    if source is None:
        return "sec-fetch-site" in headers or SESSION_COOKIE in _cookies(headers)
    try:
        page = urlsplit(source)
    except ValueError:
        return True
    if settings().is_https and page.scheme != "https":
        return True  # a page of this name without TLS may be anybody's
    return page.netloc not in (headers.get("host"), urlsplit(settings().public_url).netloc)


def _cookies(headers: Headers) -> dict[str, str]:
    """The cookies, read as the application reads them, so that both see the same."""
    return cookie_parser(headers.get("cookie", ""))
