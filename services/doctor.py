"""``lingbao doctor``: looks at every part as a program would, and says what to do."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import redis
import sqlalchemy as sa
from rich.console import Console
from rich.markup import escape

from services import house
from services.chassis.settings import SettingsError, settings
from services.chassis.tables import OutboxRow

_UNWELL = (SettingsError, sa.exc.SQLAlchemyError, redis.RedisError, OSError, ValueError)


def examine(console: Console) -> bool:
    """Print a line for each part; return whether all of them are well."""
    checks: list[tuple[str, Callable[[], str]]] = [
        (f"database of {name}", partial(_database, name)) for name in house.SERVICES
    ]
    checks += [("queue", _queue), ("mail relay", _mail)]
    well = True
    for title, check in checks:
        try:
            console.print(f"[green]well[/]    {title}: {check()}", highlight=False)
        except _UNWELL as error:
            well = False
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            console.print(f"[red]unwell[/]  {title}: {escape(reason)}", highlight=False)
    return well


def _database(service: str) -> str:
    with house.database(service).transaction() as session:
        waiting, oldest = session.execute(
            sa.select(sa.func.count(), sa.func.min(OutboxRow.created_at)).where(
                OutboxRow.unconfirmed != []
            )
        ).one()
    return f"answers; {waiting} events wait" + (f" since {oldest:%Y-%m-%d %H:%M}" if oldest else "")


def _queue() -> str:
    url = settings().redis_url
    if url is None:
        raise ValueError("no queue is configured; set LINGBAO_REDIS_URL or start `lingbao up`")
    with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
        policy = client.config_get("maxmemory-policy")["maxmemory-policy"]
        kept = client.config_get("appendonly")["appendonly"]
    if policy != "noeviction":
        raise ValueError(f"maxmemory-policy is {policy}; set it to noeviction, or tasks are lost")
    return f"answers; append-only file {kept}, {policy}"


def _mail() -> str:
    url = settings().smtp_url
    if url is None:
        raise ValueError("no mail relay is configured; set LINGBAO_SMTP_URL or start `lingbao up`")
    parts = urlsplit(url)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    with kind(parts.hostname or "", parts.port or 25, timeout=5) as client:
        code, _ = client.noop()
    return f"{parts.hostname}:{parts.port or 25} answers {code}"
