"""The FastAPI application of a service, assembled the same way for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException

from services.chassis import operations
from services.chassis.auth import SessionStale, SignInNeeded, is_api
from services.chassis.database import Database
from services.chassis.events.envelope import Event
from services.chassis.events.inbox import Handlers
from services.chassis.i18n import lazy
from services.chassis.middleware import LARGEST_BODY, Ground, Guard, LargerBodies
from services.chassis.pages import STATIC, Pages, own_path
from services.chassis.problems import NotFound, Problem
from services.chassis.sections import Section
from services.chassis.validation import invalid

log = structlog.get_logger(__name__)

PASSWORD_FIELDS = frozenset({"password", "current"})

Handler = Callable[[Request, Exception], Awaitable[Response]]


def create_app(
    service: str,
    *,
    title: str,
    database: Database,
    pages: Pages,
    apis: Sequence[APIRouter],
    sites: Sequence[APIRouter],
    publishes: Sequence[type[Event]] = (),
    handlers: Handlers | None = None,
    collectors: Sequence[Collector] = (),
    larger: Sequence[LargerBodies] = (),
) -> FastAPI:
    """A service's application.

    Args:
        service: its name; the API lives under ``/api/{service}/v1``.
        title: what the API's document is called.
        database: its own database, also for checking credentials.
        pages: its templates.
        apis: routers of JSON calls, mounted under the API's address.
        sites: routers of pages, mounted at the root.
        publishes: the events it says, for the catalogue.
        handlers: the events it hears, for the catalogue.
        collectors: what ``/metrics`` asks for beside the figures that every service has.
        larger: addresses that take larger bodies than others, for files.
    """
    prefix = f"/api/{service}"
    app = FastAPI(
        title=title,
        version="1",
        openapi_url=f"{prefix}/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.service = service
    app.state.database = database
    app.state.pages = pages
    for api in apis:
        app.include_router(Section(api, f"{prefix}/v1"), prefix=f"{prefix}/v1")
    for site in sites:
        app.include_router(Section(site), include_in_schema=False)
    app.include_router(
        operations.router(service, database, publishes, handlers or {}, collectors), prefix=prefix
    )
    # The same three at the root of the process, for an orchestrator that asks it directly.
    app.include_router(operations.probes(service, database, collectors), include_in_schema=False)
    app.mount("/static", ImmutableFiles(directory=STATIC, check_dir=False), name="static")
    app.add_middleware(Guard, larger=larger)
    handlers_of_errors = _handlers(pages)
    for kind, handler in handlers_of_errors.items():
        app.add_exception_handler(kind, handler)

    async def failed(request: Request, error: Exception) -> Response:
        for kind, handler in handlers_of_errors.items():
            if isinstance(error, kind):
                return await handler(request, error)
        log.error("request.failed", exc_info=error)
        return problem_response(request, pages, _of_status(500))

    app.add_middleware(Ground, service=service, failed=failed)
    return app


class ImmutableFiles(StaticFiles):
    """Built assets: their names carry a hash, so a browser may keep them for good."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - passed on
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def problem_response(
    request: Request, pages: Pages, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """A problem as JSON for programs and as a page for people."""
    if not is_api(request):
        response: Response = pages.render(request, "error.html", problem.status, problem=problem)
    else:
        response = JSONResponse(
            problem.as_json(), problem.status, media_type="application/problem+json"
        )
        if problem.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
    response.headers.update(headers or {})
    return response


def _handlers(pages: Pages) -> dict[type[Exception], Handler]:
    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 - registered for this class alone
        return problem_response(request, pages, error)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return problem_response(request, pages, invalid(error.errors()))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        # Such as `Allow` with 405.
        return problem_response(request, pages, _of_status(error.status_code), error.headers)

    async def on_sign_in(request: Request, error: Exception) -> Response:
        return await _to_sign_in(request, pages, stale=isinstance(error, SessionStale))

    async def on_database(request: Request, error: Exception) -> Response:
        log.error("database.unavailable", reason=str(getattr(error, "orig", error))[:300])
        return problem_response(
            request,
            pages,
            Problem(
                503,
                "temporarily-unavailable",
                lazy("We cannot reach our records at the moment."),
                lazy("Please try again in a minute. What you typed has not been sent."),
            ),
        )

    async def on_data(request: Request, error: Exception) -> Response:
        # A text with NUL or a number beyond every column, which no field looked at.
        # Which text it was is not logged: somebody typed it.
        log.warning("request.unstorable", reason=type(getattr(error, "orig", error)).__name__)
        return problem_response(request, pages, _of_status(400))

    return {
        Problem: on_problem,
        RequestValidationError: on_invalid,
        HTTPException: on_http,
        SignInNeeded: on_sign_in,
        SessionStale: on_sign_in,
        sa.exc.OperationalError: on_database,
        sa.exc.TimeoutError: on_database,
        sa.exc.DataError: on_data,
    }


def _of_status(status: int) -> Problem:
    if status == 404:
        return NotFound()
    if status == 405:
        return Problem(
            405, "method-not-allowed", lazy("This address does not take this kind of request.")
        )
    if status == 413:
        return Problem(
            413,
            "too-large",
            lazy("This is more than we can take at once."),
            lazy("Please send less, 10 MB at most."),
        )
    if status < 500:
        return Problem(
            status,
            "bad-request",
            lazy("We could not read this request."),
            lazy("Please try again."),
        )
    return Problem(
        status,
        "server-error",
        lazy("Something went wrong on our side."),
        lazy("Please try again in a minute. If it goes on, tell us the number below."),
    )


async def _to_sign_in(request: Request, pages: Pages, *, stale: bool) -> Response:
    """Send a visitor to sign in and back, keeping what a form carried."""
    if is_api(request):
        return problem_response(
            request,
            pages,
            Problem(
                401,
                "unauthenticated",
                lazy("This call needs an API key or a session."),
                lazy("Send it as: Authorization: Bearer KEY."),
            ),
        )
    here = own_path(request) + (f"?{request.url.query}" if request.url.query else "")
    if request.method in ("GET", "HEAD"):
        way = "/staff/session/renew" if stale else "/staff/sign-in"
        return RedirectResponse(f"{way}?next={quote(here)}", 303)
    fields = await _typed(request)
    # The cookie stays: if only its credential has run out, signing in is no more than a renewal.
    return pages.render(request, "sign_in_again.html", 401, fields=fields, action=here)


async def _typed(request: Request) -> list[tuple[str, str]]:
    """What a form carried, to be sent again; nothing of one that carries a large file.

    Nobody is signed in, so nobody is to fill a disk. A password is typed again; it is not written
    into a page.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        return []
    form = await request.form()
    return [
        (name, text)
        for name, text in form.multi_items()
        if isinstance(text, str) and name not in PASSWORD_FIELDS
    ]
