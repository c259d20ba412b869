"""The door for those whose mail server hands nothing on: a mailbox, looked into by IMAP (RFC 9051).

The mailbox is a queue: what has been taken in is deleted from it, after the commit. A message that
is fetched twice, because we ended in between, is one.
"""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import structlog

from services.chassis.settings import settings
from services.notifications.returns.taking_in import KEPT, take_in

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS: Final = 20.0
# Of one visit; the next one goes on.
AT_ONCE: Final = 200
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxAway(Exception):
    """The mailbox cannot be opened; the text says why, without the password."""


def fetch() -> int:
    """Take in what lies in the mailbox of ``LINGBAO_RETURNS_IMAP``; nothing where it is unset.

    Returns:
        How many messages were taken out of it.

    Raises:
        MailboxAway: the server cannot be reached, or refuses us.
    """
    url = settings().returns_imap
    if url is None:
        return 0
    with _opened(urlsplit(url)) as mailbox:
        return sum(_take(mailbox, number) for number in _waiting(mailbox)[:AT_ONCE])


@contextmanager
def _opened(parts: SplitResult) -> Iterator[imaplib.IMAP4]:
    secure = parts.scheme == "imaps"
    kind = imaplib.IMAP4_SSL if secure else imaplib.IMAP4
    try:
        with kind(
            parts.hostname or "", parts.port or (993 if secure else 143), timeout=TIMEOUT_SECONDS
        ) as mailbox:
            mailbox.login(unquote(parts.username or ""), unquote(parts.password or ""))
            if "ID" in mailbox.capabilities:
                # NetEase shows nothing to programs that do not say who they are (RFC 2971).
                mailbox.xatom("ID", '("name" "lingbao")')
            state, answer = mailbox.select(_quoted(unquote(parts.path.strip("/")) or "INBOX"))
            if state != "OK":
                raise MailboxAway(f"The mailbox cannot be opened: {answer[0]!r}.")
            yield mailbox
            mailbox.expunge()
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxAway(f"{parts.hostname}: {error}"[:200]) from error


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _waiting(mailbox: imaplib.IMAP4) -> list[str]:
    state, found = mailbox.uid("SEARCH", "UNDELETED")
    if state != "OK":
        raise MailboxAway("The mailbox cannot be searched.")
    return [number.decode() for number in (found[0] or b"").split()]


def _take(mailbox: imaplib.IMAP4, number: str) -> int:
    # A part, so that one huge message is not held in memory whole.
    state, answer = mailbox.uid("FETCH", number, f"(RFC822.SIZE BODY.PEEK[]<0.{KEPT}>)")
    literals = [item for item in answer if isinstance(item, tuple)]
    if state != "OK" or not literals:
        # Somebody else took it meanwhile.
        log.info("returns.mailbox_message_gone", number=number)
        return 0
    about, raw = literals[0][0], literals[0][1]
    size = _SIZE.search(about + b" ".join(item for item in answer if isinstance(item, bytes)))
    take_in(raw, via="imap", size=int(size[1]) if size else None)
    mailbox.uid("STORE", number, "+FLAGS.SILENT", r"(\Deleted)")
    return 1
