"""Messages about questions: received, answered, and put to an expert."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.chassis.i18n import gettext as _
from services.chassis.i18n import ngettext
from services.chassis.markdown import to_html
from services.notifications.delivery.models import Delivery
from services.notifications.messages.content import Content, SmsContent
from services.notifications.messages.letter import Letter
from services.notifications.messages.plain import to_plain
from services.notifications.messages.sms import first_fitting
from services.notifications.questions.schemas import QuestionContext


def asked(_session: Session, delivery: Delivery) -> Content | None:
    """The question has arrived; by when there is an answer, and 12308 where it cannot wait."""
    about = _about(delivery)
    lead = ngettext(
        "We have your question and answer it within %(count)s working day.",
        "We have your question and answer it within %(count)s working days.",
        about.working_days,
    ) % {"count": about.working_days}
    call = _("If you need help now, please call 12308, from abroad +86 10 12308.")
    if delivery.channel == "sms":
        point = f"{call} {lead}" if about.urgent else lead
        return _text(about, point)
    return Letter(
        subject=call if about.urgent else _("We have your question"),
        greeting=_greeting(about),
        lead=call if about.urgent else lead,
        paragraphs=(lead,) if about.urgent else (),
        button=(_("See your question"), about.url),
        fine_print=_why(),
    ).content()


def answered(_session: Session, delivery: Delivery) -> Content | None:
    """The answer, in full by mail; a text message carries the link."""
    about = _about(delivery)
    if delivery.channel == "sms":
        return _text(about, _("We have answered your question."))
    return Letter(
        subject=_("The answer to your question"),
        greeting=_greeting(about),
        lead=_("This is our answer to your question."),
        quote=about.text,
        body=(to_plain(about.answer), to_html(about.answer, 2)),
        button=(_("See the answer, or add something"), about.url),
        fine_print=_why(),
    ).content()


def referred(_session: Session, delivery: Delivery) -> Content | None:
    """A question for an expert, without the person who asked."""
    about = _about(delivery)
    return Letter(
        subject=_("A question for you"),
        greeting=_greeting(about),
        lead=_(
            "We would like to know what you would answer to this question. Please write it on the "
            "page; the office reads it and answers the person."
        ),
        quote=about.text,
        button=(_("Write what you would answer"), about.url),
        fine_print=(_("You receive this because you advise the office."),),
    ).content()


def _about(delivery: Delivery) -> QuestionContext:
    return QuestionContext.model_validate_json(delivery.context or "")


def _greeting(about: QuestionContext) -> str:
    return _("Dear %(name)s,") % {"name": about.name} if about.name else ""


def _text(about: QuestionContext, point: str) -> SmsContent:
    link = _("Details: %(url)s") % {"url": about.url}
    return SmsContent(first_fitting(f"{point} {link}", f"{point} {about.url}"))


def _why() -> tuple[str, ...]:
    return (_("You receive this because this address was given with a question."),)
