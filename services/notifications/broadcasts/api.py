"""Broadcasts as JSON, for staff and programs."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.notifications.answers import reading as answers
from services.notifications.answers.reading import AnswerLine, AnswersCount, Group
from services.notifications.broadcasts import (
    again,
    live,
    reading,
    recipients,
    sending,
    trial,
    writing,
)
from services.notifications.broadcasts.failures import FailureGroup
from services.notifications.broadcasts.failures import failures as grouped_failures
from services.notifications.broadcasts.models import Status
from services.notifications.broadcasts.recipients import HistoryOut
from services.notifications.broadcasts.schemas import (
    ApprovalIn,
    AudienceOut,
    BroadcastChange,
    BroadcastIn,
    BroadcastLine,
    BroadcastOut,
    RecipientOut,
    TestIn,
    TestOut,
)
from services.notifications.delivery.models import State

router = APIRouter(prefix="/broadcasts", tags=["broadcasts"])

Reader = Annotated[Principal, Depends(require("broadcasts.view"))]
Writer = Annotated[Principal, Depends(require("broadcasts.write"))]
Approver = Annotated[Principal, Depends(require("broadcasts.approve"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


@router.get("")
def index(
    principal: Reader,
    status: Status | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[BroadcastLine]:
    """The broadcasts of the caller's office, newest first."""
    page = reading.listed(
        principal, statuses=[status] if status else [], cursor=cursor, limit=limit
    )
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("", status_code=201)
def create(principal: Writer, body: BroadcastIn, once: OncePerKey) -> BroadcastOut:
    """Start a broadcast as a draft."""
    return writing.create(principal, body, once)


@router.get("/{broadcast_id}")
def read(principal: Reader, broadcast_id: uuid.UUID) -> BroadcastOut:
    """One broadcast; its counts always add up to ``total``."""
    return reading.read(principal, broadcast_id)


@router.patch("/{broadcast_id}")
def edit(principal: Writer, broadcast_id: uuid.UUID, body: BroadcastChange) -> BroadcastOut:
    """Change what is given. Submitted, approved or scheduled, it is a draft again afterwards."""
    return writing.edit(principal, broadcast_id, body)


@router.get("/{broadcast_id}/audience")
def audience(principal: Reader, broadcast_id: uuid.UUID) -> AudienceOut:
    """How many messages it amounts to: as frozen by the approval, before it as of now."""
    return reading.reach(principal, broadcast_id)


@router.post("/{broadcast_id}/test", status_code=202)
def test(principal: Writer, broadcast_id: uuid.UUID, body: TestIn) -> TestOut:
    """Send it, marked as a test, to a few addresses in every language that is written."""
    return trial.send_trial(principal, broadcast_id, body)


@router.post("/{broadcast_id}/submit")
def submit(principal: Writer, broadcast_id: uuid.UUID) -> BroadcastOut:
    """Ask for approval."""
    return writing.submit(principal, broadcast_id)


@router.post("/{broadcast_id}/approve")
def approve(
    principal: Approver, broadcast_id: uuid.UUID, body: ApprovalIn | None = None
) -> BroadcastOut:
    """Approve what somebody else wrote, and freeze whom it reaches."""
    return writing.approve(principal, broadcast_id, body.content_hash if body else None)


@router.post("/{broadcast_id}/send")
def send(principal: Writer, broadcast_id: uuid.UUID) -> BroadcastOut:
    """Begin to send what is approved, or have it sent at ``send_at``."""
    return sending.send(principal, broadcast_id)


@router.post("/{broadcast_id}/pause")
def pause(principal: Writer, broadcast_id: uuid.UUID) -> BroadcastOut:
    """Stop handing out messages."""
    return sending.pause(principal, broadcast_id)


@router.post("/{broadcast_id}/resume")
def resume(principal: Writer, broadcast_id: uuid.UUID) -> BroadcastOut:
    """Go on where it was paused."""
    return sending.resume(principal, broadcast_id)


@router.post("/{broadcast_id}/cancel")
def cancel(principal: Writer, broadcast_id: uuid.UUID) -> BroadcastOut:
    """Give it up: what has not gone out never will."""
    return sending.cancel(principal, broadcast_id)


@router.get("/{broadcast_id}/deliveries")
def deliveries(
    principal: Reader,
    broadcast_id: uuid.UUID,
    state: State | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[RecipientOut]:
    """By recipient. Addresses are masked for those who may not see contacts."""
    page = reading.recipients(
        principal,
        broadcast_id,
        state=state,
        opened=principal.may("contacts.view"),
        cursor=cursor,
        limit=limit,
    )
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/{broadcast_id}/deliveries/{delivery_id}")
def history(principal: Reader, broadcast_id: uuid.UUID, delivery_id: uuid.UUID) -> HistoryOut:
    """What happened to one recipient's message, oldest first."""
    return recipients.history(
        principal, broadcast_id, delivery_id, opened=principal.may("contacts.view")
    )


@router.get("/{broadcast_id}/failures")
def failures(principal: Reader, broadcast_id: uuid.UUID) -> list[FailureGroup]:
    """Why messages did not arrive, grouped by what the servers said, with masked examples."""
    return grouped_failures(principal, broadcast_id)


@router.post("/{broadcast_id}/resend", status_code=201)
def resend(principal: Writer, broadcast_id: uuid.UUID, once: OncePerKey) -> BroadcastOut:
    """A new draft of the same message to those addresses at which it failed or came too late."""
    return again.resend(principal, broadcast_id, once)


@router.post("/{broadcast_id}/follow-up", status_code=201)
def follow_up(principal: Writer, broadcast_id: uuid.UUID, once: OncePerKey) -> BroadcastOut:
    """A new draft of the same question to those who have not answered it."""
    return again.follow_up(principal, broadcast_id, once)


@router.get("/{broadcast_id}/answers")
def how_they_are(principal: Reader, broadcast_id: uuid.UUID) -> AnswersCount:
    """How many people need help, have not answered, are safe, and what groups report."""
    return answers.count(principal, broadcast_id)


@router.get("/{broadcast_id}/answers/{group}")
def answered(
    principal: Reader,
    broadcast_id: uuid.UUID,
    group: Group,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[AnswerLine]:
    """The people of one group. Addresses are masked for those who may not see contacts."""
    page = answers.listed(
        principal,
        broadcast_id,
        group,
        opened=principal.may("contacts.view"),
        cursor=cursor,
        limit=limit,
    )
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


def _readable(principal: Reader, broadcast_id: uuid.UUID) -> Principal:
    """Refuse before the stream begins: afterwards there is no status left to say it with."""
    reading.read(principal, broadcast_id)
    return principal


@router.get("/{broadcast_id}/events", response_class=EventSourceResponse)
async def events(
    broadcast_id: uuid.UUID, principal: Annotated[Principal, Depends(_readable)]
) -> AsyncIterator[ServerSentEvent]:
    """How it stands, as server-sent events: ``progress`` whenever that has changed.

    A stream ends after some minutes and is asked for again; ``end`` says that nothing follows.
    """
    over = False
    async for now in live.watch(principal, broadcast_id):
        over = live.is_over(now.broadcast)
        yield ServerSentEvent(event="progress", data=now)
    if over:
        yield ServerSentEvent(event="end", raw_data="end")
