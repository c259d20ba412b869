"""The second person: nobody warns the public of a high risk alone.

A new advisory at orange or red, and a raise to it, is public when somebody has published it who
neither wrote nor submitted it. What was approved is what was read: every edit ends the waiting, and
the page of the second person sends the version along that it showed.
"""

from __future__ import annotations

import uuid

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.content.advisories.changes import (
    content_of,
    needs_second_person,
    public_now,
    waiting_of,
)
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import AdvisoryIn, AdvisoryKept
from services.content.advisories.storing import locked, must_last, record
from services.content.database import database


class SecondPersonNeeded(Problem):
    """Somebody tried alone what takes two (409). It waits for the other one now."""

    def __init__(self) -> None:
        super().__init__(
            409,
            "second-person-needed",
            lazy("An advisory at orange or red needs a second person."),
            lazy(
                "It now waits for somebody else to read and publish it; whoever may write "
                "advisories finds it in today’s work."
            ),
        )


def asks_for_two(advisory: Advisory) -> bool:
    """Whether what is not public yet of an advisory takes a second person to publish."""
    return needs_second_person(public_now(advisory), next_content(advisory))


def next_content(advisory: Advisory) -> AdvisoryIn:
    """What the public would read once what waits is published."""
    return waiting_of(advisory) or content_of(advisory)


def has_unpublished(advisory: Advisory) -> bool:
    """Whether there is anything to publish: a draft, a change that waits, what was withdrawn."""
    return advisory.status != "published" or advisory.waiting is not None


def submit(principal: Principal, advisory_id: uuid.UUID) -> AdvisoryKept:
    """Ask for the second person.

    Raises:
        NotFound: there is none.
        Problem: 409 ``wrong-state`` when nothing is to be published, ``already-over``.
    """
    with database.transaction() as session:
        advisory = locked(session, advisory_id)
        _must_be_unpublished(advisory)
        must_last(next_content(advisory))
        if advisory.submitted_at is None:
            advisory.submit(principal)
            record(session, principal, advisory, "submitted")
        return AdvisoryKept.of(advisory)


def give_back(principal: Principal, advisory_id: uuid.UUID, note: str) -> AdvisoryKept:
    """Give what waits back to its author, with a sentence; it stays as it is written.

    Raises:
        NotFound: there is none.
        Problem: 409 ``wrong-state`` when it does not wait.
    """
    with database.transaction() as session:
        advisory = locked(session, advisory_id)
        if advisory.submitted_at is None:
            raise nothing_waits()
        advisory.end_waiting(note)
        record(session, principal, advisory, "returned")
        return AdvisoryKept.of(advisory)


def discard(principal: Principal, advisory_id: uuid.UUID) -> AdvisoryKept:
    """Drop the change of a public advisory that waits; what is public stays.

    Raises:
        NotFound: there is none.
        Problem: 409 ``wrong-state`` when no change waits.
    """
    with database.transaction() as session:
        advisory = locked(session, advisory_id)
        if advisory.waiting is None:
            raise nothing_waits()
        forget_waiting(advisory)
        advisory.touch()
        record(session, principal, advisory, "discarded")
        return AdvisoryKept.of(advisory)


def forget_waiting(advisory: Advisory) -> None:
    """Leave nothing that waits, nor whoever wrote it: from here on a change begins anew."""
    advisory.waiting = None
    advisory.writers = []
    advisory.end_waiting()


def nothing_waits() -> Problem:
    """The refusal of an act on what waits, where nothing does."""
    return Problem(
        409,
        "wrong-state",
        lazy("Nothing waits for a second person here."),
        lazy("Please load its page again; somebody may have changed it."),
    )


def _must_be_unpublished(advisory: Advisory) -> None:
    if not has_unpublished(advisory):
        raise nothing_waits()
