"""Errors as sentences: RFC 9457 problem details for programs, the same words on pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.chassis.i18n import Text, lazy


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field.

    Attributes:
        field: its name as the form and the API call it (``contact.email``); empty for the whole.
        message: a sentence in the person's language.
    """

    field: str
    message: Text


class Problem(Exception):
    """An answer that says what happened and what to do.

    Args:
        status: the HTTP status.
        kind: the problem's ``type``: a short name that stays (``activity-full``).
        title: what happened, a sentence.
        detail: what to do, a sentence.
        errors: what is wrong with which field.
        extra: further members of the JSON object.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: Text,
        detail: Text = "",
        errors: Sequence[FieldError] = (),
        **extra: Any,  # noqa: ANN401 - JSON values
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = list(errors)
        self.extra = extra

    def as_json(self) -> dict[str, Any]:
        """The ``application/problem+json`` object, in the language of the moment."""
        body: dict[str, Any] = {"type": self.kind, "title": str(self.title), "status": self.status}
        if self.detail:
            body["detail"] = str(self.detail)
        if self.errors:
            body["errors"] = [
                {"field": error.field, "message": str(error.message)} for error in self.errors
            ]
        return body | self.extra


class Invalid(Problem):
    """What was typed cannot be taken; each error says why beside its field (422)."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(
            422,
            "invalid",
            lazy("Some answers need another look."),
            lazy("Please correct the fields that are marked. Nothing has been lost."),
            errors,
        )


class NotFound(Problem):
    """There is nothing at this address, or nothing that this person may see (404)."""

    def __init__(self, title: Text | None = None) -> None:
        super().__init__(
            404,
            "not-found",
            title or lazy("We could not find this page."),
            lazy("It may have moved or ended. Please start from the home page."),
        )


class LinkNotValid(Problem):
    """A link with a token that is forged or damaged (404, so that nothing is learned)."""

    def __init__(self) -> None:
        super().__init__(
            404,
            "link-not-valid",
            lazy("This link does not work."),
            lazy("Please open it again from the message we sent you, in full."),
        )
