"""The Celery worker of a service: consumes events, confirms, relays, and runs its own tasks."""

from __future__ import annotations

import functools
import os
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import celery.signals
import redis
import structlog
from celery import Celery
from celery.exceptions import OperationalError

from services.chassis import telemetry
from services.chassis.auth import CREDENTIAL_HANDLERS
from services.chassis.database import Database
from services.chassis.events.envelope import Envelope
from services.chassis.events.inbox import Handlers, consume
from services.chassis.events.outbox import confirm, forget_confirmed
from services.chassis.events.relay import Relay
from services.chassis.i18n import words_of
from services.chassis.idempotency import forget_old_keys
from services.chassis.settings import SettingsError, settings

log = structlog.get_logger(__name__)


class QueueAway(Exception):
    """The queue cannot be reached. What was to be sent is a row somewhere, and is found again."""


@dataclass(frozen=True)
class Tick:
    """A task that beat starts again and again."""

    task: str
    every: float  # seconds
    queue: str


@functools.cache
def queue() -> Celery:
    """The way to the queue, for whoever only sends: tasks are named, never imported.

    Raises:
        SettingsError: no Redis-protocol server is configured or embedded.
    """
    app = _celery("lingbao")
    app.conf.broker_url = _queue_url()
    return app


def _queue_url() -> str:
    url = settings().redis_url
    if url is None:
        raise SettingsError(
            "No queue is configured. Start everything with `make run`, or set LINGBAO_REDIS_URL "
            "to a Redis server."
        )
    return url


def _celery(name: str) -> Celery:
    """A Celery application that does not know yet where its queue is."""
    app = Celery(name, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        # A task is taken off the queue when it is done, so a killed worker loses none.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=4,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=2,
        broker_transport_options={
            "visibility_timeout": 3600,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "retry_on_timeout": False,
        },
        timezone="UTC",
    )
    return app


def send(task: str, *args: Any, queue_name: str) -> None:  # noqa: ANN401 - JSON values
    """Put a task on a queue, without waiting for a queue that is away.

    Raises:
        QueueAway: the queue cannot be reached.
    """
    try:
        queue().send_task(task, args=args, queue=queue_name, retry=False, ignore_result=True)
    except (OperationalError, redis.RedisError, OSError) as error:
        raise QueueAway(repr(error)) from error


def send_event(subscriber: str, envelope: dict[str, Any]) -> None:
    """Put an event on a subscriber's queue: what the relay does."""
    send(f"{subscriber}.consume", envelope, queue_name=subscriber)


class Worker:
    """A service's worker: its Celery application, with the event machinery in place.

    Args:
        service: the service's name, and the name of its queue.
        database: its database.
        handlers: event type to what it does about it.
        lanes: names of further queues of this service, each served by a process of its own.
        ticks: tasks that beat starts.
    """

    def __init__(
        self,
        service: str,
        database: Database,
        handlers: Handlers,
        lanes: tuple[str, ...] = (),
        ticks: tuple[Tick, ...] = (),
    ) -> None:
        self.service = service
        self.database = database
        self.handlers: Handlers = {**CREDENTIAL_HANDLERS, **handlers}
        self.lanes = lanes
        self.ticks = (*ticks, Tick(f"{service}.tidy", 3600, service))
        self.celery = _celery(service)
        self.celery.conf.task_default_queue = service
        self.task("consume")(self._consume)
        self.task("confirm")(self._confirm)
        self.task("tidy")(self._tidy)

    def task(self, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a function as the task ``{service}.{name}``."""

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(function)
            def speaking(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passed on
                with words_of(self.service):
                    return function(*args, **kwargs)

            self.celery.task(name=f"{self.service}.{name}")(speaking)
            return function

        return register

    def _consume(self, message: dict[str, Any]) -> None:
        envelope = Envelope.model_validate(message)
        with telemetry.bound(request_id=envelope.requestid, event=str(envelope.id)):
            handled = consume(self.database, self.handlers, envelope)
            log.info("event.handled" if handled else "event.left", type=envelope.type)
        send(
            f"{envelope.publisher}.confirm",
            str(envelope.id),
            self.service,
            queue_name=envelope.publisher,
        )

    def _confirm(self, event_id: str, subscriber: str) -> None:
        with self.database.transaction() as session:
            confirm(session, uuid.UUID(event_id), subscriber)

    def _tidy(self) -> None:
        with self.database.transaction() as session:
            forget_confirmed(session)
            forget_old_keys(session)

    def run(self, lane: str | None, concurrency: int) -> None:
        """Work until told to stop. Without a lane it also runs the service's relay."""
        telemetry.set_up_logging(f"worker-{lane or self.service}")
        self.celery.conf.broker_url = _queue_url()
        relay = Relay(self.database, send_event, _say_ready)

        def ready(**_: object) -> None:
            if lane is None:
                relay.start()
            else:
                _Heartbeat().start()
            _say_ready()

        def stopping(**_: object) -> None:
            if relay.is_alive():
                relay.stop()

        celery.signals.worker_ready.connect(ready, weak=False)
        celery.signals.worker_shutting_down.connect(stopping, weak=False)
        queues = [f"{self.service}.{lane}"] if lane else [self.service]
        self.celery.worker_main(
            [
                "worker",
                "--pool=threads",
                f"--concurrency={concurrency}",
                f"--queues={','.join(queues)}",
                f"--hostname={lane or 'main'}@{self.service}",
                "--loglevel=INFO",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ]
        )


class _Heartbeat(threading.Thread):
    """Says every second that a worker without a relay lives."""

    def __init__(self) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._never = threading.Event()

    def run(self) -> None:
        while not self._never.wait(1):
            _say_ready()


def _say_ready() -> None:
    """Touch the file that health checks look at, when ``LINGBAO_READY_FILE`` names one."""
    if name := os.environ.get("LINGBAO_READY_FILE"):
        Path(name).touch()


def run_beat(ticks: list[Tick]) -> None:
    """Put every tick's task on its queue at its times, until told to stop.

    A tick that nobody has taken by the next one is dropped, so none pile up.
    """
    telemetry.set_up_logging("beat")
    app = _celery("beat")
    app.conf.broker_url = _queue_url()
    app.conf.beat_schedule = {
        tick.task: {
            "task": tick.task,
            "schedule": tick.every,
            "options": {"queue": tick.queue, "expires": tick.every},
        }
        for tick in ticks
    }
    app.conf.beat_max_loop_interval = 5
    celery.signals.beat_init.connect(lambda **_: _say_ready(), weak=False)
    app.Beat(scheduler="celery.beat:Scheduler", loglevel="INFO").run()
