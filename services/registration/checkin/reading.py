"""What a QR picture or a typed text is: a ticket, a registrant's own link, or something else."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.chassis import crypto
from services.registration.checkin.models import What
from services.registration.registrations.tickets import LENGTH, normal

_CARDS = ("BEGIN:VCARD", "MECARD:", "BIZCARD:")


@dataclass(frozen=True)
class Read:
    """``code`` for a ticket, ``registration_id`` for a link that is genuine, else neither."""

    what: What
    code: str | None = None
    registration_id: uuid.UUID | None = None


def read(text: str) -> Read:
    """Tell what was shown at the door.

    A registrant's own link (the one in their messages) is as good as the ticket that stands behind
    it: only they have it, and its signature is checked here. It is never stored.
    """
    shown = unicodedata.normalize("NFKC", text).strip()
    if shown.upper().startswith(_CARDS):
        return Read("card")
    if "://" in shown:
        return _link(shown)
    code = normal(shown)
    # Ticket codes are written in Latin letters and digits, with a space or a dash between.
    if code.isascii() and len(shown) <= 2 * LENGTH:
        if len(code) == LENGTH:
            return Read("ticket", code=code)
        if 0 < len(code) < LENGTH:
            return Read("part")
    return Read("other")


def _link(shown: str) -> Read:
    try:
        start, _, token = urlsplit(shown).path.rpartition("/registrations/")
    except ValueError:
        return Read("address")
    if start or not token:
        return Read("address")
    try:
        identifier = crypto.read_id("registration", token.partition("/")[0])
    except crypto.TokenError:
        return Read("address")
    return Read("link", registration_id=identifier)
