"""What this service says to the others, and what it does about what they say."""

from __future__ import annotations

from services.chassis.events import Event, Subscription
from services.chassis.events.inbox import Handlers
from services.content.activities_seen.service import ActivityNews, remember
from services.content.advisories.events import AdvisoryPublished, AdvisoryWithdrawn
from services.content.materials.events import MaterialPublished, MaterialWithdrawn

PUBLISHES: tuple[type[Event], ...] = (
    AdvisoryPublished,
    AdvisoryWithdrawn,
    MaterialPublished,
    MaterialWithdrawn,
)

HANDLERS: Handlers = {
    "activity.published.v1": Subscription(ActivityNews, remember),
    "activity.changed.v1": Subscription(ActivityNews, remember),
    "activity.cancelled.v1": Subscription(ActivityNews, remember),
}
