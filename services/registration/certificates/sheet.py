"""A certificate in words: the same sheet in both languages."""

from __future__ import annotations

from datetime import datetime

from services.chassis.certificates import Half, day, halves
from services.chassis.i18n import clock, language, localized, ngettext
from services.chassis.i18n import gettext as _
from services.chassis.reference import city
from services.registration.certificates.schemas import OwnCertificate
from services.registration.certificates.service import minutes_of

_HOUR = 60


def of(certificate: OwnCertificate) -> list[Half]:
    """The sheet in every language, the one of the page first."""
    return halves(lambda tag: _words(certificate, tag))


def _words(certificate: OwnCertificate, tag: str) -> Half:
    activity = certificate.activity
    minutes = minutes_of(activity.starts_at, activity.ends_at)
    return Half(
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
