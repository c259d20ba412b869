"""Structured logs, the request id that follows an event into the worker, and metrics.

No personal data is logged: what is logged are ids, types, counts and durations.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from services.chassis.settings import settings

# Links carry tokens in their path; a token is a key, so it is cut out of whatever is logged.
_TOKEN = re.compile(
    r"(/(?:registrations|preferences|bookings|unsubscribe|calendar|verify|feedback|attempts|orders|"
    r"packs|packs/by-link|questions/asked|questions/expert|answer|subscribe|subscribe/code)/)"
    r"[^/\s?]{16,}"
)


def current_request_id() -> str | None:
    """The id of the request, or of the request whose event is being handled."""
    found = structlog.contextvars.get_contextvars().get("request_id")
    return None if found is None else str(found)


@contextmanager
def bound(**values: Any) -> Iterator[None]:  # noqa: ANN401 - log values are of any kind
    """Every log line inside carries ``values``."""
    with structlog.contextvars.bound_contextvars(**values):
        yield


def without_tokens(path: str) -> str:
    """A path fit for a log line."""
    return _TOKEN.sub(r"\1…", path)


def _scrub(
    _logger: Any,  # noqa: ANN401 - structlog's signature
    _name: str,
    entry: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    for key, value in entry.items():
        if isinstance(value, str):
            entry[key] = _TOKEN.sub(r"\1…", value)
    return entry


def set_up_logging(process: str) -> None:
    """Send every log line of this process to standard error, as ``LINGBAO_LOG_FORMAT`` says."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings().log_format == "json"
        # Plain tracebacks: the rich ones print every local variable, personal data included.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _scrub,  # last, so that it sees the lines of a traceback as well
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("celery.app.trace", "celery.worker.strategy", "httpx2", "_granian"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)
