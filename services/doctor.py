"""``lingbao doctor``: looks at every part as a program would, and says what to do."""

from __future__ import annotations

import io
import smtplib
from collections.abc import Callable
from functools import partial

import redis
import sqlalchemy as sa
from rich.console import Console
from rich.markup import escape

from services import house
from services.chassis.database import new_id
from services.chassis.problems import Problem
from services.chassis.relays import mail_relays
from services.chassis.settings import SettingsError, settings
from services.chassis.tables import OutboxRow
from services.content.files.store import store
from services.notifications.messages.dkim import signer

_UNWELL = (SettingsError, sa.exc.SQLAlchemyError, redis.RedisError, OSError, ValueError)


def examine(console: Console) -> bool:
    """Print a line for each part; return whether all of them are well."""
    checks: list[tuple[str, Callable[[], str]]] = [
        (f"database of {name}", partial(_database, name)) for name in house.SERVICES
    ]
    checks += [("queue", _queue), ("mail relay", _mail), ("mail signature", _signature)]
    checks += [("files", _files)]
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


def _signature() -> str:
    """Whether mails are signed, and the record that lets a receiver check it (RFC 6376 §3.6.1)."""
    signing = signer()
    if signing is None:
        return "off; set LINGBAO_DKIM_KEY, or large receivers may take our mails for spam"
    name, text = signing.dns_record
    # A string of a TXT record holds 255 octets; a receiver joins several.
    strings = " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
    return f"on; the DNS needs {name} TXT {strings}"


def _mail() -> str:
    url = settings().smtp_url
    if url is None:
        raise ValueError("no mail relay is configured; set LINGBAO_SMTP_URL or start `lingbao up`")
    said = []
    for relay in mail_relays(url):
        kind = smtplib.SMTP_SSL if relay.use_tls else smtplib.SMTP
        with kind(relay.hostname, relay.port, timeout=5) as client:
            code, _ = client.noop()
        said.append(f"{relay.hostname}:{relay.port} answers {code}")
    return ", ".join(said)


def _files() -> str:
    key, text = f"doctor/{new_id().hex}", b"well"
    try:
        place = store()
        place.put(key, io.BytesIO(text))
        read = b"".join(place.open(key))
        place.delete(key)
    except Problem as problem:
        raise ValueError(f"cannot be kept: {problem.__cause__}") from problem
    if read != text:
        raise ValueError("what was kept came back as something else")
    return "can be kept, read and deleted"
