"""The senders that the settings ask for, one set for each process."""

from __future__ import annotations

import asyncio
import functools
import threading
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import structlog

from services.chassis.relays import domain_limits, mail_relays
from services.chassis.settings import SettingsError, settings
from services.notifications.senders.background import background
from services.notifications.senders.email import MailSender
from services.notifications.senders.sms import SmsSender
from services.notifications.senders.sms.configured import sms_sender


@dataclass(frozen=True)
class Senders:
    """The ways out of this process; they live on the loop of :mod:`.background`."""

    email: MailSender
    sms: SmsSender


def public_host() -> str:
    """The host of the public address: our name in EHLO and in message ids."""
    return urlsplit(settings().public_url).hostname or "localhost"


log = structlog.get_logger(__name__)

# A server that does not answer must not hold up the end.
GOODBYE_SECONDS: Final = 3.0
_making = threading.Lock()


def senders() -> Senders:
    """The senders of this process: one set, whichever threads come first.

    Raises:
        SettingsError: no mail server is configured or embedded.
    """
    with _making:
        return _of_this_process()


def close_senders() -> None:
    """Say goodbye on the connections of this process, before it ends.

    A message centre that is not unbound may refuse the next session for a while.
    """
    with _making:
        if not _of_this_process.cache_info().currsize:
            return
        ways = _of_this_process()
    background().run(_close(ways))


async def _close(ways: Senders) -> None:
    try:
        async with asyncio.timeout(GOODBYE_SECONDS):
            await asyncio.gather(ways.email.close(), ways.sms.close())
    except TimeoutError:
        log.info("senders.left_without_goodbye")


@functools.cache
def _of_this_process() -> Senders:
    url = settings().smtp_url
    if url is None:
        raise SettingsError(
            "No mail server is configured. Start everything with `make run`, or set "
            "LINGBAO_SMTP_URL to a mail server."
        )
    email = MailSender(
        mail_relays(url), public_host(), limits=domain_limits(settings().mail_domains)
    )
    return Senders(email, sms_sender())
