"""What staff say when they do something with an order."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.chassis.fields import BlankIsNone, SingleLine
from services.content.orders.schemas import MOST_ASKED, Basket
from services.content.stock.schemas import Store

Reason = Annotated[SingleLine, StringConstraints(min_length=1, max_length=200)]
Given = Annotated[int, Field(ge=0, le=MOST_ASKED)]


class CancelIn(BaseModel):
    """Why the office cancels; whoever ordered is told so."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class ReturnIn(BaseModel):
    """A parcel that came back; ``fit``: what is in it can be given to somebody else."""

    model_config = ConfigDict(extra="forbid")

    fit: Literal["yes", "no"]
    reason: Reason


class ApproveIn(BaseModel):
    """How many copies of each title (by its slug) an organisation gets, and from which store.

    Without a store it is the one that the request stands at.
    """

    model_config = ConfigDict(extra="forbid")

    copies: dict[str, Given]
    store: Annotated[Store | None, BlankIsNone] = None


class HandedIn(BaseModel):
    """How many copies of each title (by its slug) were handed out at an activity."""

    model_config = ConfigDict(extra="forbid")

    handed: dict[str, Given]


class ActivityOrderIn(BaseModel):
    """Brochures that go with an activity: of each title (by its slug) how many."""

    model_config = ConfigDict(extra="forbid")

    activity_id: uuid.UUID
    store: Store
    copies: Basket
