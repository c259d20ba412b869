"""Words for what came back, and for what it did."""

from __future__ import annotations

from services.chassis.i18n import Lazy, lazy

KIND_NAMES: dict[str, Lazy] = {
    "hard": lazy("Dead address"),
    "soft": lazy("Mailbox full or busy"),
    "refused": lazy("Refused for another reason"),
    "underway": lazy("Still under way"),
    "delivered": lazy("Arrived"),
    "complaint": lazy("Complaint"),
    "auto-reply": lazy("Automatic answer"),
    "unclear": lazy("Not understood"),
}

KIND_TONES = {
    "hard": "bad",
    "soft": "wait",
    "refused": "bad",
    "underway": "neutral",
    "delivered": "good",
    "complaint": "bad",
    "auto-reply": "neutral",
    "unclear": "neutral",
}

EFFECT_NAMES: dict[str, Lazy] = {
    "suppressed": lazy("Nothing is sent to this address any more."),
    "failed": lazy("The message counts as failed."),
    "delivered": lazy("The message counts as arrived."),
    "unsubscribed": lazy("Broadcasts to this address were stopped."),
    "none": lazy("It changed nothing."),
}

PROOF_NAMES: dict[str, Lazy] = {
    "return-path": lazy("It came to the return address of this very message."),
    "message-id": lazy("It names the id of this very message."),
    "recipient": lazy(
        "It only names an address that we wrote to. Anybody can write that, so it changed nothing."
    ),
}

DOOR_NAMES: dict[str, Lazy] = {
    "mail": lazy("by mail"),
    "imap": lazy("from the mailbox"),
    "webhook": lazy("by webhook"),
}
