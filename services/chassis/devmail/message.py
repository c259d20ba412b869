"""Reading a mail: its text, its HTML, its calendar part and its attachments."""

import base64
import html
import re
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser

_POLICY = policy.default
_CID = re.compile(r"""(?P<before>\bsrc\s*=\s*["'])cid:(?P<name>[^"']+)""", re.IGNORECASE)


@dataclass(frozen=True)
class Attachment:
    """A part that a mail program would list. ``text`` is set where it can be read as text."""

    name: str
    content_type: str
    content: bytes
    text: str | None


@dataclass(frozen=True)
class Mail:
    """A mail, decoded. ``calendar`` is the text of its text/calendar part."""

    headers: list[tuple[str, str]]
    text: str
    html: str
    calendar: str | None
    calendar_method: str | None
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def subject(self) -> str:
        """The Subject header, decoded; empty when there is none."""
        found = (value for name, value in self.headers if name.lower() == "subject")
        return next(found, "").strip()


def read(content: bytes) -> Mail:
    """Decode a mail. Broken parts are shown as well as they can be, never refused."""
    message: EmailMessage = BytesParser(policy=_POLICY).parsebytes(content)
    text, rich = message.get_body(("plain",)), message.get_body(("html",))
    calendar: str | None = None
    method: str | None = None
    attachments: list[Attachment] = []
    pictures: dict[str, str] = {}
    for part in message.walk():
        if part.is_multipart() or part is text or part is rich:
            continue
        content_type = part.get_content_type()
        body = _bytes(part)
        as_text = _text(part) if part.get_content_maintype() == "text" else None
        if content_type == "text/calendar" and calendar is None:
            calendar = as_text
            parameter = part.get_param("method")
            method = parameter if isinstance(parameter, str) else None
        identity = str(part["Content-ID"] or "").strip("<> ")
        if identity and part.get_content_maintype() == "image":
            encoded = base64.b64encode(body).decode("ascii")
            pictures[identity] = f"data:{content_type};base64,{encoded}"
        name = part.get_filename() or _default_name(content_type, len(attachments))
        attachments.append(Attachment(name, content_type, body, as_text))
    return Mail(
        headers=[(name, str(value)) for name, value in message.items()],
        text=_text(text) if text is not None else "",
        html=_with_pictures(_text(rich), pictures) if rich is not None else "",
        calendar=calendar,
        calendar_method=method,
        attachments=attachments,
    )


def _default_name(content_type: str, index: int) -> str:
    return "invite.ics" if content_type == "text/calendar" else f"part-{index + 1}"


def _bytes(part: MIMEPart) -> bytes:
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _text(part: MIMEPart) -> str:
    charset = part.get_content_charset("utf-8")
    try:
        return _bytes(part).decode(charset, "replace")
    except LookupError:  # A character set nobody knows.
        return _bytes(part).decode("utf-8", "replace")


def _with_pictures(source: str, pictures: dict[str, str]) -> str:
    """The HTML with pictures that travel in the mail put in place, as a mail program does."""

    def replaced(match: re.Match[str]) -> str:
        name = html.unescape(match["name"])
        return match["before"] + pictures.get(name, f"cid:{match['name']}")

    return _CID.sub(replaced, source)
