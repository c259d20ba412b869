"""What every request passes through: its id and language, limits, origin check, safe headers."""

from __future__ import annotations

import re
import time
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis import i18n, telemetry
from services.chassis.auth import SESSION_COOKIE
from services.chassis.database import new_id
from services.chassis.pages import LANGUAGE_COOKIE, pick_language
from services.chassis.settings import settings

log = structlog.get_logger("request")

LARGEST_BODY = 10 * 1024 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = ("/healthz", "/readyz", "/metrics")

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
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; manifest-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
}


class Ground:
    """The outermost layer: request id, language, log line, metrics and headers."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id().hex
        scope.setdefault("state", {}).update(request_id=request_id, path=scope["path"])
        query = parse_qs(scope["query_string"].decode("latin-1"))
        tag = pick_language(
            query.get("lang", [None])[0],
            _cookies(headers).get(LANGUAGE_COOKIE),
            headers.get("accept-language", ""),
        )
        started = time.perf_counter()
        status = 500

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                mutable = MutableHeaders(scope=message)
                mutable["X-Request-Id"] = request_id
                mutable.setdefault("Content-Language", tag)
                for name, value in SECURITY_HEADERS.items():
                    mutable.setdefault(name, value)
                if settings().is_https:
                    mutable.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        with i18n.speaking(tag), telemetry.bound(request_id=request_id):
            try:
                await self._app(scope, receive, out)
            finally:
                seconds = time.perf_counter() - started
                REQUESTS.labels(self._service, scope["method"], status).inc()
                DURATION.labels(self._service).observe(seconds)
                if not scope["state"]["path"].endswith(_QUIET):
                    log.info(
                        "answered",
                        method=scope["method"],
                        path=telemetry.without_tokens(scope["state"]["path"]),
                        status=status,
                        ms=round(seconds * 1000, 1),
                    )


class Guard:
    """Refuses bodies that are too large, and unsafe requests that come from another site."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            headers = Headers(scope=scope)
            if _foreign(headers):
                scope["path"] = "/_refused/origin"
            elif int(headers.get("content-length") or 0) > LARGEST_BODY:
                scope["path"] = "/_refused/size"
        await self._app(scope, _bounded(receive), send)


class BodyTooLarge(Exception):
    """A body without a length went past the limit."""


def _bounded(receive: Receive) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_BODY:
            raise BodyTooLarge
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
    host = urlsplit(source).netloc
    return host not in (headers.get("host"), urlsplit(settings().public_url).netloc)


def _cookies(headers: Headers) -> dict[str, str]:
    try:
        return {
            name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()
        }
    except CookieError:
        return {}
