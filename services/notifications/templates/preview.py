"""A text as a reader gets it, with somebody made up in place of the reader."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Final

from markupsafe import escape

from services.chassis.problems import Invalid
from services.chassis.settings import settings
from services.notifications.broadcasts.message import Manner, mail, sms_text
from services.notifications.broadcasts.schemas import Message
from services.notifications.messages import personal
from services.notifications.messages.content import MailContent
from services.notifications.messages.sms import parts, signature
from services.notifications.sms_registry.fitting import fitting, needs_template
from services.notifications.templates.schemas import PreviewOut, SmsFit

_NOBODY: Final = uuid.UUID(int=0)
_ROUTINE: Final = Manner("routine")


def preview(message: Message, reader: str, *, known: bool = True) -> PreviewOut:
    """What somebody who reads ``reader`` gets.

    Args:
        known: whether everything is known of them, or nothing.

    Raises:
        Invalid: a text names what does not exist, with a sentence beside each field.
    """
    if errors := personal.wrong_words(message):
        raise Invalid(errors)
    language, words = message.in_language(reader)
    values = personal.samples(language) if known else personal.nothing()
    content = mail(words, language, values, _ROUTINE, delivery_id=_NOBODY, reader=reader)
    sms = sms_text(words.sms, language, "routine", values=values)
    return PreviewOut(
        language=reader,
        written_in=language,
        subject=_filled(content.subject, content) if content else "",
        text=_filled(content.text, content) if content else "",
        html=_filled_html(content) if content else "",
        sms=signature() + sms if sms else "",
        sms_parts=parts(sms) if sms else 0,
        sms_fits=_fits(sms) if sms else [],
    )


def _fits(sms: str) -> list[SmsFit]:
    found = []
    for provider in filter(needs_template, settings().sms_providers):
        fit = fitting(sms, provider)
        found.append(SmsFit(provider=provider, code=fit.code if fit else None))
    return found


def _filled(text: str, content: MailContent) -> str:
    return _with(text, content.slots)


def _filled_html(content: MailContent) -> str:
    return _with(content.html, {mark: str(escape(said)) for mark, said in content.slots.items()})


def _with(text: str, slots: Mapping[str, str]) -> str:
    for mark, said in slots.items():
        text = text.replace(mark, said)
    return text
