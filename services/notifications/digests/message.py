"""What a digest says: the broadcasts that its reader has waited for, one after the other."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import gettext, language, ngettext
from services.chassis.markdown import to_html
from services.chassis.settings import settings
from services.notifications.answers.service import answer_url
from services.notifications.broadcasts.message import names, slotted
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import Message
from services.notifications.delivery.models import Delivery
from services.notifications.digests.service import let_go
from services.notifications.messages import personal
from services.notifications.messages.content import Content
from services.notifications.messages.letter import Letter
from services.notifications.messages.plain import to_plain
from services.notifications.preferences.links import preferences_url
from services.notifications.unsubscribing.service import unsubscribe_token, unsubscribe_url

# Stand for the links, which differ between two readers of the same broadcasts.
_STOP: Final = "aLinkToStop"
_CHOICES: Final = "aLinkToChoices"


def compose(session: Session, delivery: Delivery) -> Content | None:
    """A reader's digest, each part in their language where it is written, else in the other one.

    Returns:
        ``None`` when none of its broadcasts is to go any more.
    """
    slots = {
        _STOP: unsubscribe_url(unsubscribe_token(delivery.id)),
        _CHOICES: preferences_url(delivery.id),
    }
    let_go(session, delivery.id, utc_now())
    gathered = session.execute(
        sa.select(Broadcast, Delivery)
        .join(Delivery, Delivery.broadcast_id == Broadcast.id)
        .where(Delivery.digest_id == delivery.id, Delivery.state == "sending")
        .order_by(Broadcast.started_at, Broadcast.id)
    )
    parts = [_part(session, broadcast, own, slots) for broadcast, own in gathered]
    if not parts:
        return None
    body = "\n\n---\n\n".join(parts)
    return Letter(
        subject=ngettext(
            "%(count)s safety reminder for you", "%(count)s safety reminders for you", len(parts)
        )
        % {"count": len(parts)},
        body=(to_plain(body), to_html(body)),
        fine_print=(
            gettext("You get this because you chose to receive routine reminders in one message."),
        ),
        choices=(gettext("Choose what you receive"), _CHOICES),
        stop=(gettext("Stop these messages"), _STOP),
    ).content(
        headers=(
            # RFC 2369 and RFC 8058: the mail program can offer a button of its own.
            ("List-Unsubscribe", f"<{_STOP}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("Precedence", "bulk"),
        ),
        slots=slots,
    )


def _part(session: Session, broadcast: Broadcast, own: Delivery, slots: dict[str, str]) -> str:
    """One broadcast as Markdown, with its subject as a heading and its question as a link."""
    tag, words = Message.model_validate(broadcast.message).in_language(language())
    values = personal.values_for(session, own, tag, names(words, "email"))
    subject, body = slotted(words, tag, values, slots)
    asking = ""
    if broadcast.asks:
        asking = f"\n\n[{gettext('Tell us: safe, or in need of help')}]({answer_url(own.id)})"
    home = settings().public_url
    return f"## {subject}\n\n{body}{asking}".replace("](/", f"]({home}/")
