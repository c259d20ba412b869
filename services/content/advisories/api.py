"""The JSON calls about advisories, the Atom feeds and the CAP messages."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.chassis.auth import Principal, authenticate, require
from services.chassis.fields import Country
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.content.advisories import approval, atom, cap, levels, reading, service
from services.content.advisories.conditional import conditional
from services.content.advisories.history import steps, versions
from services.content.advisories.reading import FeedFilter, Shelf
from services.content.advisories.schemas import (
    AdvisoryIn,
    AdvisoryKept,
    AdvisoryOut,
    AdvisoryPatch,
    PublishIn,
    ReturnIn,
    VersionOut,
    WithdrawIn,
)
from services.content.advisories.words import Level
from services.content.database import database

api = APIRouter(tags=["advisories"])

Editor = Annotated[Principal, Depends(require("advisories.edit"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]

_FEED_SECONDS = 300
_CAP_SECONDS = 60


@api.get("/advisories")
def list_advisories(
    request: Request,
    *,
    country: Country | None = None,
    level: Level | None = None,
    status: Shelf | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[AdvisoryKept] | PageOut[AdvisoryOut]:
    """What is in force now, the newest first.

    ``status`` is for staff: everything in that state, what waits for a second person (``waiting``),
    what ends within two weeks (``ends-soon``), what is over.
    """
    if status is None:
        public = reading.list_in_force(country=country, level=level, cursor=cursor, limit=limit)
        return PageOut[AdvisoryOut](items=list(public.items), next_cursor=public.next_cursor)
    require("advisories.view")(request)
    found = reading.list_for_staff(
        shelf=status, country=country, level=level, cursor=cursor, limit=limit
    )
    return PageOut[AdvisoryKept](items=list(found.items), next_cursor=found.next_cursor)


@api.get("/levels")
def list_levels() -> levels.LevelsOut:
    """How every country and territory stands now, by its code."""
    return levels.LevelsOut(items=levels.now())


@api.get("/advisories.atom", response_class=Response)
def feed(request: Request, country: Country | None = None, level: Level | None = None) -> Response:
    """The advisories in force and those withdrawn of late, as Atom (RFC 4287).

    All of them, or those of a country, of a level, or both; ``?lang=en`` for English. Answers 304
    to ``If-None-Match`` and ``If-Modified-Since`` when nothing is new.
    """
    only = FeedFilter(country, level)
    listed = reading.for_feed(only)
    return conditional(
        request,
        atom.feed(listed, only),
        changed_at=listed.changed_at,
        media_type=atom.MEDIA_TYPE,
        max_age=_FEED_SECONDS,
    )


@api.get("/advisories/{advisory_id:uuid}.cap", response_class=Response)
def cap_message(advisory_id: uuid.UUID, request: Request) -> Response:
    """The latest announcement of an advisory as CAP 1.2, in both languages."""
    with database.transaction() as session:
        told = reading.as_told(session, advisory_id)
        body = cap.message(session, advisory_id)
    return conditional(
        request,
        body,
        changed_at=told.updated_at,
        media_type=cap.MEDIA_TYPE,
        max_age=_CAP_SECONDS,
    )


@api.get("/advisories/{advisory_id:uuid}/versions/{version:int}.cap", response_class=Response)
def earlier_cap_message(advisory_id: uuid.UUID, version: int, request: Request) -> Response:
    """One announcement of an advisory as CAP 1.2, as it was sent; its identifier ends in the
    version."""
    with database.transaction() as session:
        body = cap.message(session, advisory_id, version)
        told = next(one for one in versions(session, advisory_id) if one.version == version)
    return conditional(
        request,
        body,
        changed_at=told.at,
        media_type=cap.MEDIA_TYPE,
        max_age=_CAP_SECONDS,
    )


@api.get("/advisories/{advisory_id:uuid}")
def get_advisory(advisory_id: uuid.UUID, request: Request) -> AdvisoryKept | AdvisoryOut:
    """A published or withdrawn advisory; for staff also a draft, and what waits for approval."""
    # A browser's ageing session must not turn a public call into a refusal, so only a key counts.
    caller = authenticate(request) if "authorization" in request.headers else None
    if caller is not None and caller.may("advisories.view"):
        return reading.get_for_staff(advisory_id, caller).advisory
    return reading.get_public(advisory_id)


@api.get("/advisories/{advisory_id:uuid}/versions")
def list_versions(advisory_id: uuid.UUID) -> PageOut[VersionOut]:
    """What the public was told of an advisory, the latest first."""
    with database.transaction() as session:
        reading.as_told(session, advisory_id)
        return PageOut(
            items=[step.version for step in steps(session, advisory_id)], next_cursor=None
        )


@api.post("/advisories", status_code=201)
def create_advisory(wanted: AdvisoryIn, principal: Editor, once: OncePerKey) -> AdvisoryKept:
    """Write a draft."""
    return service.create(principal, wanted, once)


@api.patch("/advisories/{advisory_id:uuid}")
def edit_advisory(advisory_id: uuid.UUID, patch: AdvisoryPatch, principal: Editor) -> AdvisoryKept:
    """Change some fields; a public advisory is told of again, at its higher version.

    A change that raises a public advisory to orange or red is kept as ``waiting`` until a second
    person publishes it; what is public stays as it is.
    """
    return service.edit(principal, advisory_id, patch)


@api.post("/advisories/{advisory_id:uuid}/submit")
def submit_advisory(advisory_id: uuid.UUID, principal: Editor) -> AdvisoryKept:
    """Have it wait for a second person."""
    return approval.submit(principal, advisory_id)


@api.post("/advisories/{advisory_id:uuid}/publish")
def publish_advisory(
    advisory_id: uuid.UUID, principal: Editor, wanted: PublishIn | None = None
) -> AdvisoryKept:
    """Make public what is written or waits, and tell the other services.

    At orange and red by somebody else than who wrote it: the author is answered 409
    ``second-person-needed``, and it waits. With ``version``, nothing but that version is published.
    """
    return service.publish(principal, advisory_id, wanted.version if wanted else None)


@api.post("/advisories/{advisory_id:uuid}/return")
def return_advisory(advisory_id: uuid.UUID, wanted: ReturnIn, principal: Editor) -> AdvisoryKept:
    """Give what waits back to its author, with a sentence."""
    return approval.give_back(principal, advisory_id, wanted.note)


@api.post("/advisories/{advisory_id:uuid}/discard")
def discard_change(advisory_id: uuid.UUID, principal: Editor) -> AdvisoryKept:
    """Drop the change of a public advisory that waits; what is public stays."""
    return approval.discard(principal, advisory_id)


@api.post("/advisories/{advisory_id:uuid}/withdraw")
def withdraw_advisory(
    advisory_id: uuid.UUID, wanted: WithdrawIn, principal: Editor
) -> AdvisoryKept:
    """Take it back and tell the other services."""
    return service.withdraw(principal, advisory_id, wanted.reason)
