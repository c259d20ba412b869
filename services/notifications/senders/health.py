"""How each sender does, for staff, programs and Prometheus, and what staff can do about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound
from services.chassis.relays import MailRelay
from services.chassis.settings import settings
from services.notifications.database import database
from services.notifications.senders import standing
from services.notifications.senders.models import Brake, SenderMinute, SenderState

# Nothing failed after this time: what went wrong before is over.
RECENT = timedelta(minutes=10)
DAY = timedelta(days=1)

Standing = Literal["well", "failing", "left-alone", "resting", "quiet"]


class Counts(BaseModel):
    """What became of attempts within a time."""

    accepted: int = 0
    deferred: int = Field(default=0, description="Sent away for now; tried again.")
    unreachable: int = Field(default=0, description="The server was away, or held us off.")
    bounced: int = Field(default=0, description="The address was refused at once.")
    refused: int = 0
    unknown: int = Field(default=0, description="Handed over, and no answer came.")
    complained: int = Field(default=0, description="A complaint came back.")


class SenderOut(BaseModel):
    """A mail relay or SMS provider, and how it does."""

    name: str
    channel: Literal["email", "sms"]
    configured: bool = Field(description="Whether the settings still name it.")
    standing: Standing = Field(
        description="`well`; `failing`: it failed lately; `left-alone`: after failures, until "
        "`rested_until`; `resting`: by staff; `quiet`: nothing was sent in a day."
    )
    rested_until: datetime | None
    accepted_at: datetime | None = Field(description="When it last took a message.")
    failed_at: datetime | None
    failure: str | None = Field(description="What it said then, without personal data.")
    minute: Counts
    hour: Counts
    day: Counts
    bounce_rate: float | None = Field(
        description="Bounces and complaints among its last 500 messages; null: fewer than 100."
    )
    brake: Brake = Field(description="`slow`: bulk mail goes slowly; `stop`: broadcasts pause.")
    weight: int | None = None
    connections: int | None = None
    per_second: float | None = None
    left_today: int | None = Field(
        default=None, description="Bulk messages that its warm-up plan still allows today."
    )


def listed(now: datetime | None = None) -> list[SenderOut]:
    """Every sender that the settings name or that has sent something, mail first."""
    now = now or utc_now()
    relays = {relay.name: relay for relay in standing.configured()}
    sms = settings().sms_providers
    with database.transaction() as session:
        states = {state.name: state for state in session.scalars(sa.select(SenderState))}
        spans = {span: _counts(session, now - span) for span in (_MINUTE, _HOUR, DAY)}
        left = standing.left_today(session, list(relays.values()), now)
    known: dict[str, Literal["email", "sms"]] = dict.fromkeys(relays, "email")
    known |= dict.fromkeys(sms, "sms")
    for name, state in states.items():
        # What the settings no longer name is shown for as long as it has figures.
        if name in spans[DAY]:
            known.setdefault(name, "sms" if state.channel == "sms" else "email")
    return [
        _shown(
            name,
            channel,
            states.get(name),
            relay=relays.get(name),
            counts=[spans[span].get(name, Counts()) for span in (_MINUTE, _HOUR, DAY)],
            now=now,
            configured=name in relays or name in sms,
            left=left.get(name),
        )
        for name, channel in known.items()
    ]


_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


def _counts(session: Session, since: datetime) -> dict[str, Counts]:
    names = list(Counts.model_fields)
    found = session.execute(
        sa.select(
            SenderMinute.sender,
            *(sa.func.sum(getattr(SenderMinute, name)).label(name) for name in names),
        )
        # The minute under way, and as many whole ones as the span has.
        .where(SenderMinute.minute >= since.replace(second=0, microsecond=0))
        .group_by(SenderMinute.sender)
    ).mappings()
    return {row["sender"]: Counts(**{name: row[name] for name in names}) for row in found}


def _shown(
    name: str,
    channel: Literal["email", "sms"],
    state: SenderState | None,
    *,
    relay: MailRelay | None,
    counts: list[Counts],
    now: datetime,
    configured: bool,
    left: int | None,
) -> SenderOut:
    state = state or SenderState(name=name, channel=channel, resting=False, brake="off")
    minute, hour, day = counts
    return SenderOut(
        name=name,
        channel=channel,
        configured=configured,
        standing=_standing(state, day, now),
        rested_until=state.rested_until if _later(state.rested_until, now) else None,
        accepted_at=state.accepted_at,
        failed_at=state.failed_at,
        failure=state.failure,
        minute=minute,
        hour=hour,
        day=day,
        bounce_rate=state.bounce_rate,
        brake="stop" if state.brake == "stop" else "slow" if state.brake == "slow" else "off",
        weight=relay.weight if relay else None,
        connections=relay.connections if relay else None,
        per_second=relay.per_second if relay else None,
        left_today=left,
    )


def _later(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now


def _standing(state: SenderState, day: Counts, now: datetime) -> Standing:
    if state.resting:
        return "resting"
    if _later(state.rested_until, now) and not _is_later(state.accepted_at, state.failed_at):
        return "left-alone"
    if _later(state.failed_at, now - RECENT) and not _is_later(state.accepted_at, state.failed_at):
        return "failing"
    return "well" if day.accepted else "quiet"


def _is_later(moment: datetime | None, other: datetime | None) -> bool:
    return moment is not None and (other is None or moment > other)


def rest(principal: Principal, name: str) -> None:
    """Give a sender nothing any more, until it is woken.

    Raises:
        NotFound: no sender has this name.
    """
    _change(principal, name, "rested", resting=True)


def wake(principal: Principal, name: str) -> None:
    """Let a sender send again.

    Raises:
        NotFound: no sender has this name.
    """
    _change(principal, name, "woken", resting=False)


def release_brake(principal: Principal, name: str) -> None:
    """Count bounces anew from now on; paused broadcasts are resumed on their own pages.

    Raises:
        NotFound: no sender has this name.
    """
    _change(
        principal, name, "brake-released", brake="off", bounce_rate=None, counted_since=utc_now()
    )


def _change(
    principal: Principal, name: str, act: str, **values: bool | str | float | datetime | None
) -> None:
    found = next((sender for sender in listed() if sender.name == name), None)
    if found is None:
        raise NotFound(lazy("There is no such sender."))
    with database.transaction() as session:
        state = session.get(SenderState, name, with_for_update=True)
        if state is None:
            state = SenderState(name=name, channel=found.channel)
            session.add(state)
        for column, value in values.items():
            setattr(state, column, value)
        audit.record(session, principal, f"sender.{act}", f"sender/{name}", district=None)
    standing.forget()
