"""The worker: handles what notifications hears, keeps its times, and sends.

Three lanes, so that an emergency never stands behind a newsletter: the first worker handles events
and transactional messages; ``urgent`` and ``bulk`` have a process each.
"""

from __future__ import annotations

from typing import Any

import celery.signals

from services.chassis.database import utc_now
from services.chassis.worker import Tick, Worker
from services.notifications.broadcasts.sending import look_after
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.events import HANDLERS
from services.notifications.reminders.schedule import plan_due

QUEUE = "notifications"

worker = Worker(
    "notifications",
    database,
    HANDLERS,
    lanes=("urgent", "bulk"),
    ticks=(
        Tick("notifications.due_reminders", 5, QUEUE),
        Tick("notifications.sweep", 5, QUEUE),
        Tick("notifications.look_after_broadcasts", 5, QUEUE),
    ),
)


@worker.task("deliver")
def deliver(lane: str) -> None:
    """Send what is due in a lane: ``urgent``, ``transactional`` or ``bulk``."""
    lanes.run_lane(lane, None if lane == "transactional" else look_after)


@worker.task("due_reminders")
def due_reminders() -> None:
    """Turn reminders whose time has come into messages."""
    plan_due(utc_now())


@worker.task("sweep")
def sweep() -> None:
    """Take back what dead workers held, close what is too late, wake workers that were missed."""
    lanes.sweep(utc_now())


@worker.task("look_after_broadcasts")
def look_after_broadcasts() -> None:
    """Start scheduled broadcasts, and close those that are done."""
    look_after(utc_now())


def _stop(**_: Any) -> None:  # noqa: ANN401 - Celery's signature
    """Let every lane end after the batch in hand, so that a worker leaves nothing half done."""
    lanes.stopping.set()


celery.signals.worker_shutting_down.connect(_stop, weak=False)
