"""What registration says when staff write to the people of an activity."""

from __future__ import annotations

import uuid
from typing import ClassVar, Literal

from pydantic import BaseModel

from services.chassis.events import Event
from services.registration.activities.events import ActivityState


class WordsState(BaseModel):
    """The texts of one language: ``body`` is Markdown, ``sms`` comes without its signature."""

    subject: str
    body: str
    sms: str


class ActivityMessaged(Event):
    """Staff wrote to some of the registered, by these channels.

    ``message`` has their words by language; a reader whose language is missing gets the other one.
    """

    type: ClassVar[str] = "activity.messaged.v1"
    subject_kind: ClassVar[str] = "message"

    activity: ActivityState
    registration_ids: list[uuid.UUID]
    channels: list[Literal["email", "sms"]]
    message: dict[str, WordsState]


PUBLISHES: tuple[type[Event], ...] = (ActivityMessaged,)
