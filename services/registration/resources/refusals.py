"""What stands in the way of a venue or a lecturer, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from services.chassis.auth import Principal
from services.chassis.i18n import date_line, language, lazy, localized
from services.chassis.i18n import gettext as _
from services.chassis.problems import FieldError, Problem
from services.chassis.reference import city
from services.registration.resources.models import Lecturer, Venue
from services.registration.resources.spans import Span
from services.registration.resources.taken import Taken


@dataclass(frozen=True)
class Hindrance:
    """One thing that stands in the way.

    Attributes:
        span: when the resource is wanted.
        by: what occupies it then; ``None``: it is outside a lecturer's hours.
    """

    resource: Venue | Lecturer
    span: Span
    by: Taken | None

    def sentence(self) -> str:
        """What stands in the way and when, with no more than anybody may know."""
        name = localized(self.resource.name)
        if self.by is None:
            when = date_line(*self.span, city().timezone)
            return _("%(name)s is not available: %(when)s.") % {"name": name, "when": when}
        return _("%(name)s is taken by %(what)s: %(when)s.") % {
            "name": name,
            "what": self.by.words(),
            "when": date_line(*self.by.span, self.by.timezone),
        }

    def remark(self, reader: Principal) -> str:
        """The same beside the name of the resource, for a reader who knows some of it."""
        if self.by is None:
            when = date_line(*self.span, city().timezone)
            return _("Not available: %(when)s") % {"when": when}
        return _("Taken by %(what)s: %(when)s") % {
            "what": self.by.words(reader),
            "when": date_line(*self.by.span, self.by.timezone),
        }

    def as_json(self) -> dict[str, Any]:
        """The same for a program. Times are UTC."""
        begins, ends = self.by.span if self.by else self.span
        return {
            "resource": {
                "kind": "venue" if isinstance(self.resource, Venue) else "lecturer",
                "id": str(self.resource.id),
                "name": self.resource.name,
            },
            "taken_by": self.by.holder_kind if self.by else None,
            "from": begins.isoformat(),
            "to": ends.isoformat(),
        }


def together(sentences: Iterable[str]) -> str:
    """Sentences one after the other, each once; Chinese leaves no space between them."""
    return ("" if language() == "zh-CN" else " ").join(dict.fromkeys(sentences))


def not_free(found: Sequence[Hindrance]) -> Problem:
    """The refusal: everything that stands in the way, and the way out (409)."""
    busy = any(hindrance.by for hindrance in found)
    sentences = [hindrance.sentence() for hindrance in found]
    way_out = _(
        "Please choose another time, another room or another lecturer. If it must be so, a reason "
        "can be given where room and lecturers are chosen."
    )
    return Problem(
        409,
        "resource-busy" if busy else "lecturer-unavailable",
        lazy("Not everything is free at this time."),
        together([*sentences, way_out]),
        [FieldError("override_reason", lazy("Please give the reason, or choose otherwise."))],
        clashes=[hindrance.as_json() for hindrance in found],
    )
