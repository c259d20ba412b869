"""Words for answers, in the reader's language."""

from __future__ import annotations

from services.chassis.i18n import Lazy, lazy

ANSWER_NAMES: dict[str, Lazy] = {
    "help": lazy("Needs help"),
    "unclear": lazy("To be read"),
    "partly": lazy("Passed on in part"),
    "safe": lazy("Safe"),
}

ANSWER_TONES = {"help": "bad", "unclear": "wait", "partly": "wait", "safe": "good"}

VIA_NAMES: dict[str, Lazy] = {"link": lazy("by the link"), "sms": lazy("by SMS")}

GROUP_NAMES: dict[str, Lazy] = {
    "help": lazy("Need help"),
    "unclear": lazy("Please read: the answer is not clear"),
    "partly": lazy("Groups that are not all safe yet"),
    "none": lazy("No answer yet"),
    "safe": lazy("Safe"),
    "unreached": lazy("Could not be asked: no message reached them"),
}
