"""Writing, publishing, withdrawing and copying quizzes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Final, Literal

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.chassis.events import publish as tell
from services.chassis.i18n import LANGUAGES, lazy, localized, speaking
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound
from services.chassis.validation import field_errors
from services.content.activities_seen.models import ActivitySeen
from services.content.banks.models import Bank
from services.content.bookings_seen.models import BookingSeen
from services.content.database import database
from services.content.quizzes.codes import fresh_code
from services.content.quizzes.drawing import draw, pool_of
from services.content.quizzes.events import event_of
from services.content.quizzes.indexing import index
from services.content.quizzes.models import Quiz
from services.content.quizzes.schemas import Purpose, QuizIn, QuizOut, QuizPatch

Act = Literal["written", "changed", "published", "withdrawn", "copied"]

_LONGEST_SLUG: Final = 80
_COPY_NAMES: Final = {
    "open": lazy("%(title)s (for everybody)"),
    "before": lazy("%(title)s (before)"),
    "after": lazy("%(title)s (after)"),
    "cohort": lazy("%(title)s (for a group)"),
}


def create(
    principal: Principal,
    wanted: QuizIn,
    once: Once = NOT_REPEATED,
    *,
    quiz_id: uuid.UUID | None = None,
) -> QuizOut:
    """Write a draft; nobody but staff sees it.

    Args:
        quiz_id: its id, where the caller needs to know it beforehand; else a fresh one.

    Raises:
        Invalid: a bank has too few items, or there is no such activity.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return QuizOut.model_validate(answer)
        quiz = _begun(session, principal, wanted, quiz_id or new_id())
        _record(session, principal, quiz, "written")
        done = QuizOut.model_validate(quiz)
        once.keep(session, done.model_dump(mode="json"))
    return done


def copy(
    principal: Principal,
    model_id: uuid.UUID,
    purpose: Purpose,
    once: Once = NOT_REPEATED,
    *,
    quiz_id: uuid.UUID | None = None,
) -> QuizOut:
    """A draft that draws from the same banks, with a code of its own and no times.

    Args:
        quiz_id: its id, where the caller needs to know it beforehand; else a fresh one.

    Raises:
        NotFound: there is none to copy.
        Invalid: as :func:`create`.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return QuizOut.model_validate(answer)
        model = locked(session, principal, model_id)
        show = "at-once" if model.show == "after-close" else model.show
        wanted = _checked(
            _fields(model)
            | {"purpose": purpose, "opens_at": None, "closes_at": None, "show": show}
            | {"title": _copied_title(model, purpose)}
        )
        quiz = _begun(session, principal, wanted, quiz_id or new_id(), copied_from=model.id)
        _record(session, principal, quiz, "copied")
        done = QuizOut.model_validate(quiz)
        once.keep(session, done.model_dump(mode="json"))
    return done


def _copied_title(quiz: Quiz, purpose: Purpose) -> dict[str, str]:
    """The title, saying in each language what the copy is for."""
    titles: dict[str, str] = {}
    for tag in LANGUAGES:
        if tag in quiz.title:
            with speaking(tag):
                pattern = _COPY_NAMES[purpose]
                titles[tag] = str(lazy(pattern.message, title=quiz.title[tag]))[:200]
    return titles


def _begun(
    session: Session,
    principal: Principal,
    wanted: QuizIn,
    quiz_id: uuid.UUID,
    copied_from: uuid.UUID | None = None,
) -> Quiz:
    quiz = Quiz(id=quiz_id, copied_from=copied_from, **_columns(wanted))
    # An editor of a district need not say which; theirs is meant.
    quiz.district = quiz.district or principal.district
    principal.must_cover(quiz.district)
    _must_be_possible(session, principal, quiz)
    _name(session, quiz)
    quiz.written_by(principal)
    session.add(quiz)
    session.flush()
    return quiz


def edit(principal: Principal, quiz_id: uuid.UUID, patch: QuizPatch) -> QuizOut:
    """Change a quiz. Papers that were begun stay as they are; its code and address too.

    Raises:
        NotFound: there is none.
        Invalid: the quiz as a whole would not be right, or a bank has too few items.
        Problem: 403 ``other-district``, 409 ``changed-meanwhile``.
    """
    with database.transaction() as session:
        quiz = locked(session, principal, quiz_id)
        quiz.must_be_at(patch.version)
        changes = patch.model_dump(exclude_unset=True, exclude={"version"})
        wanted = _checked(_fields(quiz) | changes)
        wanted.district = wanted.district or principal.district
        principal.must_cover(wanted.district)
        for name, value in _columns(wanted).items():
            setattr(quiz, name, value)
        _must_be_possible(session, principal, quiz)
        quiz.touch()
        if quiz.status == "published":
            tell(session, event_of(quiz))
            index(session, quiz)
        _record(session, principal, quiz, "changed")
        return QuizOut.model_validate(quiz)


def publish(principal: Principal, quiz_id: uuid.UUID) -> QuizOut:
    """Let it be taken by its code, and stand in the public list when it is for everybody.

    Raises:
        NotFound: there is none.
        Invalid: a bank has too few items by now.
        Problem: 403 ``other-district``, 409 ``wrong-state``.
    """
    with database.transaction() as session:
        quiz = locked(session, principal, quiz_id)
        _must_be_possible(session, principal, quiz)
        quiz.publish()
        tell(session, event_of(quiz))
        index(session, quiz)
        _record(session, principal, quiz, "published")
        return QuizOut.model_validate(quiz)


def withdraw(principal: Principal, quiz_id: uuid.UUID, reason: str) -> QuizOut:
    """Let nobody begin it any more. Attempts that were begun and results stay.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``wrong-state``.
    """
    with database.transaction() as session:
        quiz = locked(session, principal, quiz_id)
        quiz.withdraw(reason)
        tell(session, event_of(quiz))
        index(session, quiz)
        _record(session, principal, quiz, "withdrawn")
        return QuizOut.model_validate(quiz)


def locked(session: Session, principal: Principal, quiz_id: uuid.UUID) -> Quiz:
    """A quiz that the caller may change, held until the transaction ends.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    quiz = session.get(Quiz, quiz_id, with_for_update=True)
    if quiz is None:
        raise NotFound(lazy("There is no such quiz."))
    principal.must_cover(quiz.district)
    return quiz


def _fields(quiz: Quiz) -> dict[str, object]:
    return {name: getattr(quiz, name) for name in QuizIn.model_fields}


def _checked(fields: dict[str, object]) -> QuizIn:
    try:
        return QuizIn.model_validate(fields)
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error


def _columns(wanted: QuizIn) -> dict[str, object]:
    draws = [one.model_dump(mode="json") for one in wanted.draws]
    return wanted.model_dump() | {"draws": draws}


def _must_be_possible(session: Session, principal: Principal, quiz: Quiz) -> None:
    """Refuse what could not be drawn, and an activity or a booking of another district.

    Raises:
        Invalid: field ``draws.N``, ``draws``, ``activity_id`` or ``booking_id``.
    """
    errors = _shortages(session, quiz)
    if quiz.activity_id is not None:
        activity = session.get(ActivitySeen, quiz.activity_id)
        # An event may be on its way still; the city's staff and programs know what they name.
        if (activity is None and principal.district is not None) or (
            activity is not None and quiz.district not in (None, activity.district)
        ):
            errors.append(
                FieldError("activity_id", lazy("Please choose one of the activities listed."))
            )
    if quiz.booking_id is not None:
        booking = session.get(BookingSeen, quiz.booking_id)
        if booking is not None and quiz.district not in (None, booking.district):
            errors.append(
                FieldError("booking_id", lazy("Please choose one of the sessions listed."))
            )
    if errors:
        raise Invalid(errors)


def _shortages(session: Session, quiz: Quiz) -> list[FieldError]:
    errors = []
    for place, one in enumerate(quiz.draws):
        bank = session.get(Bank, uuid.UUID(one["bank_id"]))
        if bank is None or bank.district not in (None, quiz.district):
            sentence = lazy("Please choose a bank of your office or of the city.")
            errors.append(FieldError(f"draws.{place}", sentence))
            continue
        there = len(pool_of(session, one))
        if there < one["count"]:
            sentence = lazy(
                "Only %(there)s questions of “%(bank)s” fit; %(count)s are to be drawn.",
                there=there,
                bank=localized(bank.name),
                count=one["count"],
            )
            errors.append(FieldError(f"draws.{place}", sentence))
    if not errors and (found := len(draw(session, quiz, 0))) < quiz.count:
        sentence = lazy(
            "The lines share questions: together there are %(there)s of %(count)s.",
            there=found,
            count=quiz.count,
        )
        errors.append(FieldError("draws", sentence))
    return errors


def _name(session: Session, quiz: Quiz) -> None:
    """An address made of the English title, and a code, neither of which is taken."""
    words = re.sub(r"[^a-z0-9]+", "-", quiz.title.get("en", "").replace("’", "").lower())
    base = words[:_LONGEST_SLUG].strip("-") or f"quiz-{quiz.id.hex[-12:]}"
    # Two editors with one title at one moment wait for each other here.
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("quizzes.slug"))))
    taken = session.scalars(
        sa.select(Quiz.slug).where(Quiz.slug.startswith(base, autoescape=True))
    ).all()
    quiz.slug = _free(base, taken)
    quiz.code = fresh_code()
    while session.scalar(sa.select(Quiz.id).where(Quiz.code == quiz.code)) is not None:
        quiz.code = fresh_code()


def _free(base: str, taken: Sequence[str]) -> str:
    # Addresses of other pages in the same place.
    reserved = {"attempts", "certificates", *taken}
    candidates = (f"{base}-{number}" for number in range(2, len(reserved) + 3))
    return base if base not in reserved else next(one for one in candidates if one not in reserved)


def _record(session: Session, principal: Principal, quiz: Quiz, act: Act) -> None:
    audit.record(
        session,
        principal,
        f"quiz.{act}",
        f"quiz/{quiz.id}",
        district=quiz.district,
        detail=quiz.withdraw_reason or "" if act == "withdrawn" else quiz.code,
    )
