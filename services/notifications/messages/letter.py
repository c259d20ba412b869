"""A letter: what a mail says, from which its text and its HTML part are both made."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from services.chassis.i18n import language, localized
from services.chassis.reference import city
from services.notifications.database import pages
from services.notifications.messages.content import CalendarPart, MailContent


@dataclass(frozen=True)
class Notice:
    """An advisory as a letter shows it; ``level`` is the word, ``colour`` the sign beside it."""

    place: str
    colour: str
    level: str
    headline: str
    url: str


@dataclass(frozen=True)
class Letter:
    """What a mail says, in the language of the moment.

    Attributes:
        subject: one line that carries the point.
        greeting: the first line, with the name.
        lead: what happened, in a sentence or two.
        facts: label and value (one or more lines): when, where, how many.
        paragraphs: what else there is to say.
        quote: somebody's own words, such as the staff's answer.
        button: what to press, and where it leads.
        notices: advisories of the countries concerned.
        fine_print: why this mail came.
        stop: what to press to get no more of its kind, and where it leads.
        body: text written by staff, instead of ``paragraphs``; its HTML is already clean.
        preface: a sentence before everything else and the language it is in, which is the
            reader's, when the rest is not.
        choices: where the reader chooses what they receive, beside ``stop``.
    """

    subject: str
    greeting: str = ""
    lead: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    paragraphs: tuple[str, ...] = ()
    quote: str = ""
    button: tuple[str, str] | None = None
    notices: tuple[Notice, ...] = ()
    fine_print: tuple[str, ...] = ()
    stop: tuple[str, str] | None = None
    body: tuple[str, Markup] | None = None
    preface: tuple[str, str] | None = None
    choices: tuple[str, str] | None = None

    def content(
        self,
        calendar: CalendarPart | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        slots: dict[str, str] | None = None,
    ) -> MailContent:
        """The letter as a mail."""
        context = {"letter": self, "office": localized(city().office), "hotline": city().phone}
        return MailContent(
            subject=" ".join(self.subject.split()),
            language=language(),
            text=pages.text("messages/letter.txt", context),
            html=pages.text("messages/letter.html", context),
            calendar=calendar,
            headers=headers,
            slots=slots or {},
        )
