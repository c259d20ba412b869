"""The public pages: answers to read, the form to ask, one's own question by link."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import language, lazy
from services.chassis.idempotency import once_per_form
from services.chassis.markdown import to_html
from services.chassis.problems import FieldError, Invalid
from services.chassis.ratelimit import PublicRate, RoomRate
from services.chassis.reference import TOPICS, city, countries
from services.chassis.words import LONGEST_QUERY
from services.content.advisories.pages import country_choices
from services.content.database import pages
from services.content.language import options, said_in
from services.content.materials.pages import day_of
from services.content.questions import answers_reading, asking, helpful
from services.content.questions.deadlines import WORKING_DAYS
from services.content.questions.helpful import VoteIn
from services.content.questions.schemas import (
    LONGEST_QUESTION,
    PRIVACY_VERSION,
    AddIn,
    QuestionForm,
)
from services.content.questions.states import ENTRY_NAMES, STATUS_NAMES, STATUS_TONES
from services.content.questions.urgent import alarms

site = APIRouter()

_PER_PAGE: Final = 12
# A field that no person sees: what fills in everything is a program.
_TRAP: Final = "website"


def words() -> dict[str, Any]:
    """What templates about questions need to put codes and texts into words."""
    return {
        "topic_options": options(TOPICS),
        "choices": country_choices(),
        "status_names": STATUS_NAMES,
        "tones": STATUS_TONES,
        "entry_names": ENTRY_NAMES,
        "zone": city().timezone,
        "to_html": to_html,
        "said_in": said_in,
        "day_of": day_of,
    }


@site.get("/questions")
def list_page(
    request: Request,
    *,
    q: str = "",
    topic: str = "",
    country: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """Answers for everybody by topic and country, or those like a question in one's own words."""
    asked = q.replace("\0", "")[:LONGEST_QUERY].strip()
    known_topic = topic if topic in TOPICS else None
    known_country = country.upper() if country.upper() in countries() else None
    found = answers_reading.list_public(
        topic=known_topic, country=known_country, cursor=cursor, limit=_PER_PAGE
    )
    return pages.render(
        request,
        "questions/list.html",
        asked=asked,
        hits=answers_reading.similar_to(asked, _PER_PAGE) if asked else [],
        urgent=bool(alarms(asked)),
        answers=found.items,
        next_cursor=found.next_cursor,
        narrowed=bool(known_topic or known_country),
        form=Form({"q": asked, "topic": known_topic or "", "country": known_country or ""}),
        **words(),
    )


@site.get("/questions/ask")
def ask_page(request: Request, country: str = "", topic: str = "") -> HTMLResponse:
    """The empty form."""
    given = {"country": country.upper(), "topic": topic, "language": language()}
    return _ask_page(request, Form(given))


@site.post("/questions/ask", dependencies=[PublicRate])
def ask(request: Request, typed: TypedForm) -> Response:
    """Take a question; before that, once, show answers to questions like it.

    Where scripts run they were shown while typing, and nobody is held up. Nor is somebody whose
    words are those of distress.
    """
    if typed.text("back"):
        return _ask_page(request, Form(typed.values()))
    try:
        if typed.text(_TRAP):
            raise Invalid([FieldError(_TRAP, lazy("Please leave this field empty."))])
        wanted = typed.parse(QuestionForm)
    except Invalid as error:
        return _ask_page(request, Form(typed.values(), error), status=422)
    if not typed.text("seen") and not alarms(wanted.text):
        hits = answers_reading.similar_to(wanted.text)
        if hits:
            fields = [(name, text) for name, text in typed.fields if name != "seen"]
            return pages.render(
                request, "questions/before.html", hits=hits, fields=fields, said_in=said_in
            )
    received = asking.ask(wanted, once_per_form(request, typed))
    return RedirectResponse(f"/questions/asked/{received.token}", 303)


@site.post("/questions/similar", dependencies=[RoomRate])
def similar(request: Request, typed: TypedForm) -> HTMLResponse:
    """What is like the question that is being typed, and 12308 at words of distress; a fragment.

    A POST although nothing changes: what somebody types about themselves must not stand in an
    address, which proxies and browsers keep.
    """
    text = typed.text("text")[:LONGEST_QUESTION]
    hits = answers_reading.similar_to(text.replace("\0", " ")) if len(text.strip()) > 1 else []
    return pages.render(
        request, "questions/similar.html", hits=hits, urgent=bool(alarms(text)), said_in=said_in
    )


@site.get("/questions/asked/{token}")
def own_page(request: Request, token: str) -> HTMLResponse:
    """One's own question: where it stands, the answer, and what can be done."""
    return _own_page(request, token, Form())


@site.post("/questions/asked/{token}", dependencies=[PublicRate])
def add(request: Request, token: str, typed: TypedForm) -> Response:
    """Add something."""
    try:
        asking.add(token, typed.parse(AddIn).text, once_per_form(request, typed))
    except Invalid as error:
        return _own_page(request, token, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/questions/asked/{token}", 303)


@site.get("/questions/asked/{token}/erase")
def erase_page(request: Request, token: str) -> HTMLResponse:
    """What erasing will do."""
    question = asking.look(token)
    consequences = [
        lazy("Your question, your contact and everything that was written about it are erased."),
        lazy("This cannot be undone, and this link then shows nothing any more."),
    ]
    if question.is_open:
        consequences.insert(0, lazy("You will get no answer."))
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Take your question back and erase it?"),
        text="",
        consequences=consequences,
        button=lazy("Erase my question"),
        danger=True,
        cancel_url=f"/questions/asked/{token}",
    )


@site.post("/questions/asked/{token}/erase", dependencies=[PublicRate])
def erase(request: Request, token: str) -> HTMLResponse:
    """Erase it."""
    asking.erase_own(token)
    return pages.render(request, "questions/erased.html")


@site.get("/questions/{slug}")
def answer_page(request: Request, slug: str) -> HTMLResponse:
    """One answer, what is like it, and whether it helped."""
    return _answer_page(request, slug, Form())


@site.post("/questions/{slug}/helpful", dependencies=[PublicRate])
def vote(request: Request, slug: str, typed: TypedForm) -> Response:
    """Keep whether it helped."""
    visitor = helpful.visitor_of(request)
    try:
        wanted = typed.parse(VoteIn)
    except Invalid as error:
        return _answer_page(request, slug, Form(typed.values(), error), status=422)
    response = RedirectResponse(f"/questions/{slug}#helpful", 303)
    helpful.vote(slug, helpful.keep(response, visitor), wanted)
    return response


def _ask_page(request: Request, form: Form, status: int = 200) -> HTMLResponse:
    text = str(form.values.get("text", ""))
    return pages.render(
        request,
        "questions/ask.html",
        status,
        form=form,
        urgent=bool(alarms(text)),
        privacy_version=PRIVACY_VERSION,
        working_days=WORKING_DAYS,
        longest=LONGEST_QUESTION,
        trap=_TRAP,
        **words(),
    )


def _own_page(request: Request, token: str, form: Form, status: int = 200) -> HTMLResponse:
    return pages.render(
        request,
        "questions/own.html",
        status,
        question=asking.look(token),
        token=token,
        form=form,
        longest=LONGEST_QUESTION,
        **words(),
    )


def _answer_page(request: Request, slug: str, form: Form, status: int = 200) -> HTMLResponse:
    answer = answers_reading.get_public(slug)
    return pages.render(
        request,
        "questions/answer.html",
        status,
        answer=answer,
        related=answers_reading.related(answer),
        said=helpful.said_before(answer.id, helpful.visitor_of(request)),
        form=form,
        **words(),
    )
