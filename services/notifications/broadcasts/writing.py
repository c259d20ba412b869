"""Writing a broadcast and having it approved: each act is one function and one transaction.

create → edit … → submit → approve; any edit before it goes out makes it a draft again.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import Problem
from services.notifications.broadcasts import audience as audiences
from services.notifications.broadcasts import freezing
from services.notifications.broadcasts.checking import checked
from services.notifications.broadcasts.models import Broadcast, Status
from services.notifications.broadcasts.reading import shown, stored
from services.notifications.broadcasts.schemas import BroadcastChange, BroadcastIn, BroadcastOut
from services.notifications.database import database
from services.notifications.rules.quiet import must_not_wait_too_long

# What an approver answers for. A change in any of these needs a new approval.
_CONTENT = (
    "title",
    "urgency",
    "channels",
    "audience",
    "message",
    "send_at",
    "expires_at",
    "timezone",
    "drill",
    "asks",
    "stop_after",
)


def create(principal: Principal, wanted: BroadcastIn, once: Once = NOT_REPEATED) -> BroadcastOut:
    """Start a broadcast as a draft of the author's office.

    Raises:
        Invalid: a text is missing, or a time cannot be taken.
        Problem: 403 when a district's staff address another district.
    """
    now = utc_now()
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return BroadcastOut.model_validate(first)
        whole = checked(session, wanted, principal.district, now)
        broadcast = new_draft(
            whole,
            district=principal.district,
            author_kind=principal.kind,
            author_id=principal.id,
            author_name=principal.name,
        )
        session.add(broadcast)
        session.flush()
        _note(session, principal, "created", broadcast)
        answer = shown(session, broadcast)
        once.keep(session, answer.model_dump(mode="json"))
    return answer


def new_draft(
    whole: BroadcastIn,
    *,
    district: str | None,
    author_kind: str,
    author_id: uuid.UUID,
    author_name: str,
    origin: str | None = None,
) -> Broadcast:
    """A draft with a content that has been checked; see :class:`Broadcast` for the rest."""
    return Broadcast(
        **_columns(whole),
        template_version_id=whole.template_version_id,
        district=district,
        writers=[str(author_id)],
        author_kind=author_kind,
        author_id=author_id,
        author_name=author_name,
        content_hash=content_hash(whole),
        origin=origin,
    )


def edit(
    principal: Principal, broadcast_id: uuid.UUID, change: BroadcastChange | BroadcastIn
) -> BroadcastOut:
    """Change the content. What was submitted, approved or scheduled is a draft again afterwards.

    Raises:
        Invalid: as :func:`create`.
        NotFound, Problem: there is none, it is another district's, it has begun to go out (409
            ``broadcast-state``), or somebody changed it since it was read (409
            ``broadcast-changed``).
    """
    now = utc_now()
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal, lock=True)
        _must_be_version(broadcast, getattr(change, "version", None))
        before = content(broadcast)
        if isinstance(change, BroadcastIn):
            wanted = BroadcastIn.model_validate(change.model_dump(exclude={"version"}))
        else:
            wanted = _changed(before, change)
        if not broadcast.editable:
            broadcast.become(Status.DRAFT)  # refuses, and says where it stands
        whole = checked(session, wanted, broadcast.district, now, before)
        if content_hash(whole) != broadcast.content_hash:
            _rewrite(session, principal, broadcast, whole)
        return shown(session, broadcast)


def _rewrite(
    session: Session, principal: Principal, broadcast: Broadcast, wanted: BroadcastIn
) -> None:
    """Store another content, and take back whatever was agreed about the former one."""
    if broadcast.status == Status.DRAFT:
        broadcast.version += 1
    else:
        broadcast.become(Status.DRAFT)
        freezing.take_back(broadcast)
        audiences.unfreeze(session, broadcast)
        for part in ("by_id", "by_name", "at"):
            setattr(broadcast, f"submitted_{part}", None)
        broadcast.approval_lapsed = None
    for name, value in _columns(wanted).items():
        setattr(broadcast, name, value)
    broadcast.content_hash = content_hash(wanted)
    # A fresh list: the column is compared by value only when it is set anew.
    broadcast.writers = list(dict.fromkeys([*broadcast.writers, str(principal.id)]))
    _note(session, principal, "edited", broadcast)


def submit(principal: Principal, broadcast_id: uuid.UUID) -> BroadcastOut:
    """Ask for approval.

    Raises:
        NotFound, Problem: as :func:`edit`; 409 ``broadcast-expired``, ``broadcast-reaches-nobody``.
    """
    now = utc_now()
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal, lock=True)
        broadcast.become(Status.SUBMITTED)
        must_be_in_time(broadcast, now)
        if audiences.count(session, audiences.Rules.of(broadcast)).total == 0:
            raise freezing.reaches_nobody()
        broadcast.submitted_by_id = principal.id
        broadcast.submitted_by_name = principal.name
        broadcast.submitted_at = now
        _note(session, principal, "submitted", broadcast)
        return shown(session, broadcast)


def approve(
    principal: Principal, broadcast_id: uuid.UUID, seen_hash: str | None = None
) -> BroadcastOut:
    """Approve what somebody else wrote, and freeze whom it reaches: very many after the answer.

    Args:
        seen_hash: the ``content_hash`` of what the approver read, when they say so.

    Raises:
        NotFound, Problem: as :func:`submit`; 403 ``own-broadcast`` for whoever wrote or submitted
            it; 409 ``broadcast-changed`` when it is not what was read.
    """
    now = utc_now()
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal, lock=True)
        if broadcast.written_or_submitted_by(principal):
            raise Problem(
                403,
                "own-broadcast",
                lazy("You had a hand in this broadcast, so somebody else has to approve it."),
                lazy("Please ask a colleague who neither wrote, edited nor submitted it."),
            )
        broadcast.become(Status.APPROVED)
        if seen_hash is not None and seen_hash != broadcast.content_hash:
            raise _changed_meanwhile()
        must_be_in_time(broadcast, now)
        broadcast.approved_hash = broadcast.content_hash
        broadcast.approved_by_id = principal.id
        broadcast.approved_by_name = principal.name
        broadcast.approved_at = now
        freezing.freeze(session, broadcast, now)
        _note(session, principal, "approved", broadcast, broadcast.size)
        return shown(session, broadcast)


def content(broadcast: Broadcast) -> BroadcastIn:
    """The content of a stored broadcast."""
    return BroadcastIn.model_validate({name: getattr(broadcast, name) for name in _CONTENT})


def content_hash(wanted: BroadcastIn) -> str:
    """SHA-256 over the content in one canonical writing."""
    fields = _columns(wanted) | {
        # A moment is the same in every zone it may be written in.
        "send_at": wanted.send_at.timestamp() if wanted.send_at else None,
        "expires_at": wanted.expires_at.timestamp() if wanted.expires_at else None,
    }
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def must_be_in_time(broadcast: Broadcast, now: datetime) -> None:
    """Refuse what would arrive too late: a stale reminder misleads.

    Raises:
        Problem: 409 ``broadcast-expired``, ``broadcast-in-quiet-hours``.
    """
    if broadcast.expires_at is not None and broadcast.expires_at <= now:
        raise Problem(
            409,
            "broadcast-expired",
            lazy("The time after which this must not be sent any more has passed."),
            lazy("If it is still true, please edit it and give it a later time."),
        )
    wanted = max(now, broadcast.send_at or now)
    must_not_wait_too_long(broadcast.urgency, wanted, broadcast.expires_at)


def _changed_meanwhile() -> Problem:
    return Problem(
        409,
        "broadcast-changed",
        lazy("Somebody changed this broadcast after you opened it."),
        lazy("Please read it again as it is now."),
    )


def _must_be_version(broadcast: Broadcast, version: int | None) -> None:
    if version is not None and version != broadcast.version:
        raise _changed_meanwhile()


def _changed(before: BroadcastIn, change: BroadcastChange) -> BroadcastIn:
    given = change.model_dump(exclude={"version"}, include=change.model_fields_set)
    may_be_empty = {"send_at", "expires_at", "stop_after"}
    return BroadcastIn.model_validate(
        before.model_dump()
        | {
            name: value
            for name, value in given.items()
            if value is not None or name in may_be_empty
        }
    )


def _columns(wanted: BroadcastIn) -> dict[str, object]:
    return {
        "title": wanted.title,
        "urgency": wanted.urgency,
        "channels": sorted(set(wanted.channels)),
        "audience": wanted.audience.model_dump(mode="json"),
        "message": wanted.message.model_dump(mode="json"),
        "send_at": wanted.send_at,
        "expires_at": wanted.expires_at,
        "timezone": wanted.timezone,
        "drill": wanted.drill,
        "asks": wanted.asks,
        "stop_after": wanted.stop_after,
    }


def _note(
    session: Session, principal: Principal, act: str, broadcast: Broadcast, detail: str = ""
) -> None:
    audit.record(
        session,
        principal,
        f"broadcast.{act}",
        f"broadcast/{broadcast.id}",
        district=broadcast.district,
        detail=detail,
    )
