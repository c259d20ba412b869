"""How pages speak of bookings: names of states and kinds, choices, moments, journeys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from babel.dates import format_date

from services.chassis.i18n import country_name, locale
from services.chassis.i18n import gettext as _
from services.chassis.reference import countries
from services.registration.bookings.models import (
    KIND_NAMES,
    ORGANISATION_NAMES,
    STATUS_NAMES,
    STATUS_TONES,
)


def as_value(moment: datetime) -> str:
    """A moment (UTC) as a form or an address carries it: RFC 3339 with a Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def journey(departs_on: date | None, returns_on: date | None) -> str:
    """From when to when a group travels, as far as it is known."""
    departs = format_date(departs_on, "long", locale=locale()) if departs_on else ""
    returns = format_date(returns_on, "long", locale=locale()) if returns_on else ""
    if departs and returns:
        return f"{departs} – {returns}"
    if departs:
        return _("From %(day)s") % {"day": departs}
    return _("Until %(day)s") % {"day": returns} if returns else "—"


def country_choices() -> list[tuple[str, str]]:
    """Every country by name, in the order of the language of the page."""
    named = [(code, country_name(code)) for code in countries()]
    if locale().language == "zh":
        # The common characters stand in GB 18030 in the order of pinyin.
        return sorted(named, key=lambda pair: pair[1].encode("gb18030"))
    return sorted(named, key=lambda pair: pair[1])


# What the templates of bookings may call.
WORDS: dict[str, Any] = {
    "kind_names": KIND_NAMES,
    "organisation_names": ORGANISATION_NAMES,
    "status_names": STATUS_NAMES,
    "status_tones": STATUS_TONES,
    "as_value": as_value,
    "journey": journey,
}
