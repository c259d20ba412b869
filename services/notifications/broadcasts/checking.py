"""What a broadcast must fulfil beyond each field by itself, before it is stored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from services.chassis.i18n import Text, lazy
from services.chassis.problems import FieldError, Invalid, Problem
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import Audience, BroadcastIn, Message
from services.notifications.messages import personal


def checked(
    session: Session,
    wanted: BroadcastIn,
    district: str | None,
    now: datetime,
    before: BroadcastIn | None = None,
) -> BroadcastIn:
    """The content, held against what its fields cannot know of one another.

    Args:
        district: whose broadcast it is; a district's reaches its own people alone.
        before: what is stored; a time of it that has passed meanwhile is no mistake.

    Raises:
        Invalid: a text is missing or uses a word that does not exist, a time cannot be taken, or a
            rule lacks another.
        Problem: 403 ``other-district``.
    """
    errors = [
        *_texts_missing(wanted),
        *personal.wrong_words(wanted.message),
        *_times_wrong(wanted, now, before),
        *_rules_wrong(session, wanted, district),
    ]
    if errors:
        raise Invalid(errors)
    return wanted.model_copy(update={"audience": within(wanted.audience, district)})


def within(audience: Audience, district: str | None) -> Audience:
    """A district's office speaks to its own district: "all" means that, another is refused."""
    if district is None:
        return audience
    if set(audience.districts) - {district}:
        raise Problem(
            403,
            "other-district",
            lazy("An office of a district can only address people of its own district."),
            lazy("Please ask the city office to address others."),
        )
    return audience.model_copy(update={"districts": [district]})


def _texts_missing(wanted: BroadcastIn) -> list[FieldError]:
    """Every language that is begun must be whole for the chosen channels, and one must be."""
    message: Message = wanted.message
    needed: dict[str, Text] = {}
    if "email" in wanted.channels:
        needed["subject"] = lazy("Please write the subject of the e-mail.")
        needed["body"] = lazy("Please write the text of the e-mail.")
    if "sms" in wanted.channels:
        needed["sms"] = lazy("Please write the text message (SMS).")
    return [
        FieldError(f"message.{tag}.{field}", sentence)
        for tag in message.languages or ["zh-CN"]
        for field, sentence in needed.items()
        if not getattr(message.in_language(tag)[1], field)
    ]


def _times_wrong(
    wanted: BroadcastIn, now: datetime, before: BroadcastIn | None
) -> list[FieldError]:
    errors = []
    if (
        wanted.send_at is not None
        and wanted.send_at <= now
        and (before is None or before.send_at != wanted.send_at)
    ):
        errors.append(
            FieldError("send_at", lazy("Please give a time that is still to come, or none."))
        )
    if wanted.expires_at is not None and wanted.expires_at <= max(now, wanted.send_at or now):
        errors.append(
            FieldError("expires_at", lazy("Please give a time that is later than the sending."))
        )
    return errors


def _rules_wrong(session: Session, wanted: BroadcastIn, district: str | None) -> list[FieldError]:
    rules, errors = wanted.audience, []
    if rules.travelling_until is not None:
        if rules.travelling_on is None:
            errors.append(
                FieldError("audience.travelling_on", lazy("Please give the first day as well."))
            )
        elif rules.travelling_until < rules.travelling_on:
            errors.append(
                FieldError(
                    "audience.travelling_until", lazy("Please give a day that is not earlier.")
                )
            )
    if (rules.of_broadcast is None) != (rules.whose is None):
        errors.append(
            FieldError(
                "audience.whose",
                lazy("Please name both the earlier broadcast and whose messages of it are meant."),
            )
        )
    elif rules.of_broadcast is not None:
        earlier = session.get(Broadcast, rules.of_broadcast)
        if earlier is None or (district is not None and earlier.district != district):
            errors.append(FieldError("audience.of_broadcast", lazy("There is no such broadcast.")))
        elif rules.whose == "unanswered" and not earlier.asks:
            errors.append(
                FieldError("audience.whose", lazy("That broadcast did not ask anything."))
            )
    return errors
