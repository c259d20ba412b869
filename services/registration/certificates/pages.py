"""The public pages of certificates: the sheet behind one's link, and the check for anybody."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.certificates import day, spaced
from services.chassis.forms import Form
from services.chassis.ratelimit import PublicRate
from services.registration.certificates import service
from services.registration.certificates.sheet import length, of, when
from services.registration.database import pages
from services.registration.registrations import service as registrations
from services.registration.registrations import tickets

router = APIRouter()


@router.get("/registrations/{token}/certificate")
def certificate_page(request: Request, token: str) -> HTMLResponse:
    """The sheet, in both languages, to print on A4."""
    certificate = service.own_certificate(registrations.look(token).id)
    return pages.render(
        request,
        "certificates/certificate.html",
        certificate=certificate,
        halves=of(certificate),
        code=spaced(certificate.code),
        token=token,
    )


@router.get("/registrations/{token}/certificate/qr.svg")
def qr_picture(token: str) -> Response:
    """The address where the certificate can be checked, as a QR picture."""
    certificate = service.own_certificate(registrations.look(token).id)
    return Response(
        tickets.picture(certificate.url),
        media_type="image/svg+xml",
        headers={"Cache-Control": "private, max-age=3600"},
    )


@router.get("/certificates", dependencies=[PublicRate])
def check_page(request: Request, code: str = "") -> Response:
    """Where anybody types a code; with one, on to its own page."""
    if typed := tickets.normal(code)[:40]:
        return RedirectResponse(f"/certificates/{typed}", 303)
    return pages.render(request, "certificates/check.html", form=Form(), found=None)


@router.get("/certificates/{code}", dependencies=[PublicRate])
def checked_page(request: Request, code: str) -> HTMLResponse:
    """Whether a certificate is genuine, and what it says; of the name, as much as identifies it."""
    found = service.verify(code)
    return pages.render(
        request,
        "certificates/check.html",
        form=Form({"code": spaced(found.code)}),
        found=found,
        spaced=spaced(found.code),
        day=day,
        when=when,
        length=length(found.minutes) if found.minutes is not None else "",
    )
