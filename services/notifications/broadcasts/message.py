"""What a broadcast's recipient gets, written for each delivery when it is sent.

A mail is composed once for each language and each shape that conditions in its text give it; what
is a recipient's own (words, links) stands in slots that are filled in as bytes
(:mod:`services.notifications.messages.filling`).
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from services.chassis.i18n import gettext, speaking
from services.chassis.markdown import to_html
from services.chassis.settings import settings
from services.notifications.answers.service import answer_url
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import Message, Words
from services.notifications.delivery.models import Delivery
from services.notifications.messages import personal
from services.notifications.messages.content import Content, MailContent, SmsContent
from services.notifications.messages.letter import Letter
from services.notifications.messages.plain import to_plain
from services.notifications.messages.sms import signature
from services.notifications.preferences.links import preferences_url
from services.notifications.templates import liquid
from services.notifications.unsubscribing.service import unsubscribe_token, unsubscribe_url

# Stand for what in a mail differs from recipient to recipient.
_WORD: Final = "aPersonalWord"
_STOP: Final = "aLinkToStop"
_CHOICES: Final = "aLinkToChoices"
_ANSWER: Final = "aLinkToAnswer"
_KNOWN: Final = "broadcasts whose messages are written"
# Every link is as long as this one's, so a count made with it holds for all.
_ANYBODY: Final = uuid.UUID(int=0)


@dataclass(frozen=True)
class Manner:
    """How a broadcast is said.

    Attributes:
        name: what receivers' systems may count its complaints under (``Feedback-ID``).
        trial: it goes to somebody who tries it out.
    """

    urgency: str
    drill: bool = False
    asks: bool = False
    trial: bool = False
    name: str = ""


def compose(session: Session, delivery: Delivery) -> Content | None:
    """A recipient's message in their language, or in the other one where theirs is not written.

    Returns:
        ``None`` when the broadcast is gone or its text has no such channel any more.
    """
    broadcast, message = _read(session, delivery.broadcast_id)
    if broadcast is None or message is None:
        return None
    language, words = message.in_language(delivery.language)
    values = personal.values_for(session, delivery, language, names(words, delivery.channel))
    manner = Manner(
        broadcast.urgency, broadcast.drill, broadcast.asks, name=f"{broadcast.id.hex[-12:]}"
    )
    return _content(words, language, values, manner, delivery)


def _read(
    session: Session, broadcast_id: uuid.UUID | None
) -> tuple[Broadcast | None, Message | None]:
    """A broadcast and its texts, read once for all messages that a session writes.

    A session forgets what nobody holds, and to check the texts takes longer than all the rest.
    """
    known: dict[uuid.UUID | None, tuple[Broadcast | None, Message | None]]
    known = session.info.setdefault(_KNOWN, {})
    if broadcast_id not in known:
        found = session.get(Broadcast, broadcast_id)
        message = None if found is None else Message.model_validate(found.message)
        known[broadcast_id] = (found, message)
    return known[broadcast_id]


def compose_trial(_session: Session, delivery: Delivery) -> Content | None:
    """A trial's message, from the text that travels with it, to a person made up for it."""
    given: dict[str, Any] = json.loads(delivery.context or "{}")
    language, words = Message.model_validate(given["message"]).in_language(delivery.language)
    manner = Manner(
        given["urgency"], given.get("drill", False), given.get("asks", False), trial=True
    )
    return _content(words, language, personal.samples(language), manner, delivery)


def names(words: Words, channel: str) -> frozenset[str]:
    """The personal words that a text uses on a channel."""
    sources = (words.sms,) if channel == "sms" else (words.subject, words.body)
    return frozenset().union(*(liquid.words_in(source) for source in sources))


def _content(
    words: Words, language: str, values: Mapping[str, str], manner: Manner, delivery: Delivery
) -> Content | None:
    if delivery.channel == "email":
        return mail(
            words, language, values, manner, delivery_id=delivery.id, reader=delivery.language
        )
    if not words.sms:
        return None
    said = liquid.render(words.sms, values, personal.fallbacks(language))
    return SmsContent(_framed(said, language, manner, delivery.id))


def mail(
    words: Words,
    language: str,
    values: Mapping[str, str],
    manner: Manner,
    *,
    delivery_id: uuid.UUID,
    reader: str,
) -> MailContent | None:
    """A broadcast as an e-mail.

    Args:
        language: the one that ``words`` are in.
        values: what the personal words say, empty where nothing is known.
        reader: the language that the recipient reads; when it is another, the mail says so first.

    Returns:
        ``None`` when nothing is written for this channel.
    """
    if not words.subject:
        return None
    slots: dict[str, str] = {}
    subject, body = slotted(words, language, values, slots)
    slots[_STOP] = unsubscribe_url(unsubscribe_token(delivery_id))
    slots[_CHOICES] = preferences_url(delivery_id)
    if manner.asks:
        slots[_ANSWER] = answer_url(delivery_id)
    composed = _composed(
        subject,
        body,
        language=language,
        reader=reader,
        manner=manner,
        home=settings().public_url,
    )
    return replace(composed, slots=slots)


def slotted(
    words: Words, language: str, values: Mapping[str, str], slots: dict[str, str]
) -> tuple[str, str]:
    """Subject and body with a mark for each personal word; ``slots`` takes in what stands there.

    So nobody's name is ever read as Markdown.
    """
    known = personal.fallbacks(language)
    subject = liquid.render_marked(words.subject, values, known, mark=_WORD, slots=slots)
    return subject, liquid.render_marked(words.body, values, known, mark=_WORD, slots=slots)


@functools.lru_cache(maxsize=128)
def _composed(
    subject: str, body: str, *, language: str, reader: str, manner: Manner, home: str
) -> MailContent:
    """The mail whose slots are still open; a link to a page of ours begins with ``home``."""
    with speaking(reader):
        preface = None if reader == language else (_only_in(language), reader)
    whole = body.replace("](/", f"]({home}/")
    with speaking(language):
        letter = Letter(
            subject=_marks(manner) + subject,
            preface=preface,
            lead=gettext("This is an exercise: nothing has happened.") if manner.drill else "",
            body=(to_plain(whole), to_html(whole)),
            button=(gettext("Tell us: safe, or in need of help"), _ANSWER) if manner.asks else None,
            fine_print=(_why(manner),),
            choices=(gettext("Choose what you receive"), _CHOICES),
            stop=(gettext("Stop these messages"), _STOP),
        )
        return letter.content(headers=_headers(manner))


def _only_in(language: str) -> str:
    if language == "en":
        return gettext("This message is written in English only.")
    return gettext("This message is written in Chinese only.")


def _why(manner: Manner) -> str:
    if manner.urgency == "emergency":
        return gettext(
            "You get this in an emergency, at the address that you or your organisation gave us."
        )
    return gettext("You get this because you agreed to receive advisories.")


def _marks(manner: Manner) -> str:
    """What stands before the subject of whatever must not be taken for something else."""
    said = gettext("[Test] ") if manner.trial else ""
    if manner.drill:
        said += gettext("[Drill] ")
    if manner.urgency == "emergency":
        said += gettext("[Emergency] ")
    return said


def _headers(manner: Manner) -> tuple[tuple[str, str], ...]:
    headers = [
        # RFC 2369 and RFC 8058: the mail program can offer a button of its own.
        ("List-Unsubscribe", f"<{_STOP}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        # Gmail's complaint figures: broadcast, urgency, kind, sender.
        ("Feedback-ID", f"{manner.name or 'trial'}:{manner.urgency}:broadcast:lingbao"),
    ]
    if manner.urgency == "emergency":
        # Some servers let bulk mail wait, so an emergency does not say that it is.
        headers += [("Importance", "high"), ("X-Priority", "1")]
    else:
        headers.append(("Precedence", "bulk"))
    return tuple(headers)


def _framed(text: str, language: str, manner: Manner, delivery_id: uuid.UUID) -> str:
    """A text message around what is said: marks before it, the question and the way out after.

    The way to stop is left out of an emergency, where every character is the message's
    (docs/emergency-policy.md).
    """
    with speaking(language):
        marks = _marks(replace(manner, urgency=""))
        return marks + text + "".join(_endings(manner, delivery_id))


def _endings(manner: Manner, delivery_id: uuid.UUID) -> list[str]:
    replies = settings().sms_replies
    endings: list[str] = []
    if manner.asks:
        asking = (
            gettext(" Are you safe? Reply 1 for safe, 2 for help, or press %(link)s")
            if replies
            else gettext(" Are you safe? Please tell us: %(link)s")
        )
        endings.append(asking % {"link": answer_url(delivery_id)})
    if manner.urgency != "emergency":
        link = {"link": unsubscribe_url(unsubscribe_token(delivery_id))}
        endings.append(
            gettext(" Reply TD to stop") if replies else gettext(" To stop: %(link)s") % link
        )
    return endings


def sms_text(
    source: str,
    language: str,
    urgency: str,
    delivery_id: uuid.UUID = _ANYBODY,
    *,
    asks: bool = False,
    drill: bool = False,
    values: Mapping[str, str] | None = None,
) -> str:
    """A written text message as somebody gets it, without the signature: for reading and counting.

    A text that cannot be read is shown as it is written.

    Args:
        values: what the personal words say; unset: those of the made-up person of previews.
    """
    if not source:
        return ""
    try:
        said = liquid.render(
            source,
            personal.samples(language) if values is None else values,
            personal.fallbacks(language),
        )
    except liquid.NotWritten:
        said = source
    return _framed(said, language, Manner(urgency, drill, asks), delivery_id)


def sms_frame(language: str) -> dict[str, Any]:
    """What goes out around a text message, for the running count in a form (``forms.textarea``).

    The endings depend on the fields ``urgency`` and ``asks`` of the form, where it has them.
    """
    with speaking(language):
        asking = _endings(Manner("emergency", asks=True), _ANYBODY)
        stopping = _endings(Manner("routine"), _ANYBODY)
    return {
        "before": signature(),
        "words": personal.samples(language),
        "endings": [
            *({"text": text, "field": "asks", "is": "on"} for text in asking),
            *({"text": text, "field": "urgency", "not": "emergency"} for text in stopping),
        ],
    }
