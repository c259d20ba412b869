"""What an application answers, for the tests of its walls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from services.chassis.ratelimit import public_rate


def routes(app: FastAPI) -> Iterator[tuple[str, str, APIRoute]]:
    """Method, whole path and route of everything that a service answers."""
    for included in app.routes:
        routers = getattr(included, "original_router", APIRouter())
        context = getattr(included, "include_context", None)
        prefix = getattr(context, "prefix", "") if context else ""
        for route in routers.routes:
            if isinstance(route, APIRoute):
                for method in sorted((route.methods or set()) - {"HEAD"}):
                    yield method, prefix + route.path, route


def asks_permission(route: APIRoute) -> bool:
    """Whether a route asks for a permission before it does anything."""
    return any("require.<locals>" in call.__qualname__ for call in _calls(route.dependant))


def is_limited(route: APIRoute) -> bool:
    """Whether it is counted how often one address calls a route."""
    return public_rate in set(_calls(route.dependant))


def _calls(dependant: Dependant) -> Iterator[Callable[..., object]]:
    for child in dependant.dependencies:
        if child.call is not None:
            yield child.call
        yield from _calls(child)
