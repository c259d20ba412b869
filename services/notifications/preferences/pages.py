"""``/preferences``: the page of one's choices, by the link that was sent to the address."""

from __future__ import annotations

import uuid
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import language, lazy
from services.chassis.problems import Invalid, Problem
from services.chassis.ratelimit import PublicRate
from services.chassis.reference import city
from services.notifications.database import pages
from services.notifications.preferences import linking, own_data, reading, service
from services.notifications.preferences.choices import (
    DIGESTS,
    ChoicesIn,
    PauseIn,
    choices_to_offer,
)
from services.notifications.preferences.fields import TripIn, names_of
from services.notifications.preferences.linking import LinkWanted
from services.notifications.preferences.reading import Standing
from services.notifications.trips.words import days_of

router = APIRouter()

# What a finished act says on the page that it leads back to.
_DONE: Final = {
    "saved": lazy("Your choices are saved."),
    "trip": lazy("Your trip is noted. We write to you before it."),
    "removed": lazy("The trip is removed."),
    "paused": lazy("The pause is noted."),
    "resumed": lazy("The pause is over; safety reminders come again."),
    "back": lazy("Safety reminders come to this address again."),
    "sent": lazy("A fresh link is on its way to your address."),
}
_SOURCES: Final = {
    "registration": lazy("when registering for an activity"),
    "subscription": lazy("when subscribing"),
    "preferences": lazy("on this page"),
    "unsubscribe": lazy("by the link to stop"),
    "sms": lazy("by SMS"),
    "import": lazy("by a list that an office gave us"),
    "staff": lazy("by our staff"),
    "complaint": lazy("after you reported a mail as unwanted"),
    "erasure": lazy("with the erasure of the data"),
}


@router.get("/preferences")
def link_form(request: Request, sent: str = "", erased: str = "") -> HTMLResponse:
    """Asks for the address; ``sent``: what to do now; ``erased``: that everything is gone."""
    if erased:
        return pages.render(request, "preferences/erased.html")
    if sent:
        return pages.render(request, "preferences/sent.html")
    return pages.render(request, "preferences/link.html", form=Form())


@router.post("/preferences", dependencies=[PublicRate])
def send_link(request: Request, typed: TypedForm) -> Response:
    """Have the link sent, and say the same whether we have anything for the address or not."""
    try:
        linking.ask(typed.parse(LinkWanted, language=language()))
    except Invalid as invalid:
        form = Form(typed.values(), invalid)
        return pages.render(request, "preferences/link.html", invalid.status, form=form)
    return RedirectResponse("/preferences?sent=1", 303)


@router.get("/preferences/{token}")
def show(request: Request, token: str, new: str = "", done: str = "") -> Response:
    """What counts for an address. ``new``: it has just subscribed; ``done``: what was done."""
    return _page(request, token, new=bool(new), done=_DONE.get(done))


@router.post("/preferences/{token}", dependencies=[PublicRate])
def save(request: Request, token: str, typed: TypedForm) -> Response:
    """Take the choices."""
    try:
        # The box stands there only for whoever has not agreed; unticked, it takes nothing back.
        agrees = True if typed.text("wants") else None
        service.save(token, typed.parse(ChoicesIn, wants=agrees))
    except Invalid as invalid:
        return _page(request, token, choices=Form(typed.values(), invalid))
    return _back(token, "saved")


@router.post("/preferences/{token}/trips", dependencies=[PublicRate])
def add_trip(request: Request, token: str, typed: TypedForm) -> Response:
    """Add a trip. The same form sent twice adds it once."""
    try:
        service.add_trip(token, typed.parse(TripIn), agrees=bool(typed.text("wants")))
    except Invalid as invalid:
        return _page(request, token, trip=Form(typed.values(), invalid))
    return _back(token, "trip")


@router.post("/preferences/{token}/trips/{trip_id}/remove", dependencies=[PublicRate])
def remove_trip(token: str, trip_id: uuid.UUID) -> Response:
    """Take a trip out; it is added again as fast."""
    service.remove_trip(token, trip_id)
    return _back(token, "removed")


@router.post("/preferences/{token}/pause", dependencies=[PublicRate])
def pause(request: Request, token: str, typed: TypedForm) -> Response:
    """Pause until a day."""
    try:
        service.pause(token, typed.parse(PauseIn))
    except Invalid as invalid:
        return _page(request, token, pausing=Form(typed.values(), invalid))
    return _back(token, "paused")


@router.post("/preferences/{token}/resume", dependencies=[PublicRate])
def resume(token: str) -> Response:
    """End the pause."""
    service.pause(token, None)
    return _back(token, "resumed")


@router.get("/preferences/{token}/leave")
def ask_to_leave(request: Request, token: str) -> Response:
    """Asks before everything ends, and says what goes on."""
    standing = reading.standing(token)
    return pages.render(
        request,
        "confirm.html",
        title=_("End all safety reminders?"),
        text=_("We will send no more safety reminders to %(address)s.")
        % {"address": standing.address},
        consequences=[
            _("This includes urgent reminders in an emergency, and what is sent before a trip."),
            _("Confirmations and reminders for activities that you register for still arrive."),
            _("You can come back at any time; your choices are kept until then."),
        ],
        button=_("End all safety reminders"),
        cancel_url=f"/preferences/{token}",
        cancel_label=_("Keep them"),
    )


@router.post("/preferences/{token}/leave", dependencies=[PublicRate])
def leave(token: str) -> Response:
    """End them."""
    service.leave(token)
    return _back(token)


@router.post("/preferences/{token}/return", dependencies=[PublicRate])
def come_back(token: str) -> Response:
    """Let them come again."""
    service.come_back(token)
    return _back(token, "back")


@router.post("/preferences/{token}/fresh", dependencies=[PublicRate])
def send_fresh(token: str) -> Response:
    """Have a fresh link sent to the address."""
    linking.ask_by_link(token)
    return _back(token, "sent")


@router.get("/preferences/{token}/data.json")
def download(token: str) -> Response:
    """Everything that is held of the address, as a file."""
    return Response(
        own_data.show(token).model_dump_json(indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="lingbao-data.json"'},
    )


@router.get("/preferences/{token}/erase")
def ask_to_erase(request: Request, token: str) -> Response:
    """Asks before everything goes."""
    held = own_data.show(token)
    return pages.render(
        request,
        "confirm.html",
        title=_("Erase everything we hold for this address?"),
        text=held.address,
        consequences=[
            _("Your choices, your trips and the record of what we sent you are erased."),
            _("We send no more safety reminders, not even in an emergency."),
            _(
                "That nobody may write here stays, encrypted: forgetting it would mean writing "
                "again."
            ),
            _("Registrations and bookings stay; the link in their messages erases them."),
            _("This cannot be undone."),
        ],
        button=_("Erase everything"),
        danger=True,
        cancel_url=f"/preferences/{token}",
    )


@router.post("/preferences/{token}/erase", dependencies=[PublicRate])
def erase(token: str) -> Response:
    """Erase it."""
    own_data.erase(token)
    return RedirectResponse("/preferences?erased=1", 303)


def _back(token: str, done: str = "") -> RedirectResponse:
    return RedirectResponse(f"/preferences/{token}" + (f"?done={done}" if done else ""), 303)


def _page(
    request: Request,
    token: str,
    *,
    choices: Form | None = None,
    trip: Form | None = None,
    pausing: Form | None = None,
    **more: Any,  # noqa: ANN401 - whatever the template shows
) -> Response:
    """The page; a form that was refused stands on it with its sentences."""
    try:
        standing = reading.standing(token)
    except Problem as problem:
        if problem.status != 410:
            raise
        return pages.render(request, "preferences/expired.html", 410, problem=problem)
    refused = choices or trip or pausing
    return pages.render(
        request,
        "preferences/show.html",
        422 if refused else 200,
        token=token,
        standing=standing,
        refused=refused,
        form=refused or Form(),  # named so, its summary knows what its fields are called
        choices=choices or _filled(standing),
        trip=trip or Form(),
        pausing=pausing or Form(),
        zone=city().timezone,
        digest_options=[(value, str(name)) for value, name in DIGESTS.items()],
        sources=_SOURCES,
        days_of=days_of,
        **choices_to_offer(),
        **{"new": False, "done": None} | more,
    )


def _filled(standing: Standing) -> Form:
    return Form(
        {
            "language": standing.language,
            "digest": standing.digest,
            "districts": standing.districts,
            "countries": names_of(standing.countries, _(", ")),
            "topics": standing.topics,
        }
    )
