"""What this service says to the others, and what it does about what they say."""

from __future__ import annotations

from services.chassis.events import Event, Subscription
from services.chassis.events.inbox import Handlers
from services.content.activities_seen.service import ActivityNews, remember
from services.content.advisories.events import AdvisoryPublished, AdvisoryWithdrawn
from services.content.bookings_seen.service import HANDLERS as BOOKINGS
from services.content.materials.events import MaterialPublished, MaterialWithdrawn
from services.content.orders.events import PUBLISHED as ORDERS
from services.content.packs.events import PackChanged, PackPublished, PackWithdrawn
from services.content.questions.events import PUBLISHED as QUESTIONS
from services.content.quizzes.events import QuizPublished, QuizWithdrawn
from services.content.results.events import QuizResults

PUBLISHES: tuple[type[Event], ...] = (
    AdvisoryPublished,
    AdvisoryWithdrawn,
    MaterialPublished,
    MaterialWithdrawn,
    PackChanged,
    PackPublished,
    PackWithdrawn,
    QuizPublished,
    QuizResults,
    QuizWithdrawn,
    *ORDERS,
    *QUESTIONS,
)

HANDLERS: Handlers = {
    "activity.published.v1": Subscription(ActivityNews, remember),
    "activity.changed.v1": Subscription(ActivityNews, remember),
    "activity.cancelled.v1": Subscription(ActivityNews, remember),
    **BOOKINGS,
}
