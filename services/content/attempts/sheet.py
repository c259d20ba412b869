"""A certificate in words: the same sheet in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from services.chassis.i18n import LANGUAGES, language, locale, localized, speaking
from services.chassis.i18n import gettext as _
from services.chassis.reference import city
from services.content.attempts.schemas import OwnCertificate


@dataclass(frozen=True)
class Words:
    """One language's half of the sheet. ``tag`` is BCP 47."""

    tag: str
    heading: str
    before: str
    after: str
    title: str
    facts: list[tuple[str, str]]
    office: str
    issued: str
    check: str


def halves(certificate: OwnCertificate) -> list[Words]:
    """The sheet in every language, the one of the page first."""
    here = language()
    found = []
    for tag in sorted(LANGUAGES, key=lambda tag: tag != here):
        with speaking(tag):
            found.append(_words(certificate, tag))
    return found


def _words(certificate: OwnCertificate, tag: str) -> Words:
    return Words(
        tag=tag,
        heading=_("Quiz certificate"),
        before=_("This is to certify that"),
        after=_("passed the quiz"),
        title=localized(certificate.title),
        facts=[
            (_("Result"), f"{certificate.percent}%"),
            (_("Taken on"), day(certificate.taken_at)),
        ],
        office=localized(city().office),
        issued=day(certificate.issued_at),
        check=_("To check this certificate, scan the picture or enter its code at %(address)s.")
        % {"address": certificate.url.rpartition("/")[0]},
    )


def day(moment: datetime) -> str:
    """``2026年11月23日``, ``23 November 2026``: with the year, for it is read for years."""
    here = moment.astimezone(ZoneInfo(city().timezone))
    return str(format_date(here, "long", locale=locale()))
