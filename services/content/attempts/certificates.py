"""Certificates: for whoever passed and gives a name, shown to their holder, checked by anybody."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.certificates import LENGTH, fresh_code, masked
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound, Problem
from services.content.attempts import service
from services.content.attempts.models import Attempt, Certificate
from services.content.attempts.schemas import (
    ListedCertificate,
    OwnCertificate,
    Verified,
    WithdrawCertificateIn,
)
from services.content.database import database
from services.content.quizzes.codes import ALPHABET, normal
from services.content.quizzes.models import Quiz
from services.content.results.reading import covered


def issue(token: str, name: str) -> OwnCertificate:
    """The certificate of an attempt that passed; the name it was first asked with stands.

    Raises:
        Problem: 404; 410 ``attempt-erased``; 409 ``not-passed``.
    """
    attempt_id = service.read_token(token)
    with database.transaction() as session:
        attempt = service.locked(session, attempt_id)
        quiz = session.get_one(Quiz, attempt.quiz_id)
        if not attempt.passed or not given_for(quiz):
            raise Problem(
                409,
                "not-passed",
                lazy("There is a certificate for whoever passes the quiz."),
                lazy("You are welcome to read the library and to take it once more."),
            )
        certificate = _of_attempt(session, attempt_id)
        if certificate is None:
            attempt.name = name
            certificate = Certificate(
                attempt_id=attempt_id, code=fresh_code(ALPHABET), issued_at=utc_now()
            )
            session.add(certificate)
        return _own(session, attempt, certificate)


def given_for(quiz: Quiz) -> bool:
    """Whether passing it earns a certificate: one taken before a lecture asks what is known yet."""
    return quiz.purpose != "before"


def own(token: str) -> OwnCertificate:
    """The certificate behind an attempt's link.

    Raises:
        Problem: 404, also when none was asked for; 410 ``attempt-erased``.
    """
    attempt_id = service.read_token(token)
    with database.transaction() as session:
        attempt = service.present(session.get(Attempt, attempt_id))
        certificate = _of_attempt(session, attempt_id)
        if certificate is None:
            raise NotFound(lazy("There is no certificate for this attempt yet."))
        return _own(session, attempt, certificate)


def _of_attempt(session: Session, attempt_id: uuid.UUID) -> Certificate | None:
    return session.scalar(sa.select(Certificate).where(Certificate.attempt_id == attempt_id))


def _own(session: Session, attempt: Attempt, certificate: Certificate) -> OwnCertificate:
    quiz = session.get_one(Quiz, attempt.quiz_id)
    return OwnCertificate(
        name=attempt.name or "",
        title=quiz.title,
        percent=percent_of(attempt),
        taken_at=attempt.finished_at or certificate.issued_at,
        code=certificate.code,
        url=certificate.url,
        issued_at=certificate.issued_at,
        valid=certificate.withdrawn_at is None,
    )


def percent_of(attempt: Attempt) -> int:
    """What was reached, in percent, as it is told everywhere."""
    return round(100 * (attempt.score or 0) / attempt.most)


def verify(typed: str) -> Verified:
    """What a stranger may know about a code, however it is written; an unknown one is no error."""
    code = normal(typed)[:LENGTH]
    with database.transaction() as session:
        found = session.execute(
            sa.select(Certificate, Attempt, Quiz)
            .join(Attempt, Attempt.id == Certificate.attempt_id)
            .join(Quiz, Quiz.id == Attempt.quiz_id)
            .where(Certificate.code == code)
        ).first()
        if found is None:
            return Verified(result="unknown", code=code)
        certificate, attempt, quiz = found
        return Verified(
            result="valid" if certificate.withdrawn_at is None else "withdrawn",
            code=code,
            name=masked(attempt.name or "") or None,
            title=quiz.title,
            percent=percent_of(attempt),
            taken_at=attempt.finished_at,
            issued_at=certificate.issued_at,
        )


def listed(principal: Principal, quiz_id: uuid.UUID) -> Sequence[ListedCertificate]:
    """The certificates of a quiz, the newest first; nobody's name.

    Whoever asks about one has its code before them, so staff need no names to find it.

    Raises:
        Problem: 404; 403 for another district's quiz.
    """
    with database.transaction() as session:
        covered(session, principal, quiz_id)
        rows = session.execute(
            sa.select(Certificate, Attempt)
            .join(Attempt, Attempt.id == Certificate.attempt_id)
            .where(Attempt.quiz_id == quiz_id)
            .order_by(Certificate.issued_at.desc(), Certificate.id.desc())
            .limit(500)
        ).all()
        return [_listed(certificate, attempt) for certificate, attempt in rows]


def _listed(certificate: Certificate, attempt: Attempt) -> ListedCertificate:
    return ListedCertificate(
        id=certificate.id,
        code=certificate.code,
        percent=percent_of(attempt),
        issued_at=certificate.issued_at,
        withdrawn_at=certificate.withdrawn_at,
        withdrawn_reason=certificate.withdrawn_reason,
    )


def one(principal: Principal, quiz_id: uuid.UUID, certificate_id: uuid.UUID) -> ListedCertificate:
    """One certificate of a quiz.

    Raises:
        Problem: 404; 403 for another district's quiz.
    """
    with database.transaction() as session:
        covered(session, principal, quiz_id)
        return _listed(*_of_quiz(session, quiz_id, certificate_id))


def withdraw(
    principal: Principal,
    quiz_id: uuid.UUID,
    certificate_id: uuid.UUID,
    wanted: WithdrawCertificateIn,
) -> None:
    """Declare that a certificate holds no longer. Doing so twice keeps the first reason.

    Raises:
        Problem: 404; 403 for another district's quiz.
    """
    with database.transaction() as session:
        quiz = covered(session, principal, quiz_id)
        certificate, _ = _of_quiz(session, quiz_id, certificate_id)
        if certificate.withdrawn_at is not None:
            return
        certificate.withdrawn_at = utc_now()
        certificate.withdrawn_reason = wanted.reason
        certificate.withdrawn_by = principal.id
        # The reason may name the person, so it does not go into the audit trail.
        audit.record(
            session,
            principal,
            "quiz-certificate.withdrawn",
            f"quiz-certificate/{certificate.id}",
            district=quiz.district,
            detail=quiz.slug,
        )


def _of_quiz(
    session: Session, quiz_id: uuid.UUID, certificate_id: uuid.UUID
) -> tuple[Certificate, Attempt]:
    certificate = session.get(Certificate, certificate_id, with_for_update=True)
    if certificate is not None:
        attempt = session.get_one(Attempt, certificate.attempt_id)
        if attempt.quiz_id == quiz_id:
            return certificate, attempt
    raise NotFound(lazy("There is no such certificate."))
