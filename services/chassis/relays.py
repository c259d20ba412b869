"""Mail relays as ``LINGBAO_SMTP_URL`` names them, and limits for each recipients' domain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

CONNECTIONS: Final = 10
# Many relays close a connection after some hundred messages; closing it ourselves loses nothing.
PER_CONNECTION: Final = 100

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_STARTTLS: Final = {"required": True, "auto": None, "never": False}
_KNOWN: Final = frozenset(
    {"starttls", "name", "weight", "connections", "per_second", "per_connection", "warm_up"}
)
_DOMAIN_LIMIT: Final = re.compile(
    r"(?P<domain>\*|[a-z0-9-]+(?:\.[a-z0-9-]+)+)=(?P<rate>[0-9]*\.?[0-9]*)(?:/(?P<most>[0-9]{1,3}))?"
)


@dataclass(frozen=True)
class MailRelay:
    """A server that takes our mail.

    Attributes:
        name: its name on staff's pages and in figures; the host's, unless one is given.
        use_tls: TLS from the start (``smtps://``).
        start_tls: ``True`` insists on it, ``False`` never, ``None`` takes it where it is offered.
            The server's certificate is always checked.
        weight: its part of the messages, beside the weights of the others; 0: only when no other
            one can be reached.
        connections: how many each worker process may have open at once.
        per_second: the most messages a second of all workers together; ``None``: no limit.
        per_connection: how many messages go over one connection.
        warm_up: the first day of its plan for getting known slowly; ``None``: known already.
    """

    name: str
    hostname: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None
    weight: int = 1
    connections: int = CONNECTIONS
    per_second: float | None = None
    per_connection: int = PER_CONNECTION
    warm_up: date | None = None

    @classmethod
    def from_url(cls, url: str) -> MailRelay:
        """Read one URL.

        Raises:
            ValueError: it is not right; the text says what.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("it must look like smtp://user:password@host:587")
        given = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if unknown := given.keys() - _KNOWN:
            raise ValueError(
                f"{', '.join(sorted(unknown))} is not known; there are {', '.join(sorted(_KNOWN))}"
            )
        starttls = given.get("starttls", "auto")
        if starttls not in _STARTTLS:
            raise ValueError("starttls must be required, auto or never")
        name = given.get("name", parts.hostname)
        if not _NAME.fullmatch(name):
            raise ValueError("name must be up to 40 letters, digits, dots and hyphens")
        use_tls = parts.scheme == "smtps"
        start_tls = False if use_tls else _STARTTLS[starttls]
        return cls(
            name=name,
            hostname=parts.hostname,
            port=parts.port or (465 if use_tls else 587 if start_tls else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=use_tls,
            start_tls=start_tls,
            weight=_whole(given, "weight", 1, least=0, most=100),
            connections=_whole(given, "connections", CONNECTIONS, least=1, most=200),
            per_second=_rate(given["per_second"]) if "per_second" in given else None,
            per_connection=_whole(given, "per_connection", PER_CONNECTION, least=1, most=100_000),
            warm_up=_day(given["warm_up"]) if "warm_up" in given else None,
        )


def mail_relays(text: str) -> list[MailRelay]:
    """The relays of ``LINGBAO_SMTP_URL``: URLs separated by spaces.

    Raises:
        ValueError: one is not right, or two have the same name; the text says which.
    """
    found = [MailRelay.from_url(url) for url in text.split()]
    if not found:
        raise ValueError("it must look like smtp://user:password@host:587")
    names = [relay.name for relay in found]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two relays are called {name}; give each its own with name=")
    if not any(relay.weight for relay in found):
        raise ValueError("one relay at least needs a weight above 0")
    return found


@dataclass(frozen=True)
class DomainLimit:
    """What a recipients' domain takes; ``None``: no limit.

    Attributes:
        per_second: messages a second, of all workers together.
        connections: how many each worker process hands over to it at once.
    """

    per_second: float | None
    connections: int | None


def domain_limits(text: str) -> Mapping[str, DomainLimit]:
    """``qq.com=20/4 *=50``: domain, messages a second, and connections after a slash.

    Raises:
        ValueError: one is not right; the text says which.
    """
    found: dict[str, DomainLimit] = {}
    for part in text.split():
        match = _DOMAIN_LIMIT.fullmatch(part.lower())
        if match is None or not (match["rate"] or match["most"]):
            raise ValueError(f"{part} must look like qq.com=20/4")
        found[match["domain"]] = DomainLimit(
            _rate(match["rate"]) if match["rate"] else None,
            max(1, int(match["most"])) if match["most"] else None,
        )
    return found


def _whole(given: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    text = given.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 10_000:
        raise ValueError("per_second must be a number above 0, such as 5 or 0.5")
    return rate


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("warm_up must be a day such as 2026-11-01") from error
