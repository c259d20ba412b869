"""Routers that are passed over at a glance: a request is not held against every route there is.

A service has hundreds of routes in some fifty routers, and the framework tries each one's pattern
in turn; that took longer than a small page's statements.
"""

from __future__ import annotations

import os

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class Section(APIRouter):
    """The same routes as a router's, tried only for a path that begins as all of them do.

    Args:
        router: complete; what is added to it later is not seen.
        prefix: what it will be included with.
    """

    def __init__(self, router: APIRouter, prefix: str = "") -> None:
        super().__init__()
        vars(self).update(vars(router))
        paths: list[str] = [getattr(route, "path", "") for route in router.routes]
        alike = os.path.commonprefix(paths)  # noqa: RUF071 - of texts, not of folders
        self._beginning = prefix + alike.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As any router's."""
        if not scope["path"].startswith(self._beginning):
            return Match.NONE, {}
        return super().matches(scope)
