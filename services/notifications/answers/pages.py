"""``/answer/{token}``: "I am safe" or "I need help". The GET asks, the POST answers."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, StringConstraints

from services.chassis.fields import MultiLine
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy
from services.chassis.idempotency import once_per_form
from services.chassis.problems import FieldError, Invalid
from services.chassis.ratelimit import PublicRate
from services.notifications.answers import labels, service
from services.notifications.answers.service import Standing
from services.notifications.answers.words import Numbers
from services.notifications.database import pages

router = APIRouter()

Note = Annotated[MultiLine, StringConstraints(max_length=service.LONGEST_NOTE)]
People = Annotated[int, Field(ge=0, le=100_000)]


class OwnAnswer(BaseModel):
    """What somebody answers for themselves."""

    answer: Literal["safe", "help"]
    note: Note = ""


class GroupReport(BaseModel):
    """What somebody reports for a group: of those reached, how many are safe or need help."""

    reached: People
    safe: People
    need_help: People
    note: Note = ""

    def numbers(self) -> Numbers:
        """The numbers, when they fit together.

        Raises:
            Invalid: more people are safe or in need of help than were reached.
        """
        if self.safe + self.need_help > self.reached:
            raise Invalid(
                [
                    FieldError(
                        "reached",
                        lazy(
                            "Please check the numbers: those who are safe and those who need help "
                            "are more than those you reached."
                        ),
                    )
                ]
            )
        return Numbers(self.reached, self.safe, self.need_help)


@router.get("/answer/{token}")
def ask(request: Request, token: str) -> Response:
    """The question, and what was answered last."""
    standing = service.standing(token)
    return _page(request, standing, token, Form(_reported(standing)))


@router.post("/answer/{token}", dependencies=[PublicRate])
def answer(request: Request, token: str, typed: TypedForm) -> Response:
    """Take an answer; the page that follows says what happens now."""
    once = once_per_form(request, typed)
    try:
        if typed.text("answer"):
            own = typed.parse(OwnAnswer)
            service.give(token, own.answer, own.note, once)
        else:
            group = typed.parse(GroupReport)
            service.report(token, group.numbers(), group.note, once)
    except Invalid as refused:
        form = Form(typed.values(), refused)
        return _page(request, service.standing(token), token, form, 422)
    return RedirectResponse(f"/answer/{token}", 303)


def _reported(standing: Standing) -> dict[str, int]:
    """What a group reported last: of three numbers mostly one has changed since."""
    if standing.numbers is None:
        return {}
    return {name: getattr(standing.numbers, name) for name in ("reached", "safe", "need_help")}


def _page(
    request: Request, standing: Standing, token: str, form: Form, status: int = 200
) -> Response:
    return pages.render(
        request,
        "answers/answer.html",
        status,
        standing=standing,
        token=token,
        form=form,
        labels=labels,
    )
