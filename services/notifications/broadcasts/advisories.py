"""An advisory that is new or more severe becomes a draft to those concerned; a corrected word does
not.

Nobody has to copy it, and nobody is written to by a machine: the system is the author, so one
person submits the draft and another approves it. A draft that nobody has touched follows its
advisory: it is replaced when that changes, and given up when it is withdrawn.
"""

from __future__ import annotations

import uuid
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.chassis.i18n import DEFAULT_LANGUAGE, country_name, gettext, localized, speaking
from services.chassis.reference import city
from services.notifications.broadcasts.models import SYSTEM, Broadcast, Status
from services.notifications.broadcasts.schemas import LONGEST_SMS, BroadcastIn, Channel, Urgency
from services.notifications.broadcasts.writing import new_draft
from services.notifications.messages.advisories import COLOURS, WORDS
from services.notifications.reminders import projections
from services.notifications.reminders.models import AdvisorySeen
from services.notifications.reminders.schemas import AdvisoryTold

_MILDEST_FIRST: Final = ("blue", "yellow", "orange", "red")
_URGENCY: Final[dict[str, Urgency]] = {
    "blue": "routine",
    "yellow": "routine",
    "orange": "important",
    "red": "emergency",
}
_AUTHOR: Final = uuid.UUID(int=0)
_LONGEST_TITLE: Final = 120
_LONGEST_SUBJECT: Final = 200


def on_published(session: Session, told: AdvisoryTold, envelope: Envelope) -> None:
    """Keep an advisory, and draft a broadcast when it is new or its level was raised."""
    before = session.get(AdvisorySeen, told.subject_id)
    former = before.level if before is not None and not before.withdrawn else None
    projections.on_advisory(session, told, envelope)
    replaced = _give_up_untouched(session, told.subject_id)
    over = told.valid_until is not None and told.valid_until <= utc_now()
    if not over and (replaced or _is_news(former, told)):
        _draft(session, told)


def on_withdrawn(session: Session, told: AdvisoryTold, envelope: Envelope) -> None:
    """Keep that it is withdrawn; a draft that nobody has touched is given up."""
    projections.on_advisory(session, told, envelope)
    _give_up_untouched(session, told.subject_id)


def _is_news(former: str | None, told: AdvisoryTold) -> bool:
    """Whether it is new or graver: than what was heard before, or as content says it.

    Both count. An event that came too late was skipped, and its raise with it; and content alone
    knows of a graver word at the same level, of another place, or of what is in force again.
    """
    if former is None or _MILDEST_FIRST.index(told.level) > _MILDEST_FIRST.index(former):
        return True
    return told.change is not None and told.change.kind in ("published", "raised")


def _give_up_untouched(session: Session, advisory_id: uuid.UUID) -> bool:
    """Cancel the drafts made from an advisory that no person has touched."""
    found = session.scalars(
        sa.select(Broadcast)
        .where(
            Broadcast.origin.startswith(f"advisory/{advisory_id}/", autoescape=True),
            Broadcast.status == Status.DRAFT,
            Broadcast.version == 1,
        )
        .with_for_update()
    ).all()
    for broadcast in found:
        broadcast.become(Status.CANCELLED)
        broadcast.finished_at = utc_now()
    return bool(found)


def _draft(session: Session, told: AdvisoryTold) -> None:
    origin = f"advisory/{told.subject_id}/{told.version}"
    if session.scalar(sa.select(sa.exists().where(Broadcast.origin == origin))):
        return
    urgency = _URGENCY[told.level]
    channels: list[Channel] = ["email", "sms"] if urgency == "emergency" else ["email"]
    with speaking(DEFAULT_LANGUAGE):
        title = f"{_place(told)} · {localized(told.headline)}"[:_LONGEST_TITLE]
    whole = BroadcastIn.model_validate(
        {
            "title": title,
            "urgency": urgency,
            "channels": channels,
            "audience": {"countries": [told.country]},
            "message": {tag: _words(told, tag) for tag, text in told.headline.items() if text},
            "expires_at": told.valid_until,
            "timezone": city().timezone,
        }
    )
    session.add(
        new_draft(
            whole,
            district=None,
            author_kind=SYSTEM,
            author_id=_AUTHOR,
            author_name=SYSTEM,
            origin=origin,
        )
    )
    session.flush()


def _place(told: AdvisoryTold) -> str:
    region = localized(told.region)
    return f"{country_name(told.country)} · {region}" if region else country_name(told.country)


def _words(told: AdvisoryTold, tag: str) -> dict[str, str]:
    """The texts of one language: the point first, then what to do, then where to read it all."""
    with speaking(tag):
        headline = _literal(" ".join(told.headline[tag].split()))
        level = f"{WORDS[told.word]} · {COLOURS[told.level]}"
        link = gettext("[Read the whole advisory](%(url)s)") % {"url": told.url}
        paragraphs = [
            f"**{_place(told)} · {level}**",
            _step(told),
            headline,
            _literal(told.advice.get(tag, "")),
            link,
        ]
        end = gettext(" Details: %(url)s") % {"url": told.url}
        point = gettext("%(place)s: %(headline)s") % {"place": _place(told), "headline": headline}
        return {
            "subject": point[:_LONGEST_SUBJECT],
            "body": "\n\n".join(part for part in paragraphs if part),
            "sms": point[: LONGEST_SMS - len(end)] + end,
        }


def _step(told: AdvisoryTold) -> str:
    """The step from one level to the next, where there was one."""
    before = told.change.before.get("level") if told.change else None
    if before not in COLOURS or before == told.level:
        return ""
    return gettext("The level has changed from %(before)s to %(now)s.") % {
        "before": str(COLOURS[before]),
        "now": str(COLOURS[told.level]),
    }


def _literal(text: str) -> str:
    """A text that the language of templates leaves as it is."""
    return text.replace("{{", "{ {").replace("{%", "{ %")
