"""The way from draft to public and back, the same for advisories and materials."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.auth import Principal
from services.chassis.database import Sealed, new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import Problem

Status = Literal["draft", "published", "withdrawn"]

# Every state and where it may go. What was withdrawn may be published again, at a higher version.
MOVES: Final[dict[Status, frozenset[Status]]] = {
    "draft": frozenset({"published"}),
    "published": frozenset({"withdrawn"}),
    "withdrawn": frozenset({"published"}),
}

STATUS_NAMES = {
    "draft": lazy("Draft"),
    "published": lazy("Published"),
    "withdrawn": lazy("Withdrawn"),
}

# The tone of a state's sign on a page (macro ``parts.status``).
STATUS_TONES: Final = {"draft": "neutral", "published": "good", "withdrawn": "bad"}

STATUS_CHECK: Final = "status IN ('draft', 'published', 'withdrawn')"


class Publication:
    """Columns and rules of a thing that is written, published and withdrawn.

    ``version`` rises with every change, so an event about a later state always has a higher one,
    and a form that was opened before somebody else's change is recognised.
    """

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(default="draft")
    withdraw_reason: Mapped[str | None]
    author_kind: Mapped[str]
    author_id: Mapped[uuid.UUID]
    author_name: Mapped[str] = mapped_column(Sealed)
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    def written_by(self, principal: Principal) -> None:
        """Note who began it."""
        self.author_kind = principal.kind
        self.author_id = principal.id
        self.author_name = principal.name

    def touch(self) -> None:
        """Count one more change."""
        self.version += 1
        self.updated_at = utc_now()

    def publish(self) -> None:
        """Make it public.

        Raises:
            Problem: 409 ``wrong-state``.
        """
        self._move("published")
        self.published_at = self.updated_at
        self.withdraw_reason = None

    def withdraw(self, reason: str) -> None:
        """Take it back, saying why.

        Raises:
            Problem: 409 ``wrong-state``.
        """
        self._move("withdrawn")
        self.withdraw_reason = reason

    def must_be_at(self, version: int | None) -> None:
        """Refuse a change made on an older state than the present one.

        Args:
            version: the version that the editor saw; ``None`` when it was not given.

        Raises:
            Problem: 409 ``changed-meanwhile``.
        """
        must_be_at(version, self.version)

    def _move(self, to: Status) -> None:
        here: Status = self.status  # type: ignore[assignment]  # the column's CHECK allows no other
        if to not in MOVES[here]:
            raise Problem(
                409,
                "wrong-state",
                lazy("This cannot be done in its present state."),
                lazy("Please load its page again; somebody may have changed it."),
            )
        self.status = to
        self.touch()


def must_be_at(seen: int | None, present: int) -> None:
    """Refuse a change made on an older version than the present one; ``None``: it was not given.

    Raises:
        Problem: 409 ``changed-meanwhile``.
    """
    if seen is not None and seen != present:
        raise Problem(
            409,
            "changed-meanwhile",
            lazy("Somebody else has changed this while you were writing."),
            lazy(
                "Please open it in another tab to see what is new. What you typed is still here; "
                "sending it again replaces the other change."
            ),
            current_version=present,
        )
