"""The staff's pages for broadcasts: the list, and one broadcast with how it goes."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.chassis.auth import Principal, require
from services.chassis.database import utc_now
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy
from services.chassis.markdown import to_html
from services.chassis.problems import Invalid, Problem
from services.chassis.settings import settings
from services.chassis.validation import field_errors
from services.notifications.answers import reading as answers
from services.notifications.broadcasts import labels, live, reading, trial
from services.notifications.broadcasts.again import BEGUN
from services.notifications.broadcasts.choices import activity_title, broadcast_title
from services.notifications.broadcasts.failures import failures
from services.notifications.broadcasts.message import sms_text
from services.notifications.broadcasts.models import STATUS_NAMES, Status
from services.notifications.broadcasts.schemas import BroadcastOut, Message, TestIn
from services.notifications.database import pages
from services.notifications.delivery import labels as states
from services.notifications.messages import personal
from services.notifications.messages.sms import parts as sms_parts
from services.notifications.rules.shown import sentences
from services.notifications.templates import liquid
from services.notifications.trips.words import said

router = APIRouter(prefix="/staff/broadcasts")

Reader = Annotated[Principal, Depends(require("broadcasts.view"))]
Writer = Annotated[Principal, Depends(require("broadcasts.write"))]

# What a finished act says on the page that it leads to.
DONE = {
    "again": lazy(
        "The new draft is saved. Please read it, change what is to be said differently, and submit "
        "it for approval."
    ),
    "created": lazy("The draft is saved. Nothing is sent until somebody else has approved it."),
    "saved": lazy("Your changes are saved."),
    "tested": lazy("The trial is on its way."),
    "submitted": lazy("Submitted. Somebody else can approve it now."),
    "approved": lazy("Approved. Whom it reaches is fixed from now on."),
    "sent": lazy("It is being sent."),
    "paused": lazy("Paused. Messages in hand at that moment still go out."),
    "resumed": lazy("It goes on."),
    "cancelled": lazy("Cancelled. What had not gone out never will."),
}


@router.get("")
def index(
    request: Request, principal: Reader, status: str = "", cursor: str | None = None
) -> Response:
    """All broadcasts of the office, newest first."""
    wanted = [status] if status in set(Status) else []
    return pages.render(
        request,
        "broadcasts/list.html",
        page=reading.listed(principal, statuses=wanted, cursor=cursor),
        chosen=status if wanted else "",
        status_names=STATUS_NAMES,
        labels=labels,
        channel_names=states.CHANNEL_NAMES,
        may_write=principal.may("broadcasts.write"),
    )


@router.get("/{broadcast_id}")
def show(request: Request, principal: Reader, broadcast_id: uuid.UUID, done: str = "") -> Response:
    """One broadcast, from top to bottom: whom, what, when, who approves, how it goes."""
    return page_of_one(request, principal, broadcast_id, notice=DONE.get(done))


def page_of_one(
    request: Request,
    principal: Principal,
    broadcast_id: uuid.UUID,
    *,
    status: int = 200,
    notice: object = None,
    problem: Problem | None = None,
    form: Form | None = None,
) -> Response:
    """The page of one broadcast, after a refused act with the reason on top."""
    standing = reading.standing(principal, broadcast_id)
    broadcast = standing.broadcast
    rules = broadcast.audience
    return pages.render(
        request,
        "broadcasts/show.html",
        status,
        broadcast=broadcast,
        reach=standing.reach,
        own=standing.own,
        texts=_texts(broadcast),
        notice=notice,
        problem=problem,
        form=form or Form(),
        acts=acts_of(principal, broadcast),
        activity=activity_title(rules.activity_id) if rules.activity_id else None,
        earlier=broadcast_title(rules.of_broadcast) if rules.of_broadcast else None,
        answers=answers.count(principal, broadcast_id) if _may_be_answered(broadcast) else None,
        failures=failures(principal, broadcast_id) if broadcast.counts.not_arrived else [],
        waits=sentences(broadcast, standing.reach, utc_now()),
        pace=live.average(broadcast, utc_now()),
        may_open=principal.may("contacts.view"),
        sms_replies=settings().sms_replies,
        labels=labels,
        states=states,
        said=said,
        now=utc_now(),
    )


def _may_be_answered(broadcast: BroadcastOut) -> bool:
    return broadcast.asks and broadcast.started_at is not None


def _texts(broadcast: BroadcastOut) -> list[dict[str, Any]]:
    """What is written, as a made-up reader will see it: one entry for each language."""
    message: Message = broadcast.message
    found = []
    for tag in ("zh-CN", "en"):
        really, words = message.in_language(tag)
        sms = sms_text(
            words.sms, really, broadcast.urgency, asks=broadcast.asks, drill=broadcast.drill
        )
        found.append(
            {
                "tag": tag,
                "really": really,
                "name": labels.LANGUAGE_NAMES[tag],
                "subject": _as_read(words.subject, really),
                "html": to_html(_as_read(words.body, really)),
                "sms": sms,
                "sms_parts": sms_parts(sms),
            }
        )
    return found


def _as_read(source: str, language: str) -> str:
    """A text with its personal words; one that cannot be read is shown as it is written."""
    try:
        return liquid.render(source, personal.samples(language), personal.fallbacks(language))
    except liquid.NotWritten:
        return source


def acts_of(principal: Principal, broadcast: BroadcastOut) -> set[str]:
    """The acts that this person may do now, by name."""
    if not principal.may("broadcasts.write"):
        return set()
    by_status: dict[str, set[str]] = {
        Status.DRAFT: {"edit", "test", "submit", "cancel"},
        Status.SUBMITTED: {"edit", "test", "approve", "cancel"},
        Status.APPROVED: {"edit", "test", "send", "cancel"},
        Status.SCHEDULED: {"edit", "cancel"},
        Status.SENDING: {"pause", "cancel"},
        Status.PAUSED: {"resume", "cancel"},
    }
    found = set(by_status.get(broadcast.status, set()))
    if broadcast.started_at is not None and broadcast.status in BEGUN:
        if broadcast.counts.not_reached:
            found.add("resend")
        if broadcast.asks:
            found.add("follow-up")
    return found


@router.get("/{broadcast_id}/progress")
def progress(
    request: Request, principal: Reader, broadcast_id: uuid.UUID, seen: str = ""
) -> Response:
    """The live part of the page. ``seen`` is where the page shows that it stands
    (:func:`.labels.standing`); when that has changed, the whole page is asked for again."""
    broadcast = reading.read(principal, broadcast_id)
    response = pages.render(
        request,
        "broadcasts/progress.html",
        broadcast=broadcast,
        pace=live.average(broadcast, utc_now()),
        states=states,
        labels=labels,
    )
    if seen and seen != labels.standing(broadcast):
        response.headers["HX-Redirect"] = f"/staff/broadcasts/{broadcast_id}"
    return response


@router.post("/{broadcast_id}/test")
def test(
    request: Request, principal: Writer, broadcast_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Send a trial to the addresses typed, separated by commas, spaces or lines."""
    addresses = typed.text("to").replace(",", " ").replace("，", " ").replace("；", " ").split()
    try:
        wanted = _checked_trial(addresses)
        trial.send_trial(principal, broadcast_id, wanted)
    except Invalid as refused:
        return page_of_one(
            request, principal, broadcast_id, status=422, form=Form(typed.values(), refused)
        )
    return _to(broadcast_id, "tested")


def _checked_trial(addresses: list[str]) -> TestIn:
    try:
        return TestIn(to=addresses)
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error


def _to(broadcast_id: uuid.UUID, done: str) -> Response:
    return RedirectResponse(f"/staff/broadcasts/{broadcast_id}?done={done}", 303)
