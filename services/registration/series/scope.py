"""Which occurrences of a series an act is meant for."""

from __future__ import annotations

from typing import Literal

from services.chassis.i18n import Lazy, lazy

Scope = Literal["this", "following", "all"]

SCOPE_NAMES: dict[Scope, Lazy] = {
    "this": lazy("Only this date"),
    "following": lazy("This date and those after it"),
    "all": lazy("All dates that are not over"),
}
