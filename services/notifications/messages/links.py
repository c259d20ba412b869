"""The links to somebody's registrations, all in one message."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from services.chassis.i18n import date_line, lazy, localized, ngettext
from services.chassis.i18n import gettext as _
from services.chassis.reference import city
from services.notifications.delivery.models import Delivery
from services.notifications.links.schemas import LinkOf, LinksContext
from services.notifications.messages.content import Content, SmsContent
from services.notifications.messages.letter import Letter

# What a provider takes at once is 500 characters, the signature included.
LONGEST: Final = 470

STATUS_NAMES: Final = {
    "unverified": lazy("Not confirmed yet"),
    "confirmed": lazy("Registered"),
    "offered": lazy("A place is kept for you"),
    "waiting": lazy("On the waiting list"),
    "cancelled": lazy("Cancelled"),
}


def links(_session: Session, delivery: Delivery) -> Content | None:
    """Each registration with its link, the next one first."""
    found = LinksContext.model_validate_json(delivery.context or "")
    items = sorted(found.items, key=lambda item: item.starts_at)
    if delivery.channel == "sms":
        return SmsContent(_short(items))
    return Letter(
        subject=_("The links to your registrations"),
        lead=_("These are your registrations with us. Each link is yours alone."),
        facts=tuple((localized(item.title), f"{_line(item)}\n{item.manage_url}") for item in items),
        paragraphs=(_("Please pass the links on to nobody: whoever has one can cancel."),),
        fine_print=(
            _(
                "You receive this because somebody asked for it with this address. If it was not "
                "you, you need not do anything."
            ),
        ),
    ).content()


def _line(item: LinkOf) -> str:
    when = date_line(item.starts_at, None, item.timezone)
    if item.timezone != city().timezone:
        when = f"{when} ({item.timezone})"
    return _("%(when)s · %(status)s") % {
        "when": when,
        "status": STATUS_NAMES.get(item.status, item.status),
    }


def _short(items: list[LinkOf]) -> str:
    """As many as one message holds; half a link would help nobody."""
    message = _("Your registrations:")
    for number, item in enumerate(items):
        longer = f"{message}\n{localized(item.title)} {item.manage_url}"
        if len(longer) > LONGEST and number:
            left = len(items) - number
            more = ngettext("%(count)s more on request.", "%(count)s more on request.", left)
            return f"{message}\n{more % {'count': left}}"
        message = longer
    return message
