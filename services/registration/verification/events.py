"""What registration says when a contact is to be verified."""

from __future__ import annotations

from typing import ClassVar, Literal

from services.chassis.events import Event
from services.chassis.events.envelope import SealedText
from services.registration.registrations.events import OfRegistration

Channel = Literal["email", "sms"]


class RegistrationUnverified(OfRegistration):
    """A registration waits for its contact to be verified until ``hold_expires_at``.

    ``code``: six digits to type. ``verify_url``: the address of a page with one button that does
    the same. Only what is sent by ``channel`` may carry them.
    """

    type: ClassVar[str] = "registration.unverified.v1"

    code: SealedText
    verify_url: SealedText
    channel: Channel


PUBLISHES: tuple[type[Event], ...] = (RegistrationUnverified,)
