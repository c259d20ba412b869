"""What this service says when somebody changes what they want to receive."""

from __future__ import annotations

import uuid
from typing import ClassVar, Literal

from services.chassis.events import Event

Part = Literal[
    "language",
    "districts",
    "countries",
    "topics",
    "digest",
    "trips",
    "pause",
    "consent",
    "erased",
]


class PreferenceChanged(Event):
    """The holder of an address changed what they want to receive, or left, or came back.

    It carries no personal data: neither the address nor what was chosen. ``subject_id`` is the
    change's own. ``contact_id``: the holder's contact, where there is one. ``receives``: whether
    routine and important broadcasts may go to the address from now on.
    """

    type: ClassVar[str] = "preference.changed.v1"
    subject_kind: ClassVar[str] = "preference"

    contact_id: uuid.UUID | None
    channel: Literal["email", "sms"]
    changed: list[Part]
    receives: bool
