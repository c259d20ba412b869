"""What somebody sends to subscribe, and to confirm."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from services.chassis.fields import LanguageTag, OptionalEmail, OptionalPhone, refuse
from services.notifications.delivery.models import Channel
from services.notifications.preferences.fields import TripIn, Wishes


class OneAddress(BaseModel):
    """Exactly one of an e-mail address and a telephone number."""

    # The telephone comes first, as on the form, so that the sentence about both stands at the top.
    phone: OptionalPhone = None
    email: OptionalEmail = Field(default=None, validate_default=True)

    @field_validator("email")
    @classmethod
    def _exactly_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "phone" not in info.data:
            return value  # it has its own sentence already
        if value is None and info.data["phone"] is None:
            raise refuse("Please give a telephone number or an e-mail address.")
        if value is not None and info.data["phone"] is not None:
            raise refuse(
                "Please give one of the two only. For the other, please subscribe once more."
            )
        return value

    @property
    def channel(self) -> Channel:
        """By what the address is written to."""
        return "email" if self.email else "sms"

    @property
    def address(self) -> str:
        """The address in full."""
        return self.email or self.phone or ""


class SubscriptionIn(OneAddress, Wishes):
    """A subscription to safety reminders. It does nothing until the address confirms it."""

    language: LanguageTag = "zh-CN"


class SubscriptionForm(OneAddress, Wishes):
    """The same as the page has it: one trip, and the consent in its own sentence.

    A country without dates is one to follow.
    """

    language: LanguageTag = "zh-CN"
    trip: TripIn | None = None
    agrees: bool = Field(default=False, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _follow(cls, typed: dict[str, Any]) -> dict[str, Any]:
        trip = typed.get("trip")
        if isinstance(trip, dict) and set(trip) == {"country"}:
            followed = [trip["country"], *typed.get("countries", [])]
            return {**typed, "countries": followed, "trip": None}
        return typed

    @field_validator("agrees")
    @classmethod
    def _must_agree(cls, value: bool) -> bool:
        if not value:
            raise refuse("We can only write to you if you agree. Please tick this box.")
        return value

    def wanted(self) -> SubscriptionIn:
        """As the call has it."""
        wanted = SubscriptionIn.model_construct(**{name: getattr(self, name) for name in _SAME})
        return wanted.model_copy(update={"trips": [self.trip] if self.trip else []})


_SAME = ("phone", "email", "language", "districts", "countries", "topics")


class ConfirmIn(BaseModel):
    """What came back from the address: the link's token, or the number and its code."""

    token: Annotated[str, Field(max_length=100)] | None = None
    phone: OptionalPhone = None
    code: Annotated[str, Field(max_length=40)] = Field(default="", validate_default=True)

    @field_validator("code")
    @classmethod
    def _enough(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("token") is None and not (value and info.data.get("phone")):
            raise refuse("Please send the token of the link, or the number with its code.")
        return value
