"""The staff's page of senders: which are well, what they said, and how to lay one to rest."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.chassis.auth import Principal, require
from services.chassis.i18n import Lazy, lazy
from services.chassis.i18n import gettext as _
from services.chassis.problems import NotFound
from services.chassis.reference import city
from services.chassis.settings import settings
from services.notifications.database import pages
from services.notifications.delivery import labels as words
from services.notifications.senders import health
from services.notifications.senders.health import SenderOut

router = APIRouter()

SENDERS: Final = "/staff/senders"

Reader = Annotated[Principal, Depends(require("senders.view"))]
Manager = Annotated[Principal, Depends(require("senders.manage"))]

STANDINGS: Final[dict[str, tuple[Lazy, str]]] = {
    "well": (lazy("Sending well"), "good"),
    "failing": (lazy("Failing"), "bad"),
    "left-alone": (lazy("Left alone for a moment"), "bad"),
    "resting": (lazy("Laid to rest by staff"), "wait"),
    "quiet": (lazy("Nothing sent in 24 hours"), "neutral"),
}
BRAKES: Final[dict[str, Lazy]] = {
    "slow": lazy(
        "Many messages came back as undeliverable, so broadcasts go out slowly. This ends by "
        "itself when fewer come back."
    ),
    "stop": lazy(
        "Too many messages came back as undeliverable, so broadcasts are paused. Please look at "
        "what came back and put the list right, then release the brake and resume the broadcasts."
    ),
}


@router.get(SENDERS)
def index(request: Request, principal: Reader) -> Response:
    """Every sender."""
    found = health.listed()
    return pages.render(
        request,
        "senders/list.html",
        senders=found,
        several=sum(sender.channel == "email" and sender.configured for sender in found) > 1,
        standings=STANDINGS,
        brakes=BRAKES,
        words=words,
        sms_off=not settings().sms_providers,
        may_manage=principal.may("senders.manage"),
        zone=city().timezone,
    )


@router.get(f"{SENDERS}/{{name}}/rest")
def ask_rest(request: Request, principal: Manager, name: str) -> Response:
    """Ask before a sender is laid to rest."""
    found = _found(name)
    others = [
        other
        for other in health.listed()
        if other.channel == found.channel
        and other.configured
        and other.name != name
        and other.standing != "resting"
    ]
    return pages.render(
        request,
        "confirm.html",
        title=_("Lay %(name)s to rest?") % {"name": name},
        text="",
        consequences=[
            _("It gets no more messages; those in hand at this moment still go.")
            if others
            else _("No other sender is left: nothing of this kind goes out, emergencies neither."),
            _("The other senders take its part.")
            if others
            else _("Messages wait and go out later, unless it is too late for them by then."),
            _("You can let it send again at any time."),
        ],
        button=_("Lay to rest"),
        cancel_url=SENDERS,
        danger=not others,
    )


@router.post(f"{SENDERS}/{{name}}/rest")
def rest(principal: Manager, name: str) -> Response:
    """Lay it to rest."""
    health.rest(principal, name)
    return RedirectResponse(SENDERS, 303)


@router.post(f"{SENDERS}/{{name}}/wake")
def wake(principal: Manager, name: str) -> Response:
    """Let it send again."""
    health.wake(principal, name)
    return RedirectResponse(SENDERS, 303)


@router.post(f"{SENDERS}/{{name}}/release-brake")
def release_brake(principal: Manager, name: str) -> Response:
    """Count its bounces anew."""
    health.release_brake(principal, name)
    return RedirectResponse(SENDERS, 303)


def _found(name: str) -> SenderOut:
    for sender in health.listed():
        if sender.name == name:
            return sender
    raise NotFound(lazy("There is no such sender."))
