"""The message with the link to one's choices."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.chassis.i18n import gettext as _
from services.notifications.contacts.service import is_unsubscribed
from services.notifications.delivery.models import Delivery
from services.notifications.messages.content import Content, SmsContent
from services.notifications.messages.letter import Letter
from services.notifications.preferences.links import preferences_url
from services.notifications.preferences.reading import sources_of


def compose(session: Session, delivery: Delivery) -> Content | None:
    """The link; ``None`` when we have nothing for the address, so that a stranger gets nothing."""
    channel, address = delivery.channel, delivery.address
    if not sources_of(session, channel, address).any and not is_unsubscribed(
        session, channel, address
    ):
        return None
    link = preferences_url(delivery.id)
    if channel == "sms":
        return SmsContent(
            _("What you receive from us: see and change it here: %(url)s") % {"url": link}
        )
    return Letter(
        subject=_("Your link: what you receive from us"),
        lead=_("Here you see and change what we send to this address."),
        paragraphs=(
            _("For a day this link also shows and erases everything that we hold of it."),
            _("Please pass it on to nobody: whoever has it can change your choices."),
        ),
        button=(_("See my choices"), link),
        fine_print=(
            _(
                "You receive this because somebody asked for it with this address. If it was not "
                "you, you need not do anything."
            ),
        ),
    ).content()
