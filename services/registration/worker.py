"""The worker: handles what registration hears, relays what it says, and keeps time."""

from __future__ import annotations

from services.chassis.worker import Tick, Worker
from services.registration.activities import service as activities
from services.registration.database import database
from services.registration.events import HANDLERS

worker = Worker(
    "registration",
    database,
    HANDLERS,
    ticks=(Tick("registration.complete_activities", 60, "registration"),),
)


@worker.task("complete_activities")
def complete_activities() -> None:
    """Mark activities whose end has passed as completed."""
    activities.complete_past()
