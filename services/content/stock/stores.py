"""The stores: each district's own, and the city's."""

from __future__ import annotations

from typing import Final

from services.chassis.auth import Principal
from services.chassis.fields import refuse
from services.chassis.i18n import lazy, localized
from services.chassis.reference import city

# The city's own store; a district's has the district's code (GB/T 2260).
CITY: Final = "city"


def stores() -> list[str]:
    """Every store that there can be, the city's first."""
    return [CITY, *city().districts]


def store_name(store: str) -> str:
    """A store as people say it, in the language of the moment."""
    if store == CITY:
        return str(lazy("The city’s store"))
    name = localized(city().districts[store]) if store in city().districts else store
    return str(lazy("Store of %(district)s", district=name))


def district_of(store: str) -> str | None:
    """The district whose staff look after a store; ``None``: the city's."""
    return None if store == CITY else store


def stores_of(principal: Principal) -> list[str]:
    """The stores that are the caller's to see."""
    return stores() if principal.district is None else [principal.district]


def known(value: str) -> str:
    """Refuse a store that there is not; for fields of models."""
    if value not in stores():
        raise refuse("We do not know this store; please choose one from the list.")
    return value
