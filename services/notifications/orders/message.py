"""Messages about an order: placed, packed, ready, sent, delivered, cancelled, returned; links."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from services.chassis.i18n import day, lazy, localized, ngettext
from services.chassis.i18n import gettext as _
from services.chassis.reference import city
from services.notifications.delivery.models import Delivery
from services.notifications.messages.content import Content, SmsContent
from services.notifications.messages.letter import Letter
from services.notifications.messages.links import LONGEST
from services.notifications.messages.sms import first_fitting
from services.notifications.orders.schemas import OrderContext, OrderLinksContext

STATE_NAMES: Final = {
    "requested": lazy("Waiting for approval"),
    "ordered": lazy("Ordered"),
    "packed": lazy("Packed"),
    "sent": lazy("On its way"),
    "delivered": lazy("Delivered"),
    "ready": lazy("Ready to be fetched"),
    "collected": lazy("Fetched"),
    "handed-out": lazy("Handed out"),
    "returned": lazy("Came back"),
    "cancelled": lazy("Cancelled"),
}


def placed(_session: Session, delivery: Delivery) -> Content | None:
    """It has arrived; or, for an organisation, it waits for approval or was approved."""
    about = _about(delivery)
    if about.state == "requested":
        lead = _(
            "We have your request %(number)s. We will say within three working days how many "
            "copies we can give."
        )
        subject = _("We have your request %(number)s")
    elif about.organisation:
        lead = _("Your request %(number)s is approved. We will pack what is listed here.")
        subject = _("Approved: your request %(number)s")
    else:
        lead = _("We have your order %(number)s. The copies are kept for you.")
        subject = _("We have your order %(number)s")
    return _message(
        delivery,
        about,
        subject=subject,
        lead=lead,
        paragraphs=(
            _("Until it is packed you can change the address or cancel on the order’s page."),
        ),
    )


def packed(_session: Session, delivery: Delivery) -> Content | None:
    """It is packed and leaves soon."""
    return _message(
        delivery,
        _about(delivery),
        subject=_("Packed: your order %(number)s"),
        lead=_("Your order %(number)s is packed and leaves our store soon."),
    )


def ready(_session: Session, delivery: Delivery) -> Content | None:
    """It lies at the desk: where, when, and what to show."""
    about = _about(delivery)
    return _message(
        delivery,
        about,
        subject=_("Ready to be fetched: your order %(number)s"),
        lead=_("Your order is ready. Please show the number %(number)s at %(desk)s."),
        paragraphs=(_("Somebody else may fetch it for you with the number."),),
    )


def sent(_session: Session, delivery: Delivery) -> Content | None:
    """It is on its way, and with whom."""
    about = _about(delivery)
    if about.carrier and about.tracking:
        lead = _("Your order %(number)s is on its way with %(carrier)s, number %(tracking)s.")
    else:
        lead = _("Your order %(number)s is on its way.")
    return _message(delivery, about, subject=_("On its way: your order %(number)s"), lead=lead)


def delivered(_session: Session, delivery: Delivery) -> Content | None:
    """The carrier says that it was delivered: is that so?"""
    return _message(
        delivery,
        _about(delivery),
        subject=_("Has your order %(number)s arrived?"),
        lead=_("Your order %(number)s should have arrived. If not, please tell us on its page."),
        paragraphs=(_("If it is there, you need not do anything."),),
        button=_("It has not arrived"),
    )


def cancelled(_session: Session, delivery: Delivery) -> Content | None:
    """It will not come: by the office with its reason, or as whoever ordered asked."""
    about = _about(delivery)
    if about.by_office and about.reason:
        lead = _("We are sorry: we had to cancel your order %(number)s.")
    else:
        lead = _("Your order %(number)s is cancelled, as you asked.")
    return _message(
        delivery,
        about,
        subject=_("Cancelled: your order %(number)s"),
        lead=lead,
        quote=about.reason or "",
    )


def returned(_session: Session, delivery: Delivery) -> Content | None:
    """It came back, from the door or unfetched from the desk: why, and what can be done."""
    about = _about(delivery)
    lead = (
        _("Your order %(number)s was not fetched and is back in our store.")
        if about.desk
        else _("Your order %(number)s could not be delivered.")
    )
    return _message(
        delivery,
        about,
        subject=_("Not delivered: your order %(number)s"),
        lead=lead,
        quote=about.reason or "",
        paragraphs=(
            _(
                "If you still want it, please order again; these copies do not count for the limit "
                "per person."
            ),
        ),
    )


def links(_session: Session, delivery: Delivery) -> Content | None:
    """Each order with its link, the latest first."""
    items = OrderLinksContext.model_validate_json(delivery.context or "").items
    if delivery.channel == "sms":
        message = _("Your orders:")
        for number, item in enumerate(items):
            longer = f"{message}\n{_spaced(item.number)} {item.url}"
            if len(longer) > LONGEST and number:
                left = len(items) - number
                more = ngettext("%(count)s more on request.", "%(count)s more on request.", left)
                return SmsContent(f"{message}\n{more % {'count': left}}")
            message = longer
        return SmsContent(message)
    return Letter(
        subject=_("The links to your orders"),
        lead=_("These are your orders of books and brochures. Each link is yours alone."),
        facts=tuple(
            (
                _spaced(item.number),
                f"{day(item.placed_at, city().timezone)} · {STATE_NAMES[item.state]}\n{item.url}",
            )
            for item in items
        ),
        paragraphs=(_("Please pass the links on to nobody: whoever has one can cancel."),),
        fine_print=(
            _(
                "You receive this because somebody asked for it with this address. If it was not "
                "you, you need not do anything."
            ),
        ),
    ).content()


def _about(delivery: Delivery) -> OrderContext:
    return OrderContext.model_validate_json(delivery.context or "")


def _message(
    delivery: Delivery,
    about: OrderContext,
    *,
    subject: str,
    lead: str,
    paragraphs: tuple[str, ...] = (),
    quote: str = "",
    button: str = "",
) -> Content:
    words = {
        "number": _spaced(about.number),
        "carrier": about.carrier or "",
        "tracking": about.tracking or "",
        "desk": localized(about.desk.name) if about.desk else "",
        "state": STATE_NAMES[about.state],
        "url": about.url,
    }
    if delivery.channel == "sms":
        # The page says the rest, and for whoever gave no e-mail address the link is the one way in.
        whole = f"{lead % words} {_('Details: %(url)s') % words}"
        return SmsContent(first_fitting(whole, _("Order %(number)s: %(state)s. %(url)s") % words))
    return Letter(
        subject=subject % words,
        greeting=_("Dear %(name)s,") % {"name": about.name},
        lead=lead % words,
        facts=_facts(about),
        paragraphs=paragraphs,
        quote=quote,
        button=(button or _("See your order"), about.url),
        fine_print=(_("You receive this because this address was given when ordering."),),
    ).content()


def _facts(about: OrderContext) -> tuple[tuple[str, str], ...]:
    rows = [(_("Order number"), _spaced(about.number))]
    if about.organisation:
        rows.append((_("Organisation"), about.organisation))
    rows.append(
        (
            _("Ordered"),
            "\n".join(_line(item.title, item.copies, item.asked) for item in about.items),
        )
    )
    if about.desk:
        where = f"{localized(about.desk.name)}\n{localized(about.desk.address)}"
        rows += [(_("Fetch it at"), where), (_("Opening hours"), localized(about.desk.hours))]
    if about.carrier:
        rows.append((_("Carrier"), f"{about.carrier} {about.tracking or ''}".strip()))
    return tuple(rows)


def _line(title: dict[str, str], copies: int, asked: int) -> str:
    words = {"title": localized(title), "copies": copies, "asked": asked}
    if copies < asked:
        return _("%(title)s × %(copies)s (of %(asked)s asked for)") % words
    return _("%(title)s × %(copies)s") % words


def _spaced(number: str) -> str:
    return f"{number[:4]} {number[4:]}"
