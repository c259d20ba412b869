"""What a returned message says: reading bounces, receipts, complaints and absence notes.

Nothing here trusts its input or touches the database. Standards first: delivery status
notifications (RFC 3464, RFC 6533), feedback reports (RFC 5965), automatic answers (RFC 3834). What
servers write otherwise is left to ``flufl.bounce``, and of mail from a mailer itself to the codes
and words in its text.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from typing import Final, Literal

from flufl.bounce import all_failures

from services.notifications.returns.verdicts import judge, telling_line

Kind = Literal[
    "hard", "soft", "refused", "underway", "delivered", "complaint", "auto-reply", "unclear"
]

# What parsers raise about what strangers write.
NONSENSE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MessageError,
    RecursionError,
    TypeError,
    ValueError,
)
# It would log each stumble with a traceback; what it makes of a message is all that counts.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)

# More parts than any report has; a bomb of nested parts is not followed further.
MOST_PARTS: Final = 60
# Of several recipients in one report the gravest counts: our messages have one each.
_GRAVEST_FIRST: Final[tuple[Kind, ...]] = ("hard", "refused", "soft", "underway", "delivered")
_STATUS_TYPES: Final = ("message/delivery-status", "message/global-delivery-status")
_ORIGINAL_TYPES: Final = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/global-headers",
)
_COMPLAINTS: Final = ("abuse", "fraud", "other", "opt-out", "opt-out-list")
_MAILERS: Final = re.compile(
    r"mailer[-_]?daemon|postmaster|mail delivery|系统退信|退信", re.IGNORECASE
)
_AUTOMATIC_SUBJECTS: Final = re.compile(
    r"\s*(auto(matic)?[ -]?(reply|response)|out of (the )?office|自动回复|自動回覆|外出)",
    re.IGNORECASE,
)
_TAGS: Final = re.compile(r"<[^<>]*>")
_STYLES_BEGIN: Final = re.compile(r"<(?:style|script)\b", re.IGNORECASE)
_STYLES_END: Final = re.compile(r"</(?:style|script)\s*>", re.IGNORECASE)
# A report says why at its beginning.
_WORDS_READ: Final = 32_000


@dataclass(frozen=True)
class Report:
    """What one returned message says.

    Attributes:
        kind: see :data:`services.notifications.returns.models.KINDS`.
        status: an enhanced status code (RFC 3463).
        reply: the foreign server's words, addresses and all.
        addresses: whom it names as recipients; anybody can write anything there.
        text: everything that can be read in it, the returned message too, to look for proof in.
    """

    kind: Kind
    status: str | None = None
    reply: str = ""
    addresses: tuple[str, ...] = ()
    text: str = ""


def read(raw: bytes) -> Report:
    """Read a returned message.

    Raises:
        Exception: one of :data:`NONSENSE`; the caller keeps the message as not understood.
    """
    message = message_from_bytes(raw)
    parts = list(_parts(message))
    everything = "\n".join([raw.decode("latin-1"), *filter(None, map(_text_of, parts))])
    found = (
        _delivery_status(parts)
        or _feedback(parts)
        or _known_bounce(message, parts)
        or _mailers_own_words(message, parts)
        or (Report("auto-reply") if _is_automatic(message) else Report("unclear"))
    )
    return Report(found.kind, found.status, found.reply, found.addresses, everything)


def _parts(message: Message) -> Iterator[Message]:
    """A message and its parts from the first to the last, as deep and as many as is sensible."""
    waiting = [message]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        inner = part.get_payload()
        if isinstance(inner, list):
            waiting[:0] = [one for one in inner if isinstance(one, Message)]


def _text_of(part: Message) -> str:
    if part.get_content_maintype() not in ("text", "message") or part.is_multipart():
        return ""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a charset that nobody knows
        return payload.decode("utf-8", "replace")


def _value(fields: Message, name: str) -> str:
    """A header or report field on one line; empty where it is missing."""
    return " ".join(str(fields.get(name, "")).split())


def _typed(value: str) -> str:
    """The value of a field that begins with its type (RFC 3464 §2.1.2): ``rfc822; a@b``."""
    kind, semicolon, rest = value.partition(";")
    return (rest if semicolon else kind).strip().strip("<>")


def _delivery_status(parts: list[Message]) -> Report | None:
    """RFC 3464: each recipient's Action, Status and Diagnostic-Code."""
    found: list[Report] = []
    for part in parts:
        if part.get_content_type() in _STATUS_TYPES:
            found += filter(None, map(_of_recipient, _blocks(part)))
    return min(found, key=lambda report: _GRAVEST_FIRST.index(report.kind), default=None)


def _blocks(part: Message) -> list[Message]:
    """The groups of fields of a status part: about the message, then about each recipient."""
    inner = part.get_payload()
    if not isinstance(inner, list):
        return [HeaderParser().parsestr(block) for block in _paragraphs(_text_of(part))]
    blocks: list[Message] = []
    for one in inner:
        if isinstance(one, Message):
            rest = one.get_payload()
            # The library knows the groups of RFC 3464 alone; RFC 6533's it takes for a body.
            later = _paragraphs(rest) if isinstance(rest, str) else []
            blocks += [one, *(HeaderParser().parsestr(block) for block in later)]
    return blocks


def _paragraphs(text: str) -> list[str]:
    return [block for block in re.split(r"\r?\n[ \t]*\r?\n", text.strip()) if block.strip()]


def _of_recipient(fields: Message) -> Report | None:
    action = _value(fields, "Action").lower()
    named = (_typed(_value(fields, name)) for name in ("Original-Recipient", "Final-Recipient"))
    addresses = tuple(dict.fromkeys(address for address in named if "@" in address))
    status = _value(fields, "Status").partition(" ")[0]
    said = _typed(_value(fields, "Diagnostic-Code")) or _value(fields, "Status")
    match action:
        case "failed":
            kind, code = judge(status, said)
            return Report(kind, code, said, addresses)
        case "delivered":
            return Report("delivered", status or None, said, addresses)
        case "delayed" | "relayed" | "expanded":
            return Report("underway", status or None, said, addresses)
        case _:
            return None


def _feedback(parts: list[Message]) -> Report | None:
    """RFC 5965: somebody pressed "this is spam"."""
    for part in parts:
        if part.get_content_type() != "message/feedback-report":
            continue
        for fields in _blocks(part):
            kind = _value(fields, "Feedback-Type").lower()
            if not kind:
                continue
            address = _value(fields, "Original-Rcpt-To").strip("<>")
            return Report(
                "complaint" if kind in _COMPLAINTS else "unclear",
                reply=f"Feedback-Type: {kind}",
                addresses=(address,) if "@" in address else (),
            )
    return None


def _known_bounce(message: Message, parts: list[Message]) -> Report | None:
    """What ``flufl.bounce`` knows of servers that write reports of their own kind."""
    try:
        temporary, permanent = all_failures(message)
    except NONSENSE:
        return None  # its detectors stumble over what no standard allows, such as no From
    addresses = tuple(sorted(one.decode("utf-8", "replace") for one in permanent or temporary))
    if not addresses:
        return None
    said = telling_line(_own_words(parts))
    if not permanent:
        return Report("underway", reply=said, addresses=addresses)
    kind, code = judge(None, said)
    return Report(kind, code, said, addresses)


def _mailers_own_words(message: Message, parts: list[Message]) -> Report | None:
    """A mailer that says it in prose, as some large Chinese providers do."""
    if not _MAILERS.search(f"{_value(message, 'From')} {_value(message, 'Subject')}"):
        return None
    said = telling_line(_own_words(parts))
    if not said:
        return None
    kind, code = judge(None, said)
    return Report(kind, code, said)


def _own_words(parts: list[Message]) -> str:
    """The text of a report up to the message that it returns."""
    found = []
    for part in parts:
        if part.get_content_type() in _ORIGINAL_TYPES:
            break
        text = _text_of(part)
        found.append(_plain(text) if part.get_content_subtype() == "html" else text)
    return "\n".join(found)[:_WORDS_READ]


def _plain(markup: str) -> str:
    """The words of a page. In steps that each look at a letter once, whatever is in it."""
    shown = (_STYLES_BEGIN.split(piece, 1)[0] for piece in _STYLES_END.split(markup))
    return html.unescape(_TAGS.sub("\n", "".join(shown)))


def _is_automatic(message: Message) -> bool:
    """RFC 3834 §5, and what was in use before it."""
    marked = _value(message, "Auto-Submitted").lower()
    return (
        (marked != "" and not marked.startswith("no"))
        or any(name in message for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponse"))
        or _value(message, "Precedence").lower() in ("auto_reply", "bulk", "junk")
        or bool(_AUTOMATIC_SUBJECTS.match(_subject(message)))
    )


def _subject(message: Message) -> str:
    written = str(message.get("Subject", ""))
    try:
        return str(make_header(decode_header(written)))
    except (LookupError, ValueError):
        return written  # encoded in a way that nobody knows
