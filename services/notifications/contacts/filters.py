"""Which contacts are wanted, as it stands in an address."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final
from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.reference import TOPICS, city, countries
from services.notifications.contacts.models import Contact, Suppression, Trip, Unsubscribe

# What a contact's source begins with.
SOURCES: Final = {
    "registration": lazy("A registration"),
    "booking": lazy("A booking"),
    "subscription": lazy("Subscribed by themselves"),
    "import": lazy("A list"),
    "staff": lazy("Added by staff"),
}
ORGANISATIONS: Final = ("school", "enterprise", "community")
# How mail stands with a contact: by which of its addresses it can be reached with broadcasts.
REACHES: Final = {
    "all": lazy("Gets every kind of broadcast"),
    "emergency": lazy("Gets emergencies only"),
    "stopped": lazy("Has stopped broadcasts"),
    "suppressed": lazy("An address is blocked"),
}
_YES: Final = ("yes",)


@dataclass(frozen=True)
class Filters:
    """What is wanted; an empty text is "all".

    Attributes:
        district: GB/T 2260; ``country`` ISO 3166-1: followed, or the destination of a trip.
        kind: of organisation; ``source`` a key of :data:`SOURCES`; ``reach`` one of
            :data:`REACHES`.
        list: the id of an import, for what came with it.
        relays: those who receive for others; ``drill`` those on the drill list.
    """

    district: str = ""
    country: str = ""
    topic: str = ""
    kind: str = ""
    source: str = ""
    reach: str = ""
    list: str = ""
    relays: str = ""
    drill: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Filters:
        """From the query of an address. What we do not know is as good as not asked."""
        known = _known()
        found: dict[str, str] = {}
        for field in fields(cls):
            text = given.get(field.name, "")
            found[field.name] = text if text in known.get(field.name, ()) else ""
        try:
            found["list"] = str(uuid.UUID(given.get("list", "")))
        except ValueError:
            found["list"] = ""
        return cls(**found)

    @classmethod
    def read_text(cls, text: str) -> Filters:
        """From what :attr:`text` wrote."""
        return cls.read(dict(parse_qsl(text)))

    @property
    def given(self) -> dict[str, str]:
        """What is asked for, by name."""
        return {name: text for name, text in asdict(self).items() if text}

    @property
    def text(self) -> str:
        """As the query of an address."""
        return urlencode(self.given)

    def conditions(self) -> tuple[sa.ColumnElement[bool], ...]:
        """As conditions on :class:`Contact`."""
        found: list[sa.ColumnElement[bool]] = []
        if self.district:
            found.append(Contact.districts.contains([self.district]))
        if self.country:
            abroad = sa.exists().where(Trip.contact_id == Contact.id, Trip.country == self.country)
            found.append(sa.or_(Contact.countries.contains([self.country]), abroad))
        if self.topic:
            found.append(Contact.topics.contains([self.topic]))
        if self.kind:
            found.append(Contact.organisation_kind == self.kind)
        if self.source:
            found.append(Contact.source.startswith(f"{self.source}/"))
        if self.list:
            found.append(Contact.source.startswith(f"import/{self.list}/"))
        if self.relays:
            found.append(Contact.relays_for.is_not(None))
        if self.drill:
            found.append(Contact.on_drill_list.is_(True))
        if self.reach:
            found.append(_REACH[self.reach])
        return tuple(found)


def _known() -> dict[str, tuple[str, ...]]:
    return {
        "district": tuple(city().districts),
        "country": tuple(countries()),
        "topic": tuple(TOPICS),
        "kind": ORGANISATIONS,
        "source": tuple(SOURCES),
        "reach": tuple(REACHES),
        "relays": _YES,
        "drill": _YES,
    }


def own(principal: Principal) -> sa.ColumnElement[bool]:
    """The contacts that the caller may see: a district's staff those of their district."""
    if principal.district is None:
        return sa.true()
    return Contact.districts.contains([principal.district])


def noted(table: type[Suppression | Unsubscribe]) -> sa.ColumnElement[bool]:
    """Whether one of a contact's addresses is on a list of those that are not written to."""
    return sa.exists().where(
        sa.or_(
            sa.and_(table.channel == "email", table.address_hash == Contact.email_hash),
            sa.and_(table.channel == "sms", table.address_hash == Contact.phone_hash),
        )
    )


_REACH: Final[dict[str, sa.ColumnElement[bool]]] = {
    "all": sa.and_(Contact.wants_broadcasts, ~noted(Unsubscribe)),
    "emergency": sa.and_(Contact.reachable, ~Contact.wants_broadcasts),
    "stopped": noted(Unsubscribe),
    "suppressed": noted(Suppression),
}
