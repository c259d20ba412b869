"""What this service reads of messages to the people of an activity."""

from __future__ import annotations

import uuid

from services.chassis.events.envelope import Payload
from services.notifications.broadcasts.schemas import Channel, Message
from services.notifications.reminders.schemas import ActivityState


class MessageTold(Payload):
    """Staff wrote to registrations of an activity, by these channels, in one or two languages."""

    subject_id: uuid.UUID
    activity: ActivityState
    registration_ids: list[uuid.UUID]
    channels: list[Channel]
    message: Message
