"""From an event to the calls that tell of it: one row for each endpoint that wants it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.crypto import is_sealed
from services.chassis.database import after_commit, new_id, utc_now
from services.chassis.events import Envelope, Payload
from services.chassis.settings import SettingsError
from services.chassis.worker import QueueAway, send
from services.notifications.webhooks.kinds import TEST
from services.notifications.webhooks.models import WebhookCall, WebhookEndpoint

log = structlog.get_logger(__name__)

# What goes to other systems of the envelope; the rest is about our own machinery.
_ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time", "datacontenttype")


class Heard(Payload):
    """Nothing is read by name: the payload goes on as it is."""


def on_event(session: Session, _heard: Heard, envelope: Envelope) -> None:
    """Plan a call for every endpoint that wants events of this type."""
    wanted = session.scalars(
        sa.select(WebhookEndpoint.id).where(
            WebhookEndpoint.is_active, WebhookEndpoint.events.contains([envelope.type])
        )
    ).all()
    body = _body(envelope)
    for endpoint_id in wanted:
        _plan(session, endpoint_id, envelope.id, envelope.type, body)


def plan_test(session: Session, endpoint_id: uuid.UUID) -> None:
    """Plan a call that tells of nothing, so that the other side can see that calls arrive."""
    event = Envelope(
        id=new_id(),
        source="/services/notifications",
        type=TEST,
        subject=f"webhook/{endpoint_id}",
        time=utc_now(),
        sequence=1,
        data={"message": "This is a test call. Nothing has happened."},
    )
    _plan(session, endpoint_id, event.id, TEST, _body(event))


def wake() -> None:
    """Have due calls made at once; what this misses, the tick finds within seconds."""
    try:
        send("notifications.call_webhooks", queue_name="notifications")
    except (QueueAway, SettingsError) as error:
        log.warning("webhooks.not_woken", reason=repr(error)[:200])


def _plan(
    session: Session, endpoint_id: uuid.UUID, event_id: uuid.UUID, kind: str, body: str
) -> None:
    session.execute(
        postgresql.insert(WebhookCall)
        .values(id=new_id(), endpoint_id=endpoint_id, event_id=event_id, event_type=kind, body=body)
        .on_conflict_do_nothing(index_elements=[WebhookCall.endpoint_id, WebhookCall.event_id])
    )
    after_commit(session, wake)


def _body(envelope: Envelope) -> str:
    """The CloudEvent in JSON format, without anything sealed."""
    whole = envelope.model_dump(mode="json")
    told = {name: whole[name] for name in _ATTRIBUTES} | {"sequence": str(envelope.sequence)}
    told["data"] = _without_sealed(whole["data"])
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _without_sealed(value: Any) -> Any:  # noqa: ANN401 - JSON values
    """Personal data is sealed in every payload; should a type of event get some, it stays here."""
    if isinstance(value, dict):
        return {
            key: _without_sealed(item)
            for key, item in value.items()
            if not (isinstance(item, str) and is_sealed(item))
        }
    if isinstance(value, list):
        return [
            _without_sealed(item)
            for item in value
            if not (isinstance(item, str) and is_sealed(item))
        ]
    return value
