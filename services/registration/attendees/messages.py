"""Messages of staff to the people of an activity: whom they reach, sending them, what was sent."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.events import publish
from services.chassis.i18n import lazy
from services.chassis.idempotency import Once
from services.chassis.problems import FieldError, Invalid, Problem
from services.chassis.settings import settings
from services.registration.activities import acts
from services.registration.activities.catalogue import covered
from services.registration.activities.events import state_of
from services.registration.activities.models import Activity
from services.registration.attendees.events import ActivityMessaged, WordsState
from services.registration.attendees.models import ActivityMessage
from services.registration.attendees.schemas import Letter, Reach, SentMessage
from services.registration.attendees.selection import Selection
from services.registration.database import database
from services.registration.registrations.models import Registration

# What one event carries; an activity with more people has a broadcast.
MOST: Final = 20_000
MOST_SHOWN: Final = 200
_AT_ONCE: Final = 1000
# GSM 03.38 has no Chinese, so every text goes as UCS-2 (3GPP TS 23.038), its signature too.
_SINGLE: Final = 70
_JOINED: Final = 67

# Chooses an activity's registrations within a transaction.
Recipients = Callable[[Session, Activity], list[uuid.UUID]]


def by_status(statuses: Sequence[str]) -> Recipients:
    """Everyone who stands so."""

    def of(session: Session, activity: Activity) -> list[uuid.UUID]:
        return list(
            session.scalars(
                sa.select(Registration.id)
                .where(Registration.activity_id == activity.id, Registration.status.in_(statuses))
                .order_by(Registration.id)
            )
        )

    return of


def by_choice(selection: Selection) -> Recipients:
    """Those whom somebody picked from the list."""
    return selection.of


def reach(
    principal: Principal, activity_id: uuid.UUID, recipients: Recipients, channels: Sequence[str]
) -> Reach:
    """Whom a message would reach now.

    Raises:
        Problem: 404; 403 for another district's activity; 409 ``too-many``.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        return _reached(session, recipients(session, activity), channels)[1]


def send(
    principal: Principal,
    activity_id: uuid.UUID,
    recipients: Recipients,
    letter: Letter,
    once: Once,
    *,
    statuses: Sequence[str] = (),
) -> SentMessage:
    """Send a message to all whom it reaches, and keep what was sent, by whom and to how many.

    Args:
        statuses: how the recipients stand, when they were chosen by that.

    Raises:
        Invalid: a text is missing for a channel.
        Problem: 404; 403 for another district's activity; 409 ``nobody-reached``, ``too-many``.
    """
    must_be_written(letter)
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return SentMessage.model_validate(answer)
        activity = covered(session, principal, activity_id)
        identifiers, found = _reached(session, recipients(session, activity), letter.channels)
        if not identifiers:
            raise Problem(
                409,
                "nobody-reached",
                lazy("This message would reach nobody."),
                lazy("Please choose others, or another way to write to them."),
            )
        row = ActivityMessage(
            id=new_id(),
            activity_id=activity.id,
            statuses=list(statuses),
            channels=list(letter.channels),
            message=letter.message.model_dump(mode="json"),
            reached=found.people,
            left_out=found.left_out,
            sent_by=principal.id,
            sent_by_name=principal.name,
            sent_at=utc_now(),
        )
        session.add(row)
        publish(
            session,
            ActivityMessaged(
                subject_id=row.id,
                version=1,
                activity=state_of(activity),
                registration_ids=identifiers,
                channels=letter.channels,
                message={
                    tag: WordsState(**words.model_dump())
                    for tag, words in letter.message.written.items()
                },
            ),
        )
        acts.note(
            session, principal, "activity.messaged", activity, f"{activity.slug}: {found.people}"
        )
        sent = SentMessage.model_validate(row)
        once.keep(session, sent.model_dump(mode="json"))
        return sent


def sent_to(principal: Principal, activity_id: uuid.UUID) -> tuple[Activity, list[SentMessage]]:
    """What was written to the people of an activity, the latest first.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        rows = session.scalars(
            sa.select(ActivityMessage)
            .where(ActivityMessage.activity_id == activity_id)
            .order_by(ActivityMessage.sent_at.desc(), ActivityMessage.id.desc())
            .limit(MOST_SHOWN)
        )
        return activity, [SentMessage.model_validate(row) for row in rows]


def must_be_written(letter: Letter) -> None:
    """Refuse a language that was begun and lacks what a channel needs; the first one, when none is.

    Raises:
        Invalid: with a sentence for each text that is missing.
    """
    errors: list[FieldError] = []
    for tag in letter.message.written or ("zh-CN",):
        words = letter.message.chinese if tag == "zh-CN" else letter.message.english
        if "email" in letter.channels and not words.subject:
            errors.append(
                FieldError(
                    f"message.{tag}.subject", lazy("Please write the subject of the e-mail.")
                )
            )
        if "email" in letter.channels and not words.body:
            errors.append(
                FieldError(f"message.{tag}.body", lazy("Please write the text of the e-mail."))
            )
        if "sms" in letter.channels and not words.sms:
            errors.append(
                FieldError(f"message.{tag}.sms", lazy("Please write the text message (SMS)."))
            )
    if errors:
        raise Invalid(errors)


def sms_parts(text: str) -> int:
    """How many parts a text message takes with its signature; each is paid for."""
    length = len(f"【{settings().sms_signature}】{text}".encode("utf-16-be")) // 2
    return 1 if length <= _SINGLE else math.ceil(length / _JOINED)


def _reached(
    session: Session, identifiers: Sequence[uuid.UUID], channels: Sequence[str]
) -> tuple[list[uuid.UUID], Reach]:
    """Of those who were chosen, whoever has an address for a channel that is known to be theirs."""
    if len(identifiers) > MOST:
        raise Problem(
            409,
            "too-many",
            lazy("This would go to %(count)s registrations.", count=len(identifiers)),
            lazy("%(most)s is the most. For more people there are broadcasts.", most=MOST),
        )
    reached: list[uuid.UUID] = []
    counts = dict.fromkeys(channels, 0)
    for start in range(0, len(identifiers), _AT_ONCE):
        rows = session.execute(
            sa.select(
                Registration.id,
                Registration.email_hash.is_not(None).label("email"),
                Registration.phone_hash.is_not(None).label("sms"),
            )
            .where(
                Registration.id.in_(identifiers[start : start + _AT_ONCE]),
                Registration.status != "unverified",
                Registration.erased_at.is_(None),
            )
            .order_by(Registration.id)
        )
        for row in rows:
            ways = [channel for channel in channels if getattr(row, channel)]
            if ways:
                reached.append(row.id)
            for channel in ways:
                counts[channel] += 1
    return reached, Reach(
        people=len(reached), by_channel=counts, left_out=len(identifiers) - len(reached)
    )
