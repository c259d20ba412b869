"""What goes into an order and what comes out."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from services.chassis.fields import (
    BlankIsNone,
    District,
    LanguageTag,
    OptionalEmail,
    Phone,
    SingleLine,
    refuse,
)
from services.content.orders.models import Order, order_token
from services.content.orders.moves import State, Way
from services.content.orders.numbers import spaced

MOST_TITLES = 20
# What an organisation may ask for of one title; staff approve how many it gets.
MOST_ASKED = 5_000


def _without_blanks(value: object) -> object:
    """Of a form's numbers those that are written: an empty field and a zero ask for nothing."""
    if not isinstance(value, Mapping):
        return value
    texts = {
        key: unicodedata.normalize("NFKC", one).strip() if isinstance(one, str) else one
        for key, one in value.items()
    }
    return {key: one for key, one in texts.items() if one not in ("", "0", 0)}


def _some(value: dict[str, int]) -> dict[str, int]:
    if not value:
        raise refuse("Please choose at least one title.")
    if len(value) > MOST_TITLES:
        raise refuse("Please choose at most %(most)s titles for one order.", most=MOST_TITLES)
    return value


Asked = Annotated[int, Field(ge=1, le=MOST_ASKED)]
# From the slug of a title to how many copies of it.
Basket = Annotated[dict[str, Asked], BeforeValidator(_without_blanks), AfterValidator(_some)]
Name = Annotated[SingleLine, StringConstraints(min_length=1, max_length=60)]
Place = Annotated[SingleLine, StringConstraints(min_length=1, max_length=60)]
AddressText = Annotated[SingleLine, StringConstraints(min_length=1, max_length=120)]
Words = Annotated[SingleLine, StringConstraints(min_length=1, max_length=200)]
OptionalPlace = Annotated[SingleLine, StringConstraints(max_length=60)]


class Address(BaseModel):
    """A doorstep in the city: district (GB/T 2260), sub-district, community, street and door."""

    model_config = ConfigDict(extra="forbid")

    district: District
    subdistrict: Place
    community: OptionalPlace = ""
    line: AddressText


class Organisation(BaseModel):
    """For whom a bulk order is, how many people, and what for."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[SingleLine, StringConstraints(min_length=1, max_length=100)]
    headcount: Annotated[int, Field(ge=1, le=100_000)]
    purpose: Words


class OrderIn(BaseModel):
    """An order: ``copies`` has the slugs of titles and how many of each.

    To the door it needs an ``address``, to a community's desk a ``desk_id``. With ``organisation``
    it goes to the door and waits for approval, and no limit per person holds. ``take_less``: where
    too few are left, send what there is.
    """

    model_config = ConfigDict(extra="forbid")

    way: Literal["door", "desk"] = "door"
    copies: Basket
    address: Annotated[Address | None, Field(validate_default=True)] = None
    desk_id: Annotated[uuid.UUID | None, BlankIsNone, Field(validate_default=True)] = None
    organisation: Organisation | None = None
    name: Name
    phone: Phone
    email: OptionalEmail = None
    language: LanguageTag = "zh-CN"
    take_less: bool = False

    @field_validator("address")
    @classmethod
    def _door_needs_one(cls, value: Address | None, info: ValidationInfo) -> Address | None:
        if info.data.get("way") == "door" and value is None:
            raise refuse("Please say where it is to be brought.")
        return value

    @field_validator("desk_id")
    @classmethod
    def _desk_needs_one(cls, value: uuid.UUID | None, info: ValidationInfo) -> uuid.UUID | None:
        if info.data.get("way") == "desk" and value is None:
            raise refuse("Please choose the desk where you will fetch it.")
        return value

    @field_validator("organisation")
    @classmethod
    def _to_the_door(cls, value: Organisation | None, info: ValidationInfo) -> Organisation | None:
        if value is not None and info.data.get("way") == "desk":
            raise refuse("What an organisation orders is brought to its door.")
        return value


class DoorForm(OrderIn):
    """The form for the doorstep."""

    way: Literal["door"] = "door"
    address: Address


class DeskForm(OrderIn):
    """The form for a community's desk."""

    way: Literal["desk"] = "desk"


class OrganisationForm(DoorForm):
    """The form for an organisation."""

    organisation: Organisation


class AddressPatch(BaseModel):
    """Another address for an order that is not packed yet."""

    model_config = ConfigDict(extra="forbid")

    address: Address


class LineOut(BaseModel):
    """Copies of one title in an order; ``asked`` is what was asked for."""

    slug: str
    title: dict[str, str]
    asked: int
    copies: int
    handed: int | None
    title_id: Annotated[uuid.UUID, Field(exclude=True)]


class DeskOut(BaseModel):
    """Where orders are fetched."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    district: str
    name: dict[str, str]
    address: dict[str, str]
    hours: dict[str, str]
    is_open: bool


class Step(BaseModel):
    """A state that an order came to, and when."""

    state: State
    at: datetime


class OrderOut(BaseModel):
    """An order, for whoever holds its link."""

    id: uuid.UUID
    number: str
    state: State
    way: Way
    lines: list[LineOut]
    name: str | None
    phone: str | None
    email: str | None
    address: Address | None
    desk: DeskOut | None
    organisation: str | None
    carrier: str | None
    tracking: str | None
    reason: str | None
    history: list[Step]
    placed_at: datetime
    erased: bool
    missing: bool

    @property
    def token(self) -> str:
        """The signed token in its link."""
        return order_token(self.id)

    @property
    def spaced(self) -> str:
        """Its number in two groups."""
        return spaced(self.number)

    @classmethod
    def of(cls, order: Order) -> OrderOut:
        """The answer for a stored order."""
        return cls.model_validate(_facts(order))


class OrderForStaff(OrderOut):
    """An order with what staff alone see."""

    version: int
    store: str
    district: str
    headcount: int | None
    purpose: str | None
    activity_id: uuid.UUID | None
    language: str

    @classmethod
    def of(cls, order: Order) -> OrderForStaff:
        """The answer for a stored order."""
        more = {
            name: getattr(order, name)
            for name in (
                "version", "store", "district", "headcount", "purpose", "activity_id", "language",
            )
        }  # fmt: skip
        return cls.model_validate(_facts(order) | more)


class Placed(BaseModel):
    """What a new order is answered with; ``manage_url`` is whoever ordered's own."""

    id: uuid.UUID
    number: str
    state: State
    copies: dict[str, int]
    manage_url: str


def _facts(order: Order) -> dict[str, object]:
    address = None
    if order.address_line:
        address = Address.model_construct(
            district=order.district,
            subdistrict=order.subdistrict or "",
            community=order.community or "",
            line=order.address_line,
        )
    plain = (
        "id", "number", "state", "way", "name", "phone", "email", "organisation", "carrier",
        "tracking", "reason", "history", "placed_at",
    )  # fmt: skip
    return {name: getattr(order, name) for name in plain} | {
        "lines": [
            LineOut(
                slug=line.title.slug,
                title=line.title.title,
                asked=line.asked,
                copies=line.copies,
                handed=line.handed,
                title_id=line.title_id,
            )
            for line in order.lines
        ],
        "address": address,
        "desk": DeskOut.model_validate(order.desk) if order.desk else None,
        "erased": order.erased_at is not None,
        "missing": order.missing_at is not None,
    }
