"""A certificate in words: the same sheet in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from services.chassis.i18n import LANGUAGES, clock, language, locale, localized, ngettext, speaking
from services.chassis.i18n import gettext as _
from services.chassis.reference import city
from services.registration.certificates.schemas import OwnCertificate
from services.registration.certificates.service import minutes_of

_HOUR = 60


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
    activity = certificate.activity
    minutes = minutes_of(activity.starts_at, activity.ends_at)
    return Words(
        tag=tag,
        heading=_("Certificate of attendance"),
        before=_("This is to certify that"),
        after=_("took part in"),
        title=localized(activity.title),
        facts=[
            (_("Date"), when(activity.starts_at, activity.ends_at, activity.timezone)),
            *([(_("Length"), length(minutes))] if minutes is not None else []),
            (_("Held at"), localized(activity.venue.name)),
        ],
        office=localized(city().office),
        issued=day(certificate.issued_at, activity.timezone),
        check=_("To check this certificate, scan the picture or enter its code at %(address)s.")
        % {"address": certificate.url.rpartition("/")[0]},
    )


def day(moment: datetime, zone: str) -> str:
    """``2026年11月23日``, ``23 November 2026``: with the year, for it is read for years."""
    return str(format_date(moment.astimezone(ZoneInfo(zone)), "long", locale=locale()))


def when(begins: datetime, ends: datetime, zone: str) -> str:
    """Day and hours, or the days that it went on."""
    first, last = day(begins, zone), day(ends, zone)
    if first != last:
        return f"{first} – {last}"
    between = ", " if language() == "en" else " "
    return f"{first}{between}{clock(begins, zone)}–{clock(ends, zone)}"


def length(minutes: int) -> str:
    """``1.5 hours``, ``45 minutes``: how people say how long something took."""
    if minutes < _HOUR:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    hours = round(minutes / _HOUR, 1)
    return ngettext("%(count)s hour", "%(count)s hours", 1 if hours == 1 else 2) % {
        "count": f"{hours:g}"
    }
