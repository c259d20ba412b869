"""What templates about orders need to put codes into words."""

from __future__ import annotations

from typing import Any

import phonenumbers

from services.chassis.fields import HOME_REGION
from services.chassis.i18n import gettext as _
from services.chassis.reference import city, district_name
from services.content.language import options, said_in
from services.content.materials.kinds import KIND_ICONS
from services.content.materials.pages import LANGUAGE_NAMES
from services.content.orders.moves import (
    ACT_NAMES,
    MOVES,
    STATE_NAMES,
    STATE_TONES,
    WAY_NAMES,
    may,
)
from services.content.orders.numbers import spaced
from services.content.orders.schemas import Address
from services.content.stock.models import TITLE_KINDS
from services.content.stock.schemas import TitleOut
from services.content.stock.stores import CITY, store_name


def where(title: TitleOut) -> str:
    """Where copies of a title are, as people say it."""
    if CITY in title.in_stock:
        return _("In stock, for the whole city")
    if title.in_stock:
        names = _(", ").join(district_name(store) for store in title.in_stock)
        return _("In stock for %(districts)s") % {"districts": names}
    return _("None left at the moment")


def in_one_line(address: Address) -> str:
    """An address as it is written in the city: from the large to the small."""
    parts = (district_name(address.district), address.subdistrict, address.community, address.line)
    return " ".join(part for part in parts if part)


def as_dialled(phone: str) -> str:
    """A telephone number (E.164) as people here dial it: ours without the country code."""
    number = phonenumbers.parse(phone)
    ours = number.country_code == phonenumbers.country_code_for_region(HOME_REGION)
    kind = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, kind.NATIONAL if ours else kind.INTERNATIONAL)


def words() -> dict[str, Any]:
    """The names of states and ways, and how things are written."""
    return {
        "where": where,
        "in_one_line": in_one_line,
        "as_dialled": as_dialled,
        "spaced": spaced,
        "said_in": said_in,
        "state_names": STATE_NAMES,
        "tones": STATE_TONES,
        "act_names": ACT_NAMES,
        "way_names": WAY_NAMES,
        "state_options": options({state: STATE_NAMES[state] for state in MOVES}),
        "way_options": options(WAY_NAMES),
        "kind_names": TITLE_KINDS,
        "kind_icons": KIND_ICONS | {"other": "file-earmark-text"},
        "language_names": LANGUAGE_NAMES,
        "store_name": store_name,
        "district_options": [(code, district_name(code)) for code in city().districts],
        "may": may,
        "zone": city().timezone,
    }
