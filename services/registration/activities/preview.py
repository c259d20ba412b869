"""What an edit comes to, as staff see it before it is done: dates, people, and the message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.chassis.fields import LanguageTag
from services.chassis.i18n import LANGUAGES, clock, date_line, day, language, localized, speaking
from services.chassis.i18n import gettext as _
from services.chassis.reference import city
from services.registration.activities.edits import Edit
from services.registration.activities.schemas import ActivityPatch
from services.registration.activities.service import Foreseen
from services.registration.series.occurrences import Reach

# The fields that the page of the preview asks itself.
OWN_FIELDS = frozenset({"ask", "seen", "confirmed", "preview", "change"})


@dataclass(frozen=True)
class Message:
    """What those who registered read, in one language."""

    language: str
    subject: str
    lead: str
    when: str
    where: str
    note: str
    question: str


@dataclass(frozen=True)
class Preview:
    """What an edit comes to.

    Attributes:
        foreseen: the activities that change, each with those who are registered.
        told: those who get a message.
        asks: whether they are asked to confirm or cancel.
        messages: what they read, one a language; empty when nobody is told.
    """

    foreseen: Sequence[Foreseen]
    told: Reach
    asks: bool
    messages: Sequence[Message]


def needed(foreseen: Sequence[Foreseen]) -> bool:
    """Whether an edit touches other dates, or people who are told of it."""
    return len(foreseen) > 1 or bool(_told(foreseen))


def of(foreseen: Sequence[Foreseen], patch: ActivityPatch) -> Preview:
    """What is shown of an edit."""
    told = _told(foreseen)
    asks = any(one.edit.asks(patch.ask) for one in told)
    messages: list[Message] = []
    if told:
        for tag in LANGUAGES:
            with speaking(tag):
                messages.append(_message(told[0].edit, patch.note, asks=asks))
    changing = [one for one in foreseen if one.edit.columns]
    return Preview(changing, sum((one.reach for one in told), Reach()), asks, messages)


def _told(foreseen: Sequence[Foreseen]) -> list[Foreseen]:
    return [
        one
        for one in foreseen
        if one.edit.moves and one.edit.activity.status == "published" and one.reach.registrations
    ]


def _message(edit: Edit, note: Mapping[LanguageTag, str], *, asks: bool) -> Message:
    """The message about one date, in the language of the moment."""
    wanted = edit.wanted
    title, zone = localized(wanted.title), wanted.timezone
    when = date_line(wanted.starts_at, wanted.ends_at, zone)
    if zone != city().timezone:
        when = f"{when} ({zone})"
    between = " " if language() == "en" else ""
    short = f"{day(wanted.starts_at, zone)}{between}{clock(wanted.starts_at, zone)}"
    places = [localized(wanted.venue.name), localized(wanted.venue.address)]
    return Message(
        language=language(),
        subject=_("New time or place: %(title)s, %(when)s") % {"title": title, "when": short},
        lead=_("The time or the place of “%(title)s” has changed. This is what counts now.")
        % {"title": title},
        when=when,
        where=(", " if language() == "en" else "，").join(place for place in places if place),
        note=localized(note),
        question=_(
            "Does this suit you? Please confirm that you come, or cancel: one press does it."
        )
        if asks
        else _("If you cannot come any more, please cancel, so that somebody else can."),
    )
