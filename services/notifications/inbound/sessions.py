"""The connections over which providers tell us things by themselves."""

from __future__ import annotations

from services.notifications.senders.background import background
from services.notifications.senders.configured import senders
from services.notifications.senders.sms.failover import Providers


def listen() -> None:
    """Have this process connected, also when nothing is sent for a long time.

    Every worker that sends has a session; this one is there always, so what waits at the provider
    comes within seconds. Which session it comes over makes no difference.
    """
    ways = senders().sms
    if isinstance(ways, Providers):
        background().run(ways.listen())
