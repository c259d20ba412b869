"""The one page that asks before something is withdrawn, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from services.chassis.forms import Form
from services.chassis.i18n import Lazy, lazy
from services.content.database import pages

RESIDENTS: Final = lazy("Residents can read this sentence.")


def ask(
    request: Request,
    form: Form,
    status: int = 200,
    *,
    title: Lazy,
    consequences: Sequence[Lazy],
    back: str,
    text: Lazy | str = "",
    read_by: Lazy = RESIDENTS,
) -> HTMLResponse:
    """What withdrawing will do, and the question why.

    Args:
        form: empty, or what was typed with its errors; its one field is ``reason``.
        status: of the answer.
        title: the question itself.
        consequences: what will happen, a sentence each.
        back: the path of the page that it is asked from.
        text: what came before, where somebody else began it.
        read_by: who will read the reason.
    """
    return pages.render(
        request,
        "withdrawal/ask.html",
        status,
        title=title,
        text=text,
        consequences=consequences,
        button=lazy("Withdraw"),
        danger=True,
        cancel_url=back,
        form=form,
        read_by=read_by,
    )
