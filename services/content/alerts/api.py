"""The JSON calls about alerts of others and the feeds that are followed."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.chassis.problems import FieldError, Invalid
from services.content.advisories.schemas import AdvisoryKept, AdvisoryPatch
from services.content.alerts import feeds, handling, reading, taking_in
from services.content.alerts.cap import NotCap
from services.content.alerts.models import State
from services.content.alerts.schemas import (
    AlertOut,
    DraftIn,
    FeedChange,
    FeedIn,
    FeedOut,
    FollowIn,
)
from services.content.alerts.xml_reading import NotXml

api = APIRouter(tags=["alerts"])

Viewer = Annotated[Principal, Depends(require("advisories.view"))]
Editor = Annotated[Principal, Depends(require("advisories.edit"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


async def _body(request: Request) -> bytes:
    return await request.body()


@api.get("/alerts")
def list_alerts(
    _principal: Viewer,
    state: State | None = None,
    feed_id: uuid.UUID | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[AlertOut]:
    """The alerts that were taken in, the latest first."""
    found = reading.listed(state=state, feed_id=feed_id, cursor=cursor, limit=limit)
    return PageOut(items=list(found.items), next_cursor=found.next_cursor)


@api.post(
    "/alerts",
    status_code=201,
    openapi_extra={"requestBody": {"content": {"application/cap+xml": {}}, "required": True}},
)
def hand_in(
    principal: Editor, body: Annotated[bytes, Depends(_body)], response: Response
) -> AlertOut:
    """Take in a CAP 1.2 alert (the XML is the body): it becomes a draft, never a publication.

    The same alert, by its sender, identifier and time, is taken in once; a second time answers 200
    with what became of it.
    """
    try:
        taken = taking_in.hand_in(principal, body)
    except NotXml as error:
        raise Invalid([FieldError("", error.sentence)]) from error
    except NotCap as error:
        raise Invalid([FieldError(one.where, one.sentence) for one in error.faults]) from error
    if not taken.is_new:
        response.status_code = 200
    return reading.one(taken.id)


@api.get("/alerts/{alert_id}")
def get_alert(_principal: Viewer, alert_id: uuid.UUID) -> AlertOut:
    """An alert, what to look at, and what became of it."""
    return reading.one(alert_id)


@api.post("/alerts/{alert_id}/draft", status_code=201)
def write_draft(principal: Editor, alert_id: uuid.UUID, wanted: DraftIn) -> AlertOut:
    """Write a draft from it for a country."""
    handling.write(principal, alert_id, wanted.country)
    return reading.one(alert_id)


@api.post("/alerts/{alert_id}/follow")
def follow(principal: Editor, alert_id: uuid.UUID, wanted: FollowIn) -> AdvisoryKept:
    """Have an advisory follow an update (it is changed) or a cancellation (it is withdrawn).

    A change that raises it to orange or red waits for a second person like any other.
    """
    advisory, content, alert = reading.proposed(alert_id, wanted.advisory_id)
    if alert.msg_type == "Cancel":
        reason = wanted.reason or handling.reason_of(alert)
        return handling.follow_end(principal, alert_id, wanted.advisory_id, reason)
    patch = AdvisoryPatch(version=advisory.version, **content.model_dump())
    return handling.follow_change(principal, alert_id, wanted.advisory_id, patch)


@api.post("/alerts/{alert_id}/set-aside")
def set_aside(principal: Editor, alert_id: uuid.UUID) -> AlertOut:
    """Decide that it is not followed; it stays in the list."""
    handling.set_aside(principal, alert_id)
    return reading.one(alert_id)


@api.get("/alert-feeds")
def list_feeds(_principal: Viewer) -> PageOut[FeedOut]:
    """The feeds that are followed, and how each is doing."""
    return PageOut(items=feeds.listed(), next_cursor=None)


@api.post("/alert-feeds", status_code=201)
def add_feed(principal: Editor, wanted: FeedIn, once: OncePerKey) -> FeedOut:
    """Follow a feed of CAP alerts from now on."""
    return feeds.add(principal, wanted, once)


@api.patch("/alert-feeds/{feed_id}")
def change_feed(principal: Editor, feed_id: uuid.UUID, patch: FeedChange) -> FeedOut:
    """Change what is given; ``is_active`` switches it off and on."""
    return feeds.change(principal, feed_id, patch)


@api.post("/alert-feeds/{feed_id}/ask", status_code=202)
def ask_feed(_principal: Editor, feed_id: uuid.UUID) -> FeedOut:
    """Have it asked within half a minute instead of when it is due."""
    feeds.ask_now(feed_id)
    return feeds.one(feed_id)


@api.delete("/alert-feeds/{feed_id}", status_code=204)
def remove_feed(principal: Editor, feed_id: uuid.UUID) -> None:
    """Follow it no more; the alerts that it brought stay."""
    feeds.remove(principal, feed_id)
