"""Which registrations an act is for: those that were ticked, or all that match a filter."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal, Self

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.forms import Typed
from services.registration.activities.models import Activity
from services.registration.attendees.filters import Filters
from services.registration.attendees.finding import matching
from services.registration.attendees.schemas import ManyIn
from services.registration.registrations.models import Registration


@dataclass(frozen=True)
class Selection:
    """A choice as it travels through a form, from the list to the preview to the act.

    Attributes:
        scope: ``chosen``: the ``identifiers``; ``matching``: whatever matches ``filters``.
    """

    scope: Literal["chosen", "matching"]
    identifiers: tuple[uuid.UUID, ...]
    filters: Filters

    @classmethod
    def read(cls, typed: Typed) -> Selection:
        """From a form's fields ``scope``, ``ids`` and ``filters``; what is no id is left out."""
        identifiers = []
        for text in typed.texts("ids"):
            try:
                identifiers.append(uuid.UUID(text))
            except ValueError:
                continue
        matching_all = typed.text("scope") == "matching"
        return cls(
            scope="matching" if matching_all else "chosen",
            identifiers=() if matching_all else tuple(dict.fromkeys(identifiers)),
            filters=Filters.read_text(typed.text("filters")),
        )

    @classmethod
    def of_many(cls, wanted: ManyIn) -> Self:
        """From a call."""
        if wanted.filters is None:
            return cls("chosen", tuple(dict.fromkeys(wanted.ids)), Filters())
        return cls("matching", (), wanted.filters.as_filters)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """As hidden fields of the next form."""
        ids = [("ids", str(identifier)) for identifier in self.identifiers]
        return [("scope", self.scope), ("filters", self.filters.text), *ids]

    def of(self, session: Session, activity: Activity) -> list[uuid.UUID]:
        """The ids that it amounts to now, all of them this activity's."""
        if self.scope == "matching":
            return matching(session, activity, self.filters)
        own = set(
            session.scalars(
                sa.select(Registration.id).where(
                    Registration.activity_id == activity.id,
                    Registration.id.in_(self.identifiers),
                )
            )
        )
        return [identifier for identifier in self.identifiers if identifier in own]
