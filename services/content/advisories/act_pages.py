"""The staff's acts on an advisory: each page asks and says what will happen, its button does it."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.database import utc_now
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import country_name, lazy, localized
from services.chassis.problems import Invalid
from services.content.advisories import approval, reading, service
from services.content.advisories.approval import SecondPersonNeeded
from services.content.advisories.schemas import AdvisoryForStaff, ReturnIn, WithdrawIn
from services.content.advisories.staff_pages import Editor
from services.content.advisories.words import LEVEL_NAMES
from services.content.database import pages
from services.content.withdrawal import pages as withdrawal

site = APIRouter(prefix="/staff/advisories/{advisory_id:uuid}")


@site.get("/publish")
def publish_page(request: Request, advisory_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What publishing will do; for whoever cannot do it alone, what asking for another will do."""
    kept = reading.get_for_staff(advisory_id, principal)
    alone = kept.two and not kept.is_second
    next_one = kept.advisory.waiting or kept.advisory
    name = country_name(next_one.country)
    title = lazy("Publish the advisory for %(country)s?", country=name)
    if alone:
        title = lazy("Ask a second person to publish the advisory for %(country)s?", country=name)
    return pages.render(
        request,
        "confirm.html",
        title=title,
        text=f"{LEVEL_NAMES[next_one.level]} · {localized(next_one.headline)}",
        consequences=_asking() if alone else _publishing(kept),
        button=lazy("Ask a second person") if alone else lazy("Publish now"),
        cancel_url=f"/staff/advisories/{advisory_id}",
        fields=[("version", kept.advisory.version)],
    )


@site.post("/publish")
def publish(advisory_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Publish what the page showed, or have it wait for somebody else."""
    # Whoever may not do it alone reads on the advisory's page that it waits now.
    with contextlib.suppress(SecondPersonNeeded):
        service.publish(principal, advisory_id, typed.version())
    return _back(advisory_id)


@site.get("/return")
def return_page(request: Request, advisory_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What giving back will do, and the question why."""
    return _return_page(request, advisory_id, principal, Form())


@site.post("/return")
def give_back(
    request: Request, advisory_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Give it back."""
    try:
        wanted = typed.parse(ReturnIn)
    except Invalid as error:
        return _return_page(request, advisory_id, principal, Form(typed.values(), error), 422)
    approval.give_back(principal, advisory_id, wanted.note)
    return _back(advisory_id)


@site.get("/discard")
def discard_page(request: Request, advisory_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What dropping the change that waits will do."""
    kept = reading.get_for_staff(advisory_id, principal)
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Drop the change that waits?"),
        text=localized(kept.advisory.headline),
        consequences=[
            lazy("What is public stays as it is."),
            lazy("What was written for the change is lost."),
        ],
        button=lazy("Drop the change"),
        danger=True,
        cancel_url=f"/staff/advisories/{advisory_id}",
    )


@site.post("/discard")
def discard(advisory_id: uuid.UUID, principal: Editor) -> Response:
    """Drop it."""
    approval.discard(principal, advisory_id)
    return _back(advisory_id)


@site.get("/withdraw")
def withdraw_page(request: Request, advisory_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What withdrawing will do, and the question why."""
    return _withdraw_page(request, advisory_id, principal, Form())


@site.post("/withdraw")
def withdraw(
    request: Request, advisory_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Withdraw it."""
    try:
        wanted = typed.parse(WithdrawIn)
    except Invalid as error:
        return _withdraw_page(request, advisory_id, principal, Form(typed.values(), error), 422)
    service.withdraw(principal, advisory_id, wanted.reason)
    return _back(advisory_id)


def _back(advisory_id: uuid.UUID) -> Response:
    return RedirectResponse(f"/staff/advisories/{advisory_id}", 303)


def _return_page(
    request: Request, advisory_id: uuid.UUID, principal: Editor, form: Form, status: int = 200
) -> HTMLResponse:
    kept = reading.get_for_staff(advisory_id, principal)
    return pages.render(
        request,
        "advisories/return.html",
        status,
        title=lazy("Give it back to its author?"),
        text=localized(kept.advisory.headline),
        consequences=[
            lazy("It no longer waits for a second person; nothing is published."),
            lazy("Its author reads your sentence, and can change it and ask again."),
        ],
        button=lazy("Give it back"),
        cancel_url=f"/staff/advisories/{advisory_id}",
        form=form,
    )


def _withdraw_page(
    request: Request, advisory_id: uuid.UUID, principal: Editor, form: Form, status: int = 200
) -> HTMLResponse:
    kept = reading.get_for_staff(advisory_id, principal)
    return withdrawal.ask(
        request,
        form,
        status,
        title=lazy(
            "Withdraw the advisory for %(country)s?", country=country_name(kept.advisory.country)
        ),
        consequences=[
            lazy("It leaves the public pages at once."),
            lazy("The feed says for 30 days that it was withdrawn, with your reason."),
            lazy("Messages that are sent from now on no longer carry it."),
        ],
        back=f"/staff/advisories/{advisory_id}",
    )


def _asking() -> list[Any]:
    return [
        lazy("Nothing is published yet."),
        lazy("Everybody else who may write advisories finds it in today’s work."),
        lazy("One of them reads it and publishes it, or gives it back with a sentence."),
        lazy("Whoever changes it has to ask again."),
    ]


def _publishing(kept: AdvisoryForStaff) -> list[Any]:
    next_one = kept.advisory.waiting or kept.advisory
    found: list[Any] = [lazy("It is on the public pages and in the feed at once.")]
    if next_one.valid_from > utc_now():
        found = [lazy("It appears on the public pages and in the feed when it begins.")]
    if kept.coming_activities:
        found.append(
            lazy(
                "Coming activities about this country: %(count)s. Their pages, confirmations and "
                "reminders will carry it.",
                count=kept.coming_activities,
            )
        )
    if kept.two and kept.coming_activities:
        found.append(lazy("Everybody registered for one of them is told by e-mail or SMS."))
    found.append(
        lazy(
            "When it is new or graver than before, a broadcast is drafted for those who follow "
            "the country; nobody gets it before two people have released it."
        )
    )
    return found
