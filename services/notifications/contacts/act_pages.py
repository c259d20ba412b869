"""Acts on contacts that are asked about first: removing one, the drill list for many."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.chassis.auth import Principal
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import ngettext
from services.notifications.contacts import editing, reading
from services.notifications.contacts.filters import Filters
from services.notifications.contacts.pages import PLACE, Editor, heading
from services.notifications.database import pages

router = APIRouter(prefix=PLACE)


@router.get("/drill-list")
def back_to_list() -> Response:
    """Somebody came back to a preview's address: its choice is gone, so they choose again."""
    return RedirectResponse(PLACE, 303)


@router.post("/drill-list")
def preview(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """How many contacts that would change. Nothing is changed yet."""
    return _preview(request, principal, typed)


def _preview(
    request: Request, principal: Principal, typed: Typed, *, changed: bool = False
) -> Response:
    on, chosen = typed.text("act") != "off", _chosen(typed)
    count = len(editing.drilled(principal, chosen, on=on))
    if not count:
        return RedirectResponse(f"{PLACE}?done=nothing", 303)
    title = (
        ngettext(
            "Put %(count)s contact on the drill list",
            "Put %(count)s contacts on the drill list",
            count,
        )
        if on
        else ngettext(
            "Take %(count)s contact off the drill list",
            "Take %(count)s contacts off the drill list",
            count,
        )
    ) % {"count": f"{count:,}"}
    fields = [
        (name, text) for name, text in typed.fields if name in ("act", "scope", "filters", "ids")
    ]
    return pages.render(
        request,
        "contacts/drill.html",
        409 if changed else 200,
        title=title,
        text="",
        consequences=[
            _("Drills reach them from now on. Every drill says that it is one.")
            if on
            else _("Drills do not reach them any more."),
            _("Nothing else changes for them."),
        ],
        button=title,
        cancel_url=f"{PLACE}?{typed.text('filters')}",
        action=f"{PLACE}/drill-list/apply",
        fields=[*fields, ("expected", str(count))],
        form=Form(),
        changed=changed,
    )


@router.post("/drill-list/apply")
def apply(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Do it, if it still concerns as many."""
    on, chosen = typed.text("act") != "off", _chosen(typed)
    if typed.text("expected") != str(len(editing.drilled(principal, chosen, on=on))):
        return _preview(request, principal, typed, changed=True)
    editing.set_drill(principal, chosen, on=on)
    filters = dict(parse_qsl(typed.text("filters")))
    return RedirectResponse(f"{PLACE}?{Filters.read(filters).text}&done=drill", 303)


def _chosen(typed: Typed) -> Sequence[uuid.UUID] | Filters:
    """Those that were ticked, or all that match the filters."""
    if typed.text("scope") == "matching":
        return Filters.read_text(typed.text("filters"))
    found: list[uuid.UUID] = []
    for text in typed.texts("ids"):
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


@router.get("/{contact_id}/remove")
def remove_page(request: Request, principal: Editor, contact_id: uuid.UUID) -> Response:
    """Ask first."""
    contact = reading.one(principal, contact_id)
    if contact.source not in editing.REMOVABLE:
        return RedirectResponse(f"{PLACE}/{contact_id}", 303)
    return pages.render(
        request,
        "confirm.html",
        title=_("Remove this contact?"),
        text=heading(contact),
        consequences=[
            _("It is deleted with its trips, and gets no broadcasts any more."),
            _("What waits to be sent to it is cancelled. What has gone out stays noted."),
            _("This cannot be undone. To have it back, add it again."),
        ],
        button=_("Remove the contact"),
        cancel_url=f"{PLACE}/{contact_id}",
        danger=True,
    )


@router.post("/{contact_id}/remove")
def remove(principal: Editor, contact_id: uuid.UUID) -> Response:
    """Remove it."""
    editing.remove(principal, contact_id)
    return RedirectResponse(f"{PLACE}?done=removed", 303)
