"""The mail about a booking's pack."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from services.chassis.i18n import date_line, lazy, localized
from services.chassis.i18n import gettext as _
from services.notifications.delivery.models import Delivery
from services.notifications.messages.content import Content
from services.notifications.messages.letter import Letter
from services.notifications.packs.schemas import Change, PackContext

_SUBJECTS: Final = {
    "new": lazy("Your pack for %(when)s"),
    "edition": lazy("A new edition of your pack for %(when)s"),
    "changed": lazy("Something in your pack has changed"),
}
_LEADS: Final = {
    "new": lazy(
        "We have put together what your group should read. The link opens on a telephone; there "
        "you can also save everything or print it. Please pass it on to those who take part."
    ),
    "edition": lazy("We have brought your pack up to date. The link is the same."),
    "changed": lazy(
        "Something in your pack reads otherwise than when you received it. The link is the same; "
        "please tell those to whom you gave a copy on paper."
    ),
}
_ACTS: Final = {
    "added": lazy("New: %(title)s"),
    "removed": lazy("Taken out: %(title)s"),
    "updated": lazy("Updated: %(title)s"),
    "gone": lazy("No longer valid: %(title)s"),
}


def compose(_session: Session, delivery: Delivery) -> Content | None:
    """The link, and what is new behind it."""
    about = PackContext.model_validate_json(delivery.context or "")
    when = date_line(about.agreed_time, None, about.timezone)
    return Letter(
        subject=str(_SUBJECTS[about.news]) % {"when": when},
        greeting=_("Dear %(name)s,") % {"name": about.name},
        lead=str(_LEADS[about.news]),
        facts=((_("Pack"), localized(about.title)), (_("Your session"), when)),
        paragraphs=tuple(map(_line, about.changes)),
        button=(_("Open the pack"), about.url),
        fine_print=(_("You receive this because this address was given when booking."),),
    ).content()


def _line(change: Change) -> str:
    line = str(_ACTS[change.kind]) % {"title": localized(change.title)}
    said = localized(change.said)
    return f"{line} ({said})" if said else line
