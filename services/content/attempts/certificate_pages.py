"""The sheet behind an attempt's link, and the check of its code for anybody."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.certificates import day, spaced
from services.chassis.forms import Form
from services.chassis.ratelimit import PublicRate
from services.chassis.reference import city
from services.content.attempts import certificates, sheet
from services.content.database import pages
from services.content.quizzes.codes import normal, picture

site = APIRouter()


@site.get("/quizzes/attempts/{token}/certificate")
def certificate_page(request: Request, token: str) -> HTMLResponse:
    """The sheet, in both languages, to print on A4."""
    certificate = certificates.own(token)
    return pages.render(
        request,
        "attempts/certificate.html",
        certificate=certificate,
        halves=sheet.of(certificate),
        code=spaced(certificate.code),
        token=token,
    )


@site.get("/quizzes/attempts/{token}/certificate/qr.svg")
def qr_picture(token: str) -> Response:
    """The address where the certificate can be checked, as a QR picture."""
    return Response(
        picture(certificates.own(token).url),
        media_type="image/svg+xml",
        headers={"Cache-Control": "private, max-age=3600"},
    )


@site.get("/quizzes/certificates", dependencies=[PublicRate])
def check_page(request: Request, code: str = "") -> Response:
    """Where anybody types a code; with one, on to its own page."""
    if typed := normal(code):
        return RedirectResponse(f"/quizzes/certificates/{typed}", 303)
    return pages.render(request, "attempts/check.html", form=Form(), found=None)


@site.get("/quizzes/certificates/{code}", dependencies=[PublicRate])
def checked_page(request: Request, code: str) -> HTMLResponse:
    """Whether a certificate is genuine, and what it says; of the name, as much as identifies it."""
    found = certificates.verify(code)
    return pages.render(
        request,
        "attempts/check.html",
        form=Form({"code": spaced(found.code)}),
        found=found,
        spaced=spaced(found.code),
        day=day,
        zone=city().timezone,
    )
