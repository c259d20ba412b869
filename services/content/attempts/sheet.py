"""A certificate in words: the same sheet in both languages."""

from __future__ import annotations

from services.chassis.certificates import Half, day, halves
from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.reference import city
from services.content.attempts.schemas import OwnCertificate


def of(certificate: OwnCertificate) -> list[Half]:
    """The sheet in every language, the one of the page first."""
    return halves(lambda tag: _words(certificate, tag))


def _words(certificate: OwnCertificate, tag: str) -> Half:
    return Half(
        tag=tag,
        heading=_("Quiz certificate"),
        before=_("This is to certify that"),
        after=_("passed the quiz"),
        title=localized(certificate.title),
        facts=[
            (_("Result"), f"{certificate.percent}%"),
            (_("Taken on"), day(certificate.taken_at, city().timezone)),
        ],
        office=localized(city().office),
        issued=day(certificate.issued_at, city().timezone),
        check=_("To check this certificate, scan the picture or enter its code at %(address)s.")
        % {"address": certificate.url.rpartition("/")[0]},
    )
