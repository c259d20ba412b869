"""What the pages of rooms and those of lecturers do alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.forms import Form, Typed
from services.chassis.i18n import gettext as _
from services.chassis.problems import Invalid, Problem
from services.registration.database import pages
from services.registration.resources.week import FIRST_HOUR, LAST_HOUR

# What the strip of a day says of its ends.
STRIP: Mapping[str, Any] = {"first_hour": FIRST_HOUR, "last_hour": LAST_HOUR}


def written(act: Callable[[], str], typed: Typed, again: Callable[..., HTMLResponse]) -> Response:
    """Do what a form asks for and go on to where ``act`` says; or show the form again."""
    try:
        return RedirectResponse(act(), 303)
    except Invalid as invalid:
        return again(shown=Form(typed.values(), invalid), status=422)
    except Problem as problem:
        if problem.status not in (403, 409):
            raise
        return again(shown=Form(typed.values()), status=problem.status, problem=problem)


def archive_question(request: Request, title: str, name: str, here: str) -> HTMLResponse:
    """Asks before a room or a lecturer is no longer offered."""
    return pages.render(
        request,
        "confirm.html",
        title=title,
        text=name,
        consequences=[
            _("From now on nobody can choose it for anything new."),
            _("What is planned already stays as it is."),
            _("You can bring it back at any time from the list of what is archived."),
        ],
        button=_("Archive"),
        cancel_url=here,
    )
