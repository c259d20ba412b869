"""On what ground we may write to the people of a list. Staff state one before it is taken in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from services.chassis.database import utc_now
from services.chassis.fields import BlankIsNone, SingleLine
from services.chassis.i18n import Lazy, lazy
from services.chassis.problems import FieldError, Invalid
from services.notifications.consents.service import What

Name = Literal["consent", "relay", "emergency"]


@dataclass(frozen=True)
class Basis:
    """One ground.

    Attributes:
        sentence: what staff state by choosing it; ``hint`` what follows from it.
        broadcasts: whether routine and important broadcasts may go to these people; emergencies
            may in any case.
    """

    sentence: Lazy
    hint: Lazy
    broadcasts: bool

    @property
    def whats(self) -> tuple[What, ...]:
        """What goes into the history of consents."""
        return ("broadcasts", "emergencies") if self.broadcasts else ("emergencies",)


BASES: Final[dict[Name, Basis]] = {
    "consent": Basis(
        lazy("They agreed to receive our advisories, on a form or list that we keep."),
        lazy("They get routine, important and emergency broadcasts."),
        broadcasts=True,
    ),
    "relay": Basis(
        lazy("Their school or employer named them to receive for its people and to pass it on."),
        lazy("They get routine, important and emergency broadcasts, and are asked for coverage."),
        broadcasts=True,
    ),
    "emergency": Basis(
        lazy("They left their address for emergencies only."),
        lazy("They get emergency broadcasts and nothing else."),
        broadcasts=False,
    ),
}


class BasisIn(BaseModel):
    """The ground that staff state.

    ``version`` says which form or list they agreed on and ``agreed_on`` when; both are needed for
    ``consent``, and good to have for the others.
    """

    model_config = ConfigDict(extra="forbid")

    basis: Name
    version: SingleLine = ""
    agreed_on: Annotated[date | None, BlankIsNone] = None

    @model_validator(mode="after")
    def _complete(self) -> BasisIn:
        wrong: list[FieldError] = []
        if self.basis == "consent":
            if not self.version:
                said = lazy("Please say on which form or list they agreed.")
                wrong.append(FieldError("version", said))
            if self.agreed_on is None:
                wrong.append(FieldError("agreed_on", lazy("Please say when they agreed.")))
        if self.agreed_on is not None and self.agreed_on > utc_now().date():
            wrong.append(FieldError("agreed_on", lazy("This day has not come yet.")))
        if wrong:
            raise Invalid(wrong)
        return self

    @property
    def ground(self) -> Basis:
        """What it stands for."""
        return BASES[self.basis]

    def noted(self) -> dict[str, Any]:
        """As it stands in :attr:`Contact.consents`."""
        return {
            "basis": self.basis,
            "version": self.version,
            "agreed_on": self.agreed_on and self.agreed_on.isoformat(),
        }
