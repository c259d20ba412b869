"""The packets (PDUs) of SMPP 3.4 that we speak: bind, submit, deliver, keep alive, end.

Section numbers are those of "Short Message Peer to Peer Protocol Specification v3.4". Numbers are
big-endian; texts end with a zero byte (C-octet string). Providers use error codes of their own, so
a status is any number.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

HEADER: Final = 16
# A longer packet than any we speak is a stream out of step (the largest payload is 64 KiB).
LONGEST: Final = 70_000

# §5.1.2.1 command ids
GENERIC_NACK: Final = 0x80000000
SUBMIT_SM: Final = 0x00000004
DELIVER_SM: Final = 0x00000005
UNBIND: Final = 0x00000006
BIND_TRANSCEIVER: Final = 0x00000009
ENQUIRE_LINK: Final = 0x00000015
RESPONSE: Final = 0x80000000

# §5.1.3 statuses
OK: Final = 0x00
SYSTEM_ERROR: Final = 0x08
INVALID_DESTINATION: Final = 0x0B
BIND_FAILED: Final = 0x0D
INVALID_PASSWORD: Final = 0x0E
INVALID_SYSTEM_ID: Final = 0x0F
QUEUE_FULL: Final = 0x14
THROTTLED: Final = 0x58
TRY_LATER: Final = 0x64

# §5.2.12 esm_class: the text begins with a header (UDH); §5.2.12 again: it is a receipt.
UDHI: Final = 0x40
IS_RECEIPT: Final = 0x04
_TYPE_BITS: Final = 0x3C
# §5.2.19 data_coding
UCS2: Final = 0x08
LATIN1: Final = 0x03
# §5.3.2 optional parameters
_RECEIPTED_MESSAGE_ID: Final = 0x001E
_MESSAGE_STATE: Final = 0x0427
_MESSAGE_PAYLOAD: Final = 0x0424

# 3GPP TS 23.040 §9.2.3.24.1: one part holds 140 octets, six of which number it.
_PART: Final = 134
_WHOLE: Final = 140

# 3GPP TS 23.038, default alphabet; an answer such as STOP comes in it with data_coding 0.
_GSM7: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


class Malformed(Exception):
    """Bytes that are no packet: the stream is out of step, and the connection of no more use."""


@dataclass(frozen=True)
class Packet:
    """One packet: what it is, how it went (responses), and which request it belongs to."""

    command: int
    status: int
    sequence: int
    body: bytes = b""

    def encoded(self) -> bytes:
        """The bytes on the line."""
        length = HEADER + len(self.body)
        return struct.pack("!IIII", length, self.command, self.status, self.sequence) + self.body


@dataclass(frozen=True)
class Delivered:
    """A ``deliver_sm``: a receipt for a message of ours, or one from a telephone.

    Attributes:
        receipt: the body as fields where it is a receipt (appendix B), else ``None``.
        text: what the telephone sent; empty for a receipt.
    """

    source: str
    text: str
    receipt: dict[str, str] | None


def decoded_header(raw: bytes) -> tuple[int, Packet]:
    """The length of the body that follows, and the packet without it.

    Raises:
        Malformed: a length that no packet has.
    """
    length, command, status, sequence = struct.unpack("!IIII", raw)
    if not HEADER <= length <= LONGEST:
        raise Malformed(f"A packet cannot be {length} bytes long.")
    return length - HEADER, Packet(command, status, sequence)


def _text(value: str) -> bytes:
    return value.encode("ascii") + b"\0"


def bind(sequence: int, system_id: str, password: str, system_type: str) -> Packet:
    """A ``bind_transceiver`` (§4.1.5): to send and to receive on one connection."""
    body = _text(system_id) + _text(password) + _text(system_type) + bytes([0x34, 0, 0]) + b"\0"
    return Packet(BIND_TRANSCEIVER, OK, sequence, body)


def split(text: str, reference: int) -> list[bytes]:
    """A text as the octets of one or several parts, UCS-2, numbered when they are several.

    Always UCS-2: the signature 【…】 is in no 7-bit alphabet, and what a provider takes for its
    "default alphabet" is anybody's guess. A character of two units is not torn apart.

    Args:
        reference: 0 to 255, the same for all parts of one message.
    """
    raw = text.encode("utf-16-be")
    if len(raw) <= _WHOLE:
        return [raw]
    pieces: list[bytes] = []
    while raw:
        cut = _PART
        if len(raw) > cut and 0xD8 <= raw[cut - 2] <= 0xDB:
            cut -= 2
        pieces.append(raw[:cut])
        raw = raw[cut:]
    return [
        bytes([5, 0, 3, reference, len(pieces), number]) + piece
        for number, piece in enumerate(pieces, start=1)
    ]


def submit(sequence: int, source: str, to: str, part: bytes, *, several: bool, ask: bool) -> Packet:
    """A ``submit_sm`` (§4.4.1) of one part.

    Args:
        source: our number or name as the provider gave it to us.
        to: E.164; the plus goes with "international" (TON 1, NPI 1).
        several: the part begins with its number.
        ask: a receipt is wanted.
    """
    # A number is of the network (TON 0 leaves it to the provider); letters are alphanumeric (5).
    ton = 0 if source.isdigit() or not source else 5
    body = (
        _text("")
        + bytes([ton, 1 if source.isdigit() else 0])
        + _text(source)
        + bytes([1, 1])
        + _text(to.removeprefix("+"))
        + bytes([UDHI if several else 0, 0, 0])
        + _text("")
        + _text("")
        + bytes([1 if ask else 0, 0, UCS2, 0, len(part)])
        + part
    )
    return Packet(SUBMIT_SM, OK, sequence, body)


def message_id(body: bytes) -> str:
    """The provider's reference in a ``submit_sm_resp`` (§4.4.2)."""
    return body.split(b"\0", 1)[0].decode("ascii", "replace")


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self.at = 0

    def text(self) -> str:
        end = self._body.find(b"\0", self.at)
        if end < 0:
            raise Malformed("A text of a packet has no end.")
        value = self._body[self.at : end].decode("ascii", "replace")
        self.at = end + 1
        return value

    def take(self, count: int) -> bytes:
        if self.at + count > len(self._body):
            raise Malformed("A packet is shorter than it says.")
        self.at += count
        return self._body[self.at - count : self.at]

    def options(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        while self.at + 4 <= len(self._body):
            tag, length = struct.unpack("!HH", self.take(4))
            found[tag] = self.take(length)
        return found


def delivered(body: bytes) -> Delivered:
    """What a ``deliver_sm`` (§4.6.1) says.

    Raises:
        Malformed: it is none.
    """
    reader = _Reader(body)
    reader.text()  # service_type
    reader.take(2)
    source = reader.text()
    reader.take(2)
    reader.text()  # destination: ours
    esm_class = reader.take(3)[0]
    reader.text()  # schedule_delivery_time
    reader.text()  # validity_period
    _registered, _replace, coding, _default, length = reader.take(5)
    raw = reader.take(length)
    options = reader.options()
    raw = raw or options.get(_MESSAGE_PAYLOAD, b"")
    if esm_class & UDHI and raw:
        raw = raw[raw[0] + 1 :]
    text = _decoded(raw, coding)
    if not esm_class & _TYPE_BITS & IS_RECEIPT:
        return Delivered(source, text, None)
    receipt = fields(text)
    if _RECEIPTED_MESSAGE_ID in options:
        receipt["id"] = options[_RECEIPTED_MESSAGE_ID].rstrip(b"\0").decode("ascii", "replace")
    if options.get(_MESSAGE_STATE):
        receipt.setdefault("stat", _STATES.get(options[_MESSAGE_STATE][0], ""))
    return Delivered(source, "", receipt)


# §5.2.28 message_state, as the words of appendix B.
_STATES: Final = {
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    7: "UNKNOWN",
    8: "REJECTD",
}


def _decoded(raw: bytes, coding: int) -> str:
    if coding == UCS2:
        return raw.decode("utf-16-be", "replace")
    if coding == 0:
        return "".join(_GSM7[octet] if octet < len(_GSM7) else "�" for octet in raw)
    return raw.decode("latin-1" if coding == LATIN1 else "utf-8", "replace")


def fields(text: str) -> dict[str, str]:
    """A receipt's text (appendix B) as fields: ``id:… stat:… err:… done date:…``."""
    found: dict[str, str] = {}
    head = text.split("text:", 1)[0].split("Text:", 1)[0]
    name = ""
    for word in head.split():
        key, colon, value = word.partition(":")
        if not colon:
            name = f"{word} "
            continue
        found[f"{name}{key}".lower()] = value
        name = ""
    return found
