"""The worker: handles what notifications hears, keeps its times, and sends.

Three lanes, so that an emergency never stands behind a newsletter: the first worker handles events
and transactional messages; ``urgent`` and ``bulk`` have a process each.
"""

from __future__ import annotations

from typing import Any

import celery.signals

from services.chassis.database import utc_now
from services.chassis.worker import Tick, Worker
from services.notifications.answers import erasing as answers
from services.notifications.broadcasts import freezing
from services.notifications.broadcasts.sending import look_after
from services.notifications.database import database
from services.notifications.delivery import lanes, unknown
from services.notifications.digests.service import gather
from services.notifications.events import HANDLERS
from services.notifications.imports import jobs as lists
from services.notifications.imports.retention import forget_old
from services.notifications.inbound import asking, sessions
from services.notifications.inbound import messages as inbound
from services.notifications.preferences.linking import forget_strangers
from services.notifications.reminders.schedule import plan_due
from services.notifications.returns import handling as returns
from services.notifications.returns import mailbox
from services.notifications.senders import brake
from services.notifications.senders.configured import close_senders
from services.notifications.subscribing.service import forget_unconfirmed as forget_subscriptions
from services.notifications.trips import packs, retention
from services.notifications.webhooks import calling

QUEUE = "notifications"

worker = Worker(
    "notifications",
    database,
    HANDLERS,
    lanes=("urgent", "bulk"),
    ticks=(
        Tick("notifications.due_reminders", 5, QUEUE),
        Tick("notifications.forget_lists", 600, QUEUE),
        # Where bulk messages are written: that takes processor time too, and waits for nobody.
        Tick("notifications.work_on_lists", 5, f"{QUEUE}.bulk"),
        # Each where its broadcasts are sent: an emergency does not wait for a newsletter's list.
        Tick("notifications.freeze_broadcasts", 5, f"{QUEUE}.bulk"),
        Tick("notifications.freeze_emergencies", 5, f"{QUEUE}.urgent"),
        Tick("notifications.due_packs", 60, QUEUE),
        Tick("notifications.forget_unconfirmed", 600, QUEUE),
        Tick("notifications.forget_trips", 3600, QUEUE),
        Tick("notifications.sweep", 5, QUEUE),
        Tick("notifications.handle_returns", 10, QUEUE),
        Tick("notifications.fetch_returns", 60, QUEUE),
        Tick("notifications.call_webhooks", 5, QUEUE),
        Tick("notifications.forget_returns", 3600, QUEUE),
        Tick("notifications.look_after_broadcasts", 5, QUEUE),
        Tick("notifications.forget_answers", 3600, QUEUE),
        Tick("notifications.look_after_senders", 5, QUEUE),
        Tick("notifications.resolve_unknown", 5, QUEUE),
        Tick("notifications.gather_digests", 60, QUEUE),
        Tick("notifications.listen_to_providers", 30, QUEUE),
        Tick("notifications.ask_for_receipts", 30, QUEUE),
        Tick("notifications.forget_inbound", 3600, QUEUE),
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


@worker.task("forget_lists")
def forget_lists() -> None:
    """Delete the rows of lists that were handed in more than a day ago."""
    forget_old(utc_now())


@worker.task("work_on_lists")
def work_on_lists() -> None:
    """Read long lists, take them in and take them out."""
    lists.work()


@worker.task("freeze_broadcasts")
def freeze_broadcasts() -> None:
    """Draw up whom approved broadcasts reach, and start those that waited for it."""
    if freezing.work("bulk"):
        look_after(utc_now())


@worker.task("freeze_emergencies")
def freeze_emergencies() -> None:
    """The same for emergencies."""
    if freezing.work("urgent"):
        look_after(utc_now())


@worker.task("due_packs")
def due_packs() -> None:
    """Send what is to be read before a trip."""
    packs.plan_due(utc_now())


@worker.task("forget_unconfirmed")
def forget_unconfirmed() -> None:
    """Forget addresses that somebody typed and that nobody confirmed."""
    forget_subscriptions(utc_now())
    forget_strangers(utc_now())


@worker.task("forget_trips")
def forget_trips() -> None:
    """Erase trips that have been over for a while."""
    retention.erase_past(utc_now())


@worker.task("sweep")
def sweep() -> None:
    """Take back what dead workers held, close what is too late, wake workers that were missed."""
    lanes.sweep(utc_now())


@worker.task("look_after_broadcasts")
def look_after_broadcasts() -> None:
    """Start scheduled broadcasts, and close those that are done."""
    look_after(utc_now())


@worker.task("forget_answers")
def forget_answers() -> None:
    """Erase what people wrote with their answers, when the retention time is over."""
    answers.forget_old(utc_now())


@worker.task("look_after_senders")
def look_after_senders() -> None:
    """Count what came back to each sender, and set its brake."""
    brake.look_after_senders(utc_now())


@worker.task("resolve_unknown")
def resolve_unknown() -> None:
    """Send emergencies once more to which no answer came."""
    unknown.resolve(utc_now())


@worker.task("gather_digests")
def gather_digests() -> None:
    """Put what waits for a daily or weekly digest into one mail for each address, at its hour."""
    gather(utc_now())


@worker.task("listen_to_providers")
def listen_to_providers() -> None:
    """Keep one session with each SMS provider whose receipts and messages come over it."""
    sessions.listen()


@worker.task("ask_for_receipts")
def ask_for_receipts() -> None:
    """Ask SMS providers how messages ended of which they have told nothing."""
    asking.ask_for_receipts(utc_now())


@worker.task("forget_inbound")
def forget_inbound() -> None:
    """Erase messages from telephones after 30 days."""
    inbound.forget_old(utc_now())


@worker.task("handle_returns")
def handle_returns() -> None:
    """Read what came back and act on it."""
    returns.handle_waiting()


@worker.task("fetch_returns")
def fetch_returns() -> None:
    """Take in what lies in the mailbox for returned messages, where one is set."""
    mailbox.fetch()


@worker.task("call_webhooks")
def call_webhooks() -> None:
    """Make the calls to other systems that are due."""
    calling.make_calls()


@worker.task("forget_returns")
def forget_returns() -> None:
    """Erase returned messages and finished calls that were kept for long enough."""
    returns.forget_old(utc_now())
    calling.forget_old(utc_now())


def _stop(**_: Any) -> None:  # noqa: ANN401 - Celery's signature
    """Let every lane end after the batch in hand, so that a worker leaves nothing half done."""
    lanes.stopping.set()


def _stopped(**_: Any) -> None:  # noqa: ANN401 - Celery's signature
    """Say goodbye to servers, once nothing is being sent any more."""
    close_senders()


celery.signals.worker_shutting_down.connect(_stop, weak=False)
celery.signals.worker_shutdown.connect(_stopped, weak=False)
