"""The SMTP side: accepts every message and keeps it.

Three domains, reserved by RFC 2606 and so nobody's, stand for what goes wrong elsewhere: a mailbox
at ``gone.example`` does not exist, ``refuses.example`` takes no message of ours, and
``vanishes.example`` takes it but breaks the connection before it says so; the second time it
answers.
"""

import asyncio
import logging
from email import policy
from email.parser import BytesHeaderParser

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.chassis.devmail.store import Store
from services.chassis.stack.ports import LOOPBACK

MAX_BYTES = 10 * 1024 * 1024
_REFUSALS = {
    "gone.example": "550 5.1.1 User unknown",
    "refuses.example": "554 5.7.1 Message refused by local policy",
}
_VANISHES = "vanishes.example"
_log = logging.getLogger(__name__)


class _Keeper:
    """aiosmtpd's handler: called for each recipient, and once a message was sent in full."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unanswered: set[str] = set()

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        if refusal := _REFUSALS.get(address.rpartition("@")[2].lower()):
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        if not isinstance(content, bytes):  # aiosmtpd's other mode, decode_data, is off.
            return "451 4.3.0 The message was not received as bytes"
        headers = BytesHeaderParser(policy=policy.default).parsebytes(content)
        try:
            meta = self._store.add(
                kind="mail",
                to=list(envelope.rcpt_tos),
                sender=str(headers["From"] or envelope.mail_from or ""),
                # A long subject may begin on the line after its name; the fold is not part of it.
                subject=str(headers["Subject"] or "").strip(),
                content=content,
            )
        except OSError as error:
            # RFC 5321: 452 asks the client to keep the message and come back later.
            _log.error("a message could not be kept: %s", error)
            return "452 4.3.1 Insufficient system storage"
        unanswered = self._goes_unanswered(envelope, str(headers["Message-ID"]))
        if unanswered and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return f"250 2.0.0 OK: kept as {meta.id}"

    def _goes_unanswered(self, envelope: Envelope, message_id: str) -> bool:
        """Whether the sender is not to hear that this message was taken: once for each."""
        domains = {address.rpartition("@")[2].lower() for address in envelope.rcpt_tos}
        if _VANISHES not in domains or message_id in self._unanswered:
            return False
        self._unanswered.add(message_id)
        return True


def controller(store: Store, port: int, host: str = LOOPBACK) -> Controller:
    """An SMTP server (8BITMIME, SMTPUTF8, SIZE) that runs in a thread of its own once started."""
    return Controller(
        _Keeper(store),
        hostname=host,
        port=port,
        ready_timeout=10.0,
        data_size_limit=MAX_BYTES,
        enable_SMTPUTF8=True,
        ident="Lingbao development mail",
        server_hostname="localhost",
    )
