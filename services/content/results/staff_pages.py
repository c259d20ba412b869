"""The staff's pages: the live picture for the room, the results, the certificates."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.chassis.auth import Principal, require
from services.chassis.certificates import spaced as spaced_certificate
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy, localized
from services.chassis.problems import Invalid
from services.chassis.reference import city
from services.chassis.sheets import Format, download
from services.content.attempts import certificates
from services.content.attempts.schemas import WithdrawCertificateIn
from services.content.banks.schemas import KIND_NAMES
from services.content.database import pages
from services.content.language import said_in
from services.content.quizzes.codes import picture, spaced
from services.content.quizzes.models import Quiz
from services.content.results import live, reading, table
from services.content.results.item_analysis import DISCRIMINATES_FROM, STEADY_FROM
from services.content.results.pictures import Picture, picture_of
from services.content.withdrawal import pages as withdrawal

site = APIRouter(prefix="/staff/quizzes/{quiz_id:uuid}")

Viewer = Annotated[Principal, Depends(require("quizzes.view"))]
Editor = Annotated[Principal, Depends(require("quizzes.edit"))]

REMARKS = {
    "few": lazy("Too few papers yet"),
    "negative": lazy("Look at the key: those who know less do better here"),
    "weak": lazy("Hardly tells those who know from those who do not"),
    "easy": lazy("Nearly everybody knows it"),
    "hard": lazy("Hardly anybody knows it"),
    "fine": lazy("Does well"),
}
REMARK_TONES = {
    "few": "neutral",
    "negative": "bad",
    "weak": "wait",
    "easy": "neutral",
    "hard": "wait",
    "fine": "good",
}


def _shown_to(principal: Viewer, quiz_id: uuid.UUID) -> Quiz:
    """Refuse before a stream begins: afterwards there is no status left to say it with."""
    return reading.quiz_for(principal, quiz_id)


Shown = Annotated[Quiz, Depends(_shown_to)]


@site.get("/live")
def live_page(
    request: Request, quiz: Shown, key: bool = False, item: uuid.UUID | None = None
) -> HTMLResponse:
    """For a screen in the room: how many take it, how many are done, how each item is answered.

    ``key`` marks what is right; ``item`` shows one alone, large.
    """
    return pages.render(
        request,
        "results/live.html",
        **_shown(quiz, picture_of(quiz.id), key=key, item=item),
        code=spaced(quiz.code),
    )


@site.get("/live/events", response_class=EventSourceResponse)
async def follow(
    request: Request, quiz: Shown, key: bool = False, item: uuid.UUID | None = None
) -> AsyncIterator[ServerSentEvent]:
    """The live part as server-sent events, as the HTML that replaces it, whenever it changes.

    ``end`` says that nothing more will come: the quiz has closed and nobody takes it any more.
    """
    async for now in live.watch(quiz.id):
        shown = _shown(quiz, now, key=key, item=item)
        html = await live.drawn(quiz.id, _part, request, "results/picture.html", shown)
        yield ServerSentEvent(event="picture", raw_data=html)
        if now.over:
            yield ServerSentEvent(event="end", raw_data="end")


def _shown(quiz: Quiz, now: Picture, *, key: bool, item: uuid.UUID | None) -> dict[str, Any]:
    places = {one.id: place for place, one in enumerate(now.items)}
    return {
        "quiz": quiz,
        "now": now,
        "key": key,
        "alone": places.get(item) if item else None,
        "item": item,
        "said_in": said_in,
    }


def _part(request: Request, template: str, context: Mapping[str, Any]) -> str:
    return bytes(pages.render(request, template, **context).body).decode()


@site.get("/live/qr.svg")
def qr_picture(quiz: Shown) -> Response:
    """The quiz's address as a QR picture, for the screen."""
    return Response(
        picture(quiz.url),
        media_type="image/svg+xml",
        headers={"Cache-Control": "private, max-age=3600"},
    )


@site.get("/results")
def results_page(request: Request, quiz_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """Figures of the quiz and of each item, with plots and a table behind each."""
    found = reading.results(principal, quiz_id)
    return pages.render(
        request,
        "results/results.html",
        quiz=found.quiz,
        found=found,
        bins_chart={
            "labels": [_bin(number) for number in range(10)],
            "counts": found.summary.bins,
        },
        items_chart={
            "labels": [localized(one.text) for one in found.items],
            "counts": [round(100 * (one.figures.difficulty or 0)) for one in found.items],
        },
        bin_name=_bin,
        kind_names=KIND_NAMES,
        remarks=REMARKS,
        remark_tones=REMARK_TONES,
        steady_from=STEADY_FROM,
        discriminates_from=DISCRIMINATES_FROM,
        said_in=said_in,
    )


def _bin(number: int) -> str:
    return f"{10 * number}–{100 if number == 9 else 10 * number + 9}%"


@site.get("/results.{form}")
def results_file(form: Format, quiz_id: uuid.UUID, principal: Viewer) -> Response:
    """The table of items for a spreadsheet program."""
    found = reading.results(principal, quiz_id)
    name = localized(found.quiz.title)
    return download(name, form, table.heads(), table.rows(found), plain="quiz-results")


@site.get("/certificates")
def certificates_page(request: Request, quiz_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """The certificates of the quiz, by their codes."""
    quiz = reading.quiz_for(principal, quiz_id)
    return pages.render(
        request,
        "results/certificates.html",
        quiz=quiz,
        found=certificates.listed(principal, quiz_id),
        may_withdraw=principal.may("quizzes.edit"),
        spaced=spaced_certificate,
        zone=city().timezone,
    )


@site.get("/certificates/{certificate_id:uuid}/withdraw")
def withdraw_page(
    request: Request, quiz_id: uuid.UUID, certificate_id: uuid.UUID, principal: Editor
) -> HTMLResponse:
    """What withdrawing does, and the question why."""
    return _withdraw_page(request, principal, quiz_id, certificate_id, form=Form())


@site.post("/certificates/{certificate_id:uuid}/withdraw")
def withdraw(
    request: Request,
    quiz_id: uuid.UUID,
    certificate_id: uuid.UUID,
    principal: Editor,
    typed: TypedForm,
) -> Response:
    """Withdraw it."""
    try:
        wanted = typed.parse(WithdrawCertificateIn)
    except Invalid as error:
        form = Form(typed.values(), error)
        return _withdraw_page(request, principal, quiz_id, certificate_id, form=form, status=422)
    certificates.withdraw(principal, quiz_id, certificate_id, wanted)
    return RedirectResponse(f"/staff/quizzes/{quiz_id}/certificates", 303)


def _withdraw_page(
    request: Request,
    principal: Principal,
    quiz_id: uuid.UUID,
    certificate_id: uuid.UUID,
    *,
    form: Form,
    status: int = 200,
) -> HTMLResponse:
    one = certificates.one(principal, quiz_id, certificate_id)
    return withdrawal.ask(
        request,
        form,
        status,
        title=lazy("Withdraw the certificate %(code)s?", code=spaced_certificate(one.code)),
        consequences=[
            lazy("Whoever checks its code is told that it holds no longer, but not why."),
            lazy("The result of the attempt stays as it is."),
            lazy("This cannot be undone."),
        ],
        back=f"/staff/quizzes/{quiz_id}/certificates",
        read_by=lazy("For staff alone."),
    )
