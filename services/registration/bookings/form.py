"""The request in four short steps, without scripts: each step carries what the others hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from services.chassis.forms import Typed
from services.chassis.i18n import lazy
from services.chassis.idempotency import ONCE_FIELD
from services.chassis.problems import FieldError, Invalid
from services.chassis.reference import city
from services.chassis.validation import field_errors
from services.registration.bookings.schemas import (
    MOST_TIMES,
    ContactStep,
    OrganisationStep,
    SubjectStep,
    TimesStep,
)
from services.registration.moments import local_moment

M = TypeVar("M", bound=BaseModel)

STEPS: tuple[type[BaseModel], ...] = (OrganisationStep, ContactStep, TimesStep, SubjectStep)
STEP_NAMES = (
    lazy("Your organisation"),
    lazy("Contact"),
    lazy("When and how many"),
    lazy("Journey and topics"),
)
SUMMARY = len(STEPS) + 1
MOST_DESTINATIONS = 4

# Lists that are typed in numbered fields: the list, and the fields that hold its entries.
_NUMBERED = {
    "proposed_times": tuple(f"time-{number + 1}" for number in range(MOST_TIMES)),
    "destinations": tuple(f"destination-{number + 1}" for number in range(MOST_DESTINATIONS)),
}
# What each step shows; the rest goes along in hidden fields.
_SHOWN: tuple[frozenset[str], ...] = (
    frozenset({"kind", "organisation.name", "organisation.kind", "organisation.district"}),
    frozenset({"contact.name", "contact.phone", "contact.email"}),
    frozenset({*_NUMBERED["proposed_times"], "headcount"}),
    frozenset({*_NUMBERED["destinations"], "departs_on", "returns_on", "topics", "note"}),
)
# The hidden field that says that the summary was seen: from then on every step leads back to it.
SEEN = "seen"
_CARRIED = frozenset().union(*_SHOWN, {ONCE_FIELD, SEEN})


def parse(typed: Typed, model: type[M], **extra: Any) -> M:  # noqa: ANN401 - the model's values
    """What was typed as a checked model; times are read on the city's clock.

    Raises:
        Invalid: with the names of the fields as they are on the form.
    """
    filled = {
        name: [field for field in fields if typed.text(field).strip()]
        for name, fields in _NUMBERED.items()
    }
    lists = {name: [typed.text(field) for field in fields] for name, fields in filled.items()}
    zone = city().timezone
    lists["proposed_times"] = [local_moment(text, zone) for text in lists["proposed_times"]]
    try:
        return typed.parse(model, **lists, **extra)
    except Invalid as invalid:
        # The form's own errors name a list as a whole; here each entry has a field of its own.
        cause = invalid.__cause__
        errors = (
            field_errors(cause.errors()) if isinstance(cause, ValidationError) else invalid.errors
        )
        raise Invalid([_as_typed(error, filled) for error in errors]) from invalid


def _as_typed(error: FieldError, filled: dict[str, list[str]]) -> FieldError:
    """An error beside the numbered field that caused it."""
    name, _, index = error.field.partition(".")
    if name not in filled:
        return error
    field = filled[name][int(index)] if index.isdecimal() else _NUMBERED[name][0]
    return FieldError(field, error.message)


def step_of(invalid: Invalid) -> int:
    """The first step (from 1) that has to be looked at again."""
    names = {error.field for error in invalid.errors}
    return next((number for number, shown in enumerate(_SHOWN, 1) if names & shown), 1)


def carried(fields: Sequence[tuple[str, str]], step: int) -> list[tuple[str, str]]:
    """The fields that a step does not show and has to send along."""
    shown = _SHOWN[step - 1] if step < SUMMARY else frozenset()
    return [(name, text) for name, text in fields if name in _CARRIED and name not in shown]
