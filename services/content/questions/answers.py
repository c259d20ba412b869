"""Public answers: writing, checking that nobody is in them, publishing, withdrawing."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Final, Self

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id
from services.chassis.fields import (
    BlankIsNone,
    Countries,
    District,
    OptionalLocalizedLine,
    OptionalLocalizedText,
    SingleLine,
    Topics,
)
from services.chassis.i18n import LANGUAGES, lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.chassis.settings import settings
from services.content.database import database
from services.content.materials.reading import today
from services.content.materials.schemas import CountriesInWords
from services.content.publication import Status
from services.content.questions import indexing
from services.content.questions.holding import must_cover
from services.content.questions.models import PublicAnswer, Question
from services.content.questions.persons import Trace, traces
from services.content.questions.slugs import free_slug

MOST_CHECKED: Final = 200


class PublicAnswerIn(BaseModel):
    """A public answer; a draft may lack a language, a public one may not.

    ``checked`` are the keys of traces of persons that somebody has found to be harmless.
    """

    question: OptionalLocalizedLine = Field(default_factory=dict)
    answer: OptionalLocalizedText = Field(default_factory=dict)
    topics: Topics = Field(default_factory=list)
    countries: Countries = Field(default_factory=list)
    district: Annotated[District | None, BlankIsNone] = None
    checked: list[Annotated[str, StringConstraints(max_length=16)]] = Field(
        default_factory=list, max_length=MOST_CHECKED
    )


class PublicAnswerForm(PublicAnswerIn):
    """A public answer as the staff page gives it: the countries are one field of words."""

    countries: CountriesInWords = Field(default_factory=list)


class PublicAnswerEdit(PublicAnswerIn):
    """A public answer written anew; ``version`` is the one that was seen: an older is refused."""

    version: int | None = None


class PublicAnswerOut(BaseModel):
    """A public answer as everybody may see it."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    version: int
    status: Status
    slug: str
    district: str | None
    question: dict[str, str]
    answer: dict[str, str]
    topics: list[str]
    countries: Countries
    reviewed_on: date
    published_at: datetime | None
    updated_at: datetime
    url: str = ""

    @classmethod
    def of(cls, answer: PublicAnswer) -> Self:
        """The answer with its address."""
        out = cls.model_validate(answer)
        out.url = f"{settings().public_url}/questions/{answer.slug}"
        return out


class PublishIn(BaseModel):
    """What staff have ticked before publishing."""

    checked: list[Annotated[str, StringConstraints(max_length=16)]] = Field(
        default_factory=list, max_length=MOST_CHECKED
    )


class WithdrawIn(BaseModel):
    """Why a public answer is taken back; readers can see it."""

    reason: Annotated[SingleLine, Field(min_length=1)]


def write(
    principal: Principal,
    wanted: PublicAnswerIn,
    once: Once = NOT_REPEATED,
    *,
    question_id: uuid.UUID | None = None,
    answer_id: uuid.UUID | None = None,
) -> PublicAnswerOut:
    """Write a draft, made from a question or of one's own accord.

    Raises:
        Invalid: there is no question in any language.
        NotFound: there is no such question to make it from.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return PublicAnswerOut.model_validate(answer)
        _must_say_something(wanted)
        if question_id is not None:
            source = session.get(Question, question_id)
            if source is None:
                raise NotFound(lazy("There is no such question."))
            must_cover(principal, source)
        made = PublicAnswer(
            **wanted.model_dump(),
            id=answer_id or new_id(),
            question_id=question_id,
            reviewed_on=today(),
        )
        made.district = made.district or principal.district
        principal.must_cover(made.district)
        made.slug = free_slug(session, made)
        made.written_by(principal)
        session.add(made)
        session.flush()
        session.refresh(made)
        _record(session, principal, made, "written")
        done = PublicAnswerOut.of(made)
        once.keep(session, done.model_dump(mode="json"))
    return done


def edit(
    principal: Principal, answer_id: uuid.UUID, wanted: PublicAnswerIn, version: int | None
) -> PublicAnswerOut:
    """Change an answer; what is public is checked for persons again, and counts as reviewed today.

    Raises:
        NotFound: there is none.
        Invalid: it says nothing, or a public one lacks a language.
        Problem: 403 ``other-district``; 409 ``changed-meanwhile``; 422 ``person-may-be-named``.
    """
    with database.transaction() as session:
        answer = _held(session, principal, answer_id)
        answer.must_be_at(version)
        _must_say_something(wanted)
        for name, value in wanted.model_dump(exclude={"district", "checked", "version"}).items():
            setattr(answer, name, value)
        answer.checked = _merged(answer.checked, wanted.checked)
        answer.reviewed_on = today()
        answer.touch()
        if answer.status == "published":
            _must_be_fit(session, answer)
            indexing.follow(session, answer)
        _record(session, principal, answer, "changed")
        return PublicAnswerOut.of(answer)


def publish(principal: Principal, answer_id: uuid.UUID, wanted: PublishIn) -> PublicAnswerOut:
    """Make an answer public, once each trace of a person in it has been ticked.

    Raises:
        NotFound: there is none.
        Invalid: it lacks a language.
        Problem: 403 ``other-district``; 409 ``wrong-state``; 422 ``person-may-be-named`` with the
            ``traces`` that nobody has ticked.
    """
    with database.transaction() as session:
        answer = _held(session, principal, answer_id)
        answer.checked = _merged(answer.checked, wanted.checked)
        answer.publish()
        answer.reviewed_on = today()
        _must_be_fit(session, answer)
        indexing.follow(session, answer)
        _record(session, principal, answer, "published")
        return PublicAnswerOut.of(answer)


def reviewed(principal: Principal, answer_id: uuid.UUID) -> PublicAnswerOut:
    """Note that somebody has read a public answer today and that it is still right.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        answer = _held(session, principal, answer_id)
        if answer.reviewed_on != today():
            answer.reviewed_on = today()
            answer.touch()
            _record(session, principal, answer, "reviewed")
        return PublicAnswerOut.of(answer)


def withdraw(principal: Principal, answer_id: uuid.UUID, wanted: WithdrawIn) -> PublicAnswerOut:
    """Take an answer back, saying why.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``; 409 ``wrong-state``.
    """
    with database.transaction() as session:
        answer = _held(session, principal, answer_id)
        answer.withdraw(wanted.reason)
        indexing.follow(session, answer)
        _record(session, principal, answer, "withdrawn")
        return PublicAnswerOut.of(answer)


def found_in(session: Session, answer: PublicAnswer) -> list[Trace]:
    """Every trace of a person in an answer, those that were ticked as well."""
    known: list[str] = []
    if answer.question_id is not None:
        source = session.get_one(Question, answer.question_id)
        known = [one for one in (source.name, source.email, source.phone) if one]
    return traces([answer.question, answer.answer], known)


def _must_be_fit(session: Session, answer: PublicAnswer) -> None:
    missing = [
        FieldError(f"{name}.{tag}", lazy("Please write this in both languages."))
        for name in ("question", "answer")
        for tag in LANGUAGES
        if not getattr(answer, name).get(tag)
    ]
    if missing:
        raise Invalid(missing)
    left = [trace for trace in found_in(session, answer) if trace.key not in answer.checked]
    if left:
        raise Problem(
            422,
            "person-may-be-named",
            lazy("Something in this text may lead to a person."),
            lazy("Please write it otherwise, or tick each to say that it leads to nobody."),
            traces=[{"key": one.key, "kind": one.kind, "text": one.text} for one in left],
        )


def _must_say_something(wanted: PublicAnswerIn) -> None:
    if not wanted.question:
        message = lazy("Please write this in at least one language.")
        raise Invalid([FieldError("question.zh-CN", message)])


def _merged(before: list[str], ticked: list[str]) -> list[str]:
    return list(dict.fromkeys([*before, *ticked]))


def _held(session: Session, principal: Principal, answer_id: uuid.UUID) -> PublicAnswer:
    answer = session.get(PublicAnswer, answer_id, with_for_update=True)
    if answer is None:
        raise NotFound(lazy("There is no such answer."))
    principal.must_cover(answer.district)
    return answer


def _record(session: Session, principal: Principal, answer: PublicAnswer, act: str) -> None:
    audit.record(
        session,
        principal,
        f"answer.{act}",
        f"answer/{answer.id}",
        district=answer.district,
        detail=answer.slug,
    )


def stored(session: Session, reference: str) -> PublicAnswer | None:
    """An answer by its id or its slug."""
    try:
        return session.get(PublicAnswer, uuid.UUID(reference))
    except ValueError:
        # PostgreSQL takes no NUL in a text, and no slug has one.
        slug = reference.replace("\0", "")
        return session.scalar(sa.select(PublicAnswer).where(PublicAnswer.slug == slug))
