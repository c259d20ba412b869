"""The senders that the settings ask for, one set for each process."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.chassis.settings import SettingsError, settings
from services.notifications.senders.email import MailSender, Server
from services.notifications.senders.sms import InboxSms, NoSms, SmsSender


@dataclass(frozen=True)
class Senders:
    """The ways out of this process; they live on the loop of :mod:`.background`."""

    email: MailSender
    sms: SmsSender


def public_host() -> str:
    """The host of the public address: our name in EHLO and in message ids."""
    return urlsplit(settings().public_url).hostname or "localhost"


_making = threading.Lock()


def senders() -> Senders:
    """The senders of this process: one set, whichever threads come first.

    Raises:
        SettingsError: no mail server is configured or embedded.
    """
    with _making:
        return _of_this_process()


@functools.cache
def _of_this_process() -> Senders:
    url = settings().smtp_url
    if url is None:
        raise SettingsError(
            "No mail server is configured. Start everything with `make run`, or set "
            "LINGBAO_SMTP_URL to a mail server."
        )
    return Senders(MailSender(Server.from_url(url), public_host()), _sms())


def _sms() -> SmsSender:
    chosen = settings()
    if chosen.sms_provider == "inbox" and chosen.sms_url and chosen.sms_token:
        return InboxSms(chosen.sms_url, chosen.sms_token, chosen.sms_signature)
    return NoSms()
