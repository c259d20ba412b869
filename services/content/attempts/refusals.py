"""What is said to whoever cannot begin, go on or hand in: one sentence each, and what to do."""

from __future__ import annotations

from datetime import datetime

from services.chassis.i18n import date_line, lazy
from services.chassis.problems import NotFound, Problem
from services.chassis.reference import city
from services.content.quizzes.models import Quiz


def no_such_quiz() -> NotFound:
    """It is a draft, was withdrawn, or never was."""
    return NotFound(lazy("We could not find this quiz."))


def no_such_item() -> Problem:
    """An answer to something that is not on this paper."""
    return Problem(
        404,
        "no-such-item",
        lazy("This question is not on your paper."),
        lazy("Please open your quiz again."),
    )


def must_be_open(quiz: Quiz, now: datetime) -> None:
    """Refuse to begin before it opens and after it has closed.

    Raises:
        Problem: 409 ``quiz-not-open``, ``quiz-closed``.
    """
    if quiz.opens_at is not None and now < quiz.opens_at:
        raise Problem(
            409,
            "quiz-not-open",
            lazy("This quiz is not open yet."),
            lazy("It opens on %(time)s.", time=date_line(quiz.opens_at, None, city().timezone)),
        )
    if quiz.closes_at is not None and now >= quiz.closes_at:
        raise Problem(
            409,
            "quiz-closed",
            lazy("This quiz has closed."),
            lazy(
                "It closed on %(time)s. What was answered before counts.",
                time=date_line(quiz.closes_at, None, city().timezone),
            ),
        )


def no_attempts_left(allowed: int) -> Problem:
    """The browser has had as many attempts as the quiz allows."""
    return Problem(
        409,
        "no-attempts-left",
        lazy("You have taken this quiz as often as it can be taken."),
        lazy("It can be taken %(count)s times on one telephone or computer.", count=allowed),
    )


def empty() -> Problem:
    """All that it drew from was retired."""
    return Problem(
        409,
        "quiz-empty",
        lazy("This quiz has no questions at the moment."),
        lazy("Please try again later, or tell the person who gave you the link."),
    )


def time_is_up() -> Problem:
    """An answer came after the time."""
    return Problem(
        409,
        "time-is-up",
        lazy("The time is up, so this answer could not be taken."),
        lazy("What you answered before was handed in for you and counts."),
    )


def handed_in() -> Problem:
    """An answer came after the handing in."""
    return Problem(
        409,
        "handed-in",
        lazy("You have handed in already, so answers can no longer be changed."),
        lazy("Open your quiz again to see your result."),
    )


def erased() -> Problem:
    """Nothing personal is left of an attempt, and its link shows it no more."""
    return Problem(
        410,
        "attempt-erased",
        lazy("What belonged to this attempt has been erased."),
        lazy("Only the marks are still counted, without anything that leads to you."),
    )
