"""A message centre that speaks SMPP 3.4, with another codec than ours (aiosmpplib's)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiosmpplib import (
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    PhoneNumber,
    SmppCommand,
    SmppCommandStatus,
    SmppMessage,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from aiosmpplib.protocol import MESSAGE_TYPE_MAP

from tests.providers.http import STALL_SECONDS, Taken, Way

SYSTEM_ID = "lingbao"
PASSWORD = "secret"


@dataclass
class Centre:
    """Takes binds and parts of messages, puts the parts together, and sends what it is told to.

    Attributes:
        parts: every part as it came: number, of how many, and its octets.
        confirmed: the status of each ``deliver_sm_resp``.
    """

    taken: list[Taken] = field(default_factory=list)
    ways: dict[str, Way] = field(default_factory=dict)
    parts: list[tuple[int, int, int]] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    url: str = ""
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _unfinished: dict[tuple[str, int], dict[int, str]] = field(default_factory=dict)

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self._server = server
        port = server.sockets[0].getsockname()[1]
        self.url = f"smpp://{SYSTEM_ID}:{PASSWORD}@127.0.0.1:{port}?source=106900"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)

    def clear(self) -> None:
        for kept in (self.taken, self.ways, self.parts, self.confirmed, self.calls):
            kept.clear()  # type: ignore[attr-defined]
        self._unfinished.clear()

    def tell(self, message: DeliverSm) -> None:
        """Send a receipt or a telephone's message over the newest session."""
        message.sequence_num = 7
        pdu = message.pdu()
        self._loop.call_soon_threadsafe(lambda: self._writers[-1].write(pdu))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                raw = await reader.readexactly(16)
                header = SmppMessage.parse_header(raw)
                raw += await reader.readexactly(header.pdu_length - 16)
                self.calls.append(header.smpp_command.name)
                if header.smpp_command == SmppCommand.DELIVER_SM_RESP:
                    self.confirmed.append(int(header.command_status))
                    continue
                kind = MESSAGE_TYPE_MAP[header.smpp_command]
                message = kind.from_pdu(raw, header, "gsm0338")
                if isinstance(message, SubmitSm):
                    task = asyncio.ensure_future(self._submit(message, writer))
                    self._loop.call_later(STALL_SECONDS * 2, task.done)  # keeps it alive
                    continue
                answer = self._answer(message, writer)
                if answer is not None:
                    writer.write(answer.pdu())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, message: SmppMessage, writer: asyncio.StreamWriter) -> SmppMessage | None:
        number = message.sequence_num
        if isinstance(message, BindTransceiver):
            known = (message.system_id, message.password) == (SYSTEM_ID, PASSWORD)
            if known:
                self._writers.append(writer)
            status = SmppCommandStatus.ESME_ROK if known else SmppCommandStatus.ESME_RINVPASWD
            return BindTransceiverResp(number, status, system_id="centre")
        if isinstance(message, EnquireLink):
            return EnquireLinkResp(number)
        if isinstance(message, Unbind):
            return UnbindResp(number)
        return None

    async def _submit(self, message: SubmitSm, writer: asyncio.StreamWriter) -> None:
        to = f"+{message.destination.number}"
        way = self.ways.get(to, "take")
        status = SmppCommandStatus.ESME_ROK
        if way == "no-number":
            status = SmppCommandStatus.ESME_RINVDSTADR
        elif way == "busy":
            status = SmppCommandStatus.ESME_RTHROTTLED
        else:
            self._put_together(to, message)
        if way in ("stall", "take-and-stall"):
            await asyncio.sleep(STALL_SECONDS)
        reference = f"id-{len(self.taken)}" if status == SmppCommandStatus.ESME_ROK else ""
        writer.write(
            SubmitSmResp(
                sequence_num=message.sequence_num, command_status=status, message_id=reference
            ).pdu()
        )

    def _put_together(self, to: str, message: SubmitSm) -> None:
        reference, number, total = message.get_segmentation_data()
        if not total:
            reference, number, total = 0, 1, 1
        self.parts.append((number, total, message.registered_delivery))
        pieces = self._unfinished.setdefault((to, reference), {})
        pieces[number] = message.short_message
        if len(pieces) == total:
            text = "".join(pieces[one] for one in sorted(pieces))
            self.taken.append(Taken(to, text, ""))
            del self._unfinished[to, reference]


def receipt(reference: str, state: str) -> DeliverSm:
    """A receipt in the words of appendix B, with an error code that is no number."""
    return DeliverSm(
        short_message=(
            f"id:{reference} sub:001 dlvrd:001 submit date:2611231000 done date:2611231001 "
            f"stat:{state} err:MK1 text:"
        ),
        source=PhoneNumber("8613800138000"),
        destination=PhoneNumber("106900"),
        esm_class=4,
        encoding="gsm0338",
    )


def from_phone(phone: str, text: str) -> DeliverSm:
    """What somebody texts back."""
    return DeliverSm(
        short_message=text,
        source=PhoneNumber(phone.removeprefix("+")),
        destination=PhoneNumber("106900"),
        encoding="ucs2" if not text.isascii() else "gsm0338",
    )
