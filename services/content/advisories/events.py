"""What this service says about advisories."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from services.chassis.events import Event
from services.content.advisories.changes import Change
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import public_url
from services.content.advisories.words import Level, Word


class AdvisoryPublished(Event):
    """An advisory was published, or changed while it is public; carries all of it but the text.

    It counts from ``valid_from`` and, where there is one, until ``valid_until``; its end is not
    told by another event. ``change`` says what is new: ``raised`` and ``published`` concern people,
    ``changed`` may be a corrected word. A consumer that skipped an older event compares with what
    it kept instead.
    """

    type: ClassVar[str] = "advisory.published.v1"
    subject_kind: ClassVar[str] = "advisory"

    country: str
    region: dict[str, str]
    level: Level
    word: Word
    headline: dict[str, str]
    advice: dict[str, str]
    valid_from: datetime
    valid_until: datetime | None
    url: str
    withdrawn: bool
    change: Change | None = None


class AdvisoryWithdrawn(AdvisoryPublished):
    """An advisory was taken back and no longer counts."""

    type: ClassVar[str] = "advisory.withdrawn.v1"


def event_of(advisory: Advisory, change: Change) -> AdvisoryPublished:
    """The event that tells of the advisory's present state and of what is new in it."""
    withdrawn = advisory.status == "withdrawn"
    kind = AdvisoryWithdrawn if withdrawn else AdvisoryPublished
    return kind.model_validate(
        {
            "subject_id": advisory.id,
            "version": advisory.version,
            "country": advisory.country,
            "region": advisory.region,
            "level": advisory.level,
            "word": advisory.word,
            "headline": advisory.headline,
            "advice": advisory.advice,
            "valid_from": advisory.valid_from,
            "valid_until": advisory.valid_until,
            "url": public_url(advisory.country),
            "withdrawn": withdrawn,
            "change": change.model_dump(),
        }
    )
