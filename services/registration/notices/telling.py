"""Telling those registered of a grave advisory for where their activity is about.

Somebody who comes to hear about a country is about to go there. When an advisory at orange or red
is new, or one is raised to it, everybody registered for a coming activity about the country gets a
message: once for each version of the advisory, however many activities they registered for. It is
no broadcast: it goes to the address that they gave for the activity, asks for no consent, and
whatever is milder, lower or merely corrected sends nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import new_id, utc_now
from services.chassis.events import Envelope, Subscription, publish
from services.chassis.events.inbox import Handlers
from services.chassis.i18n import LANGUAGES, country_name, gettext, lazy, localized, speaking
from services.registration.activities.events import state_of
from services.registration.activities.models import Activity
from services.registration.attendees.events import ActivityMessaged, WordsState
from services.registration.attendees.messages import MOST
from services.registration.notices.models import WORD_NAMES, AdvisoryTold, KnownAdvisory
from services.registration.notices.service import LEVELS, AdvisoryRead, hear_advisory
from services.registration.registrations.models import Registration

Channel = Literal["email", "sms"]

GRAVE: Final = ("orange", "red")
LEVEL_NAMES: Final = {"orange": lazy("Orange, high risk"), "red": lazy("Red, extreme risk")}
# Whoever waits for a place means to come; who has not shown that an address is theirs gets nothing.
_TOLD: Final = ("confirmed", "offered", "waiting")
_LONGEST_SUBJECT: Final = 200
# Two parts with the signature, at most three with a long name of a place.
_LONGEST_SMS: Final = 180


@dataclass(frozen=True)
class _Person:
    """A registration, and how it can be reached."""

    id: uuid.UUID
    email_hash: str | None
    phone_hash: str | None


def on_published(session: Session, told: AdvisoryRead, envelope: Envelope) -> None:
    """Keep what an advisory says now, and tell those concerned when it is news and grave."""
    before = session.get(KnownAdvisory, told.subject_id)
    former = before.level if before is not None and not before.withdrawn else None
    is_news = _is_news(former, told)
    hear_advisory(session, told, envelope)
    over = told.valid_until is not None and told.valid_until <= utc_now()
    if told.level in GRAVE and is_news and not over:
        _tell(session, told)


def _is_news(former: str | None, told: AdvisoryRead) -> bool:
    """New or graver than what was heard before, or as content says: an event that came too late
    was skipped, and content alone knows of another place or a graver word."""
    if former is None or LEVELS.index(told.level) < LEVELS.index(former):
        return True
    return told.change is not None and told.change.kind in ("published", "raised")


def _tell(session: Session, told: AdvisoryRead) -> None:
    message = {tag: _words(told, tag) for tag in LANGUAGES if told.headline.get(tag)}
    seen: set[str] = set()
    for activity in _coming(session, told.country):
        people = list(_new_ones(_registered(session, activity), seen))
        session.add(
            AdvisoryTold(
                advisory_id=told.subject_id,
                version=told.version,
                activity_id=activity.id,
                level=told.level,
                headline=told.headline,
                people=len(people),
                told_at=utc_now(),
            )
        )
        for channels, chosen in _by_channels(told.level, people):
            for start in range(0, len(chosen), MOST):
                publish(
                    session,
                    ActivityMessaged(
                        subject_id=new_id(),
                        version=1,
                        activity=state_of(activity),
                        registration_ids=chosen[start : start + MOST],
                        channels=channels,
                        message=message,
                    ),
                )


def _coming(session: Session, country: str) -> Sequence[Activity]:
    """The soonest first, so that who registered for several hears it with the next one."""
    return session.scalars(
        sa.select(Activity)
        .where(
            Activity.status == "published",
            Activity.ends_at > utc_now(),
            Activity.countries.contains([country]),
        )
        .order_by(Activity.starts_at, Activity.id)
    ).all()


def _registered(session: Session, activity: Activity) -> Iterator[_Person]:
    rows = session.execute(
        sa.select(Registration.id, Registration.email_hash, Registration.phone_hash)
        .where(
            Registration.activity_id == activity.id,
            Registration.status.in_(_TOLD),
            Registration.erased_at.is_(None),
        )
        .order_by(Registration.id)
    )
    return (_Person(*row) for row in rows)


def _new_ones(people: Iterable[_Person], seen: set[str]) -> Iterator[_Person]:
    """Those none of whose addresses has had it; from then on theirs have."""
    for person in people:
        addresses = {one for one in (person.email_hash, person.phone_hash) if one}
        if addresses and not addresses & seen:
            yield person
        seen |= addresses


def _by_channels(
    level: str, people: Sequence[_Person]
) -> Iterator[tuple[list[Channel], list[uuid.UUID]]]:
    """Red goes to every address. Orange by e-mail; by SMS to those who gave nothing else."""
    if level == "red":
        ways: list[tuple[list[Channel], list[uuid.UUID]]] = [
            (["email", "sms"], [person.id for person in people])
        ]
    else:
        ways = [
            (["email"], [person.id for person in people if person.email_hash]),
            (["sms"], [person.id for person in people if not person.email_hash]),
        ]
    return (way for way in ways if way[1])


def _words(told: AdvisoryRead, tag: str) -> WordsState:
    """The point first, then what to do, then where to read it all."""
    with speaking(tag):
        place = country_name(told.country)
        if region := localized(told.region):
            place = f"{place} · {region}"
        headline = " ".join(localized(told.headline).split())
        point = gettext("%(place)s: %(headline)s") % {"place": place, "headline": headline}
        level = f"{LEVEL_NAMES[told.level]} · {WORD_NAMES[told.word]}"
        paragraphs = [
            f"**{place} · {level}**",
            headline,
            localized(told.advice),
            gettext("[Read the whole advisory](%(url)s)") % {"url": told.url},
        ]
        end = gettext(" Details: %(url)s") % {"url": told.url}
        return WordsState(
            subject=point[:_LONGEST_SUBJECT],
            body="\n\n".join(part for part in paragraphs if part),
            sms=point[: _LONGEST_SMS - len(end)] + end,
        )


HANDLERS: Handlers = {"advisory.published.v1": Subscription(AdvisoryRead, on_published)}
