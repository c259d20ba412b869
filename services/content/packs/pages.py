"""The public pages of a pack: behind its link, on paper, as a ZIP. It stands on no list."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from services.chassis.markdown import to_html
from services.chassis.ratelimit import PublicRate
from services.chassis.reference import city
from services.content.advisories.words import WORD_NAMES
from services.content.database import pages
from services.content.files.shelf import called, size_in_words
from services.content.language import said_in
from services.content.packs import archive, reading, service
from services.content.packs.schemas import PackForHolder
from services.content.packs.sheets import KIND_NAMES
from services.content.quizzes.codes import picture

site = APIRouter(prefix="/packs")

# Whoever has the link may pass it on; no machine that follows links is to list it.
_UNLISTED = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}

KIND_ICONS = {
    "advisory": "exclamation-triangle",
    "country": "globe",
    "material": "file-earmark-text",
    "quiz": "patch-question",
    "question": "chat-square-text",
}


def words() -> dict[str, Any]:
    """What templates about packs need to put codes and texts into words."""
    return {
        "kind_names": KIND_NAMES,
        "kind_icons": KIND_ICONS,
        "word_names": WORD_NAMES,
        "called": called,
        "said_in": said_in,
        "size_in_words": size_in_words,
        "to_html": to_html,
        "zone": city().timezone,
    }


@site.get("/{token}")
def one_pack(request: Request, token: str) -> HTMLResponse:
    """A pack as its holders see it, with what has been updated since it was given out."""
    page = pages.render(
        request, "packs/view.html", pack=reading.open_link(token), token=token, **words()
    )
    page.headers.update(_UNLISTED)
    return page


@site.post("/{token}/opened", dependencies=[PublicRate])
def opened(token: str) -> Response:
    """The page is open: counted by day. Asked for by the page's script, since programs that look
    into mails open every link, and nobody has read anything then."""
    service.opened(token)
    return Response(status_code=204)


@site.get("/{token}/print")
def on_paper(request: Request, token: str) -> HTMLResponse:
    """All of it as one document to print."""
    page = pages.render(
        request, "packs/print.html", pack=reading.open_link(token), token=token, **words()
    )
    page.headers.update(_UNLISTED)
    return page


@site.get("/{token}/qr.svg")
def code(token: str) -> Response:
    """The link as a QR picture, for paper."""
    pack = reading.open_link(token)
    return Response(picture(pack.url), media_type="image/svg+xml", headers=_UNLISTED)


@site.get("/{token}/zip")
def as_zip(token: str) -> Response:
    """All of it to keep, with its files."""
    return zip_answer(reading.open_link(token))


def zip_answer(pack: PackForHolder) -> StreamingResponse:
    """A pack's ZIP as an answer that is made while it is sent."""
    name = quote(archive.file_name(pack))
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return StreamingResponse(
        archive.stream(pack), media_type="application/zip", headers=headers | _UNLISTED
    )
