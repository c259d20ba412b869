"""The staff's pages for contacts: the list, an address that is looked for, one contact."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from services.chassis import sheets
from services.chassis.auth import Principal, require
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import country_name, lazy, localized
from services.chassis.i18n import gettext as _
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid
from services.chassis.reference import TOPICS, city, countries, topic_name
from services.notifications.answers.labels import ANSWER_NAMES, ANSWER_TONES, VIA_NAMES
from services.notifications.broadcasts.labels import LANGUAGE_NAMES, ORGANISATIONS
from services.notifications.contacts import editing, exporting, labels, reading
from services.notifications.contacts.filters import REACHES, SOURCES, Filters
from services.notifications.contacts.schemas import (
    ContactChange,
    ContactIn,
    ContactOut,
    NewContact,
)
from services.notifications.database import pages
from services.notifications.delivery import labels as states
from services.notifications.delivery.masking import masked
from services.notifications.imports.basis import BASES
from services.notifications.trips.words import days_of

PLACE = "/staff/contacts"

router = APIRouter(prefix=PLACE)

Reader = Annotated[Principal, Depends(require("contacts.view"))]
Editor = Annotated[Principal, Depends(require("contacts.edit"))]

DONE = {
    "added": lazy("The contact is added."),
    "saved": lazy("Your changes are saved."),
    "removed": lazy("The contact is removed."),
    "drill": lazy("The drill list is changed."),
    "nothing": lazy("Nothing was chosen, so nothing was done."),
    "released": labels.RELEASED,
}


@router.get("")
def index(
    request: Request, principal: Reader, cursor: str | None = None, done: str = ""
) -> Response:
    """The office's contacts that match the filters in the address."""
    filters = Filters.read(request.query_params)
    return pages.render(
        request,
        "contacts/list.html",
        found=reading.listed(principal, filters, cursor=cursor),
        filters=filters,
        form=Form(filters.given),
        bulk=Form({"scope": "chosen"}),
        options=_filter_options(principal),
        sources=SOURCES,
        may_edit=principal.may("contacts.edit"),
        done=DONE.get(done),
        zone=city().timezone,
    )


def _filter_options(principal: Principal) -> dict[str, list[tuple[str, str]]]:
    return _options(principal) | {
        "source": [(code, str(name)) for code, name in SOURCES.items()],
        "reach": [(code, str(name)) for code, name in REACHES.items()],
    }


def _options(principal: Principal) -> dict[str, list[tuple[str, str]]]:
    return {
        "districts": [
            (code, localized(names))
            for code, names in city().districts.items()
            if principal.covers(code)
        ],
        "countries": sorted(((code, country_name(code)) for code in countries()), key=_by_sound),
        "topics": [(code, topic_name(code)) for code in TOPICS],
        "kinds": [(code, str(name)) for code, name in ORGANISATIONS.items()],
        "languages": [(tag, str(name)) for tag, name in LANGUAGE_NAMES.items()],
    }


def _by_sound(option: tuple[str, str]) -> bytes:
    """Chinese names in the order of their pinyin, which GB 18030 keeps for common characters."""
    return option[1].casefold().encode("gb18030", "replace")


@router.get("/search")
def search_page() -> Response:
    """Somebody came back to the answer's address: the address is not kept, so they ask again."""
    return RedirectResponse(PLACE, 303)


@router.post("/search")
def search(request: Request, principal: Reader, typed: TypedForm) -> Response:
    """Everything there is for an address; it travels in the body, so that no log has it."""
    form = Form(typed.values())
    try:
        found = reading.sought(principal, typed.text("address"))
    except Invalid as refused:
        form, found = Form(typed.values(), refused), None
    if found is not None and len(found.contacts) == 1:
        return RedirectResponse(f"{PLACE}/{found.contacts[0].id}", 303)
    return pages.render(
        request,
        "contacts/search.html",
        200 if found else 422,
        form=form,
        found=found,
        sources=SOURCES,
        labels=labels,
        states=states,
        may_edit=principal.may("contacts.edit"),
        zone=city().timezone,
    )


@router.post("/export")
def export(principal: Reader, typed: TypedForm) -> Response:
    """The contacts that match, as a file; it is noted who took it."""
    form: sheets.Format = "xlsx" if typed.text("act") == "xlsx" else "csv"
    wanted = reading.export(principal, Filters.read_text(typed.text("filters")), form)
    return sheets.download(wanted.name, form, wanted.heads, wanted.rows, plain="contacts")


@router.get("/new")
def new(request: Request, principal: Editor) -> Response:
    """An empty form."""
    districts = [principal.district] if principal.district else []
    return _form(request, principal, Form({"language": "zh-CN", "districts": districts}))


@router.post("/new")
def add(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Add one by hand."""
    try:
        wanted = typed.parse(NewContact)
        made = editing.add(principal, wanted, once_per_form(request, typed))
    except Invalid as refused:
        return _form(request, principal, Form(typed.values(), refused), status=422)
    return RedirectResponse(f"{PLACE}/{made}?done=added", 303)


@router.get("/{contact_id}")
def show(request: Request, principal: Reader, contact_id: uuid.UUID, done: str = "") -> Response:
    """One contact: what we know and where from, and everything that was sent, and why."""
    contact = reading.one(principal, contact_id)
    may_edit = principal.may("contacts.edit")
    return pages.render(
        request,
        "contacts/show.html",
        contact=contact,
        heading=heading(contact),
        may_edit=may_edit,
        may_remove=may_edit and contact.source in editing.REMOVABLE,
        done=DONE.get(done),
        sources=SOURCES,
        labels=labels,
        states=states,
        languages=LANGUAGE_NAMES,
        kinds=ORGANISATIONS,
        answers=ANSWER_NAMES,
        answer_tones=ANSWER_TONES,
        vias=VIA_NAMES,
        trips=_("; ").join(
            f"{country_name(trip.country)} {days_of(trip.from_, trip.to)}" for trip in contact.trips
        ),
        zone=city().timezone,
    )


@router.post("/{contact_id}/messages")
def messages_file(principal: Reader, contact_id: uuid.UUID, typed: TypedForm) -> Response:
    """Everything that was sent, as a file; it is noted who took it."""
    form: sheets.Format = "xlsx" if typed.text("format") == "xlsx" else "csv"
    contact = reading.one(principal, contact_id)
    reading.note_read(principal, f"contact/{contact_id}", f"messages, {form}")
    heads, rows = exporting.messages(contact)
    name = f"{heading(contact)} – {_('Everything that was sent')}"
    return sheets.download(name, form, heads, rows, plain="messages")


def heading(contact: ContactOut) -> str:
    """What a contact is called: its name, or its masked address."""
    if contact.name:
        return contact.name
    if contact.email:
        return masked("email", contact.email)
    return masked("sms", contact.phone or "")


@router.get("/{contact_id}/edit")
def edit(request: Request, principal: Editor, contact_id: uuid.UUID) -> Response:
    """The form, filled with what is stored."""
    contact = reading.one(principal, contact_id)
    stored = ContactIn.model_validate(contact.model_dump(include=set(ContactIn.model_fields)))
    return _form(request, principal, Form.of(stored), contact)


@router.post("/{contact_id}/edit")
def save(request: Request, principal: Editor, contact_id: uuid.UUID, typed: TypedForm) -> Response:
    """Save what the form offered."""
    contact = reading.one(principal, contact_id)
    try:
        editing.change(principal, contact_id, _offered(typed, principal, contact))
    except Invalid as refused:
        form = Form(typed.values(), refused)
        return _form(request, principal, form, contact, status=422)
    return RedirectResponse(f"{PLACE}/{contact_id}?done=saved", 303)


def _offered(typed: Typed, principal: Principal, contact: ContactOut) -> ContactChange:
    """What was typed into the fields that this person was shown for this contact."""
    wanted = typed.parse(ContactIn)
    return ContactChange.model_validate(wanted.model_dump(include=set(_fields(principal, contact))))


def _fields(principal: Principal, contact: ContactOut | None) -> frozenset[str]:
    fields = editing.EDITABLE[contact.source if contact else "staff"]
    return fields - {"districts"} if principal.district else fields


def _form(
    request: Request,
    principal: Principal,
    form: Form,
    contact: ContactOut | None = None,
    *,
    status: int = 200,
) -> Response:
    context: dict[str, Any] = {
        "form": form,
        "contact": contact,
        "heading": heading(contact) if contact else "",
        "fields": _fields(principal, contact),
        "options": _options(principal),
        "sources": SOURCES,
        "bases": [(name, str(one.sentence), str(one.hint)) for name, one in BASES.items()],
    }
    return pages.render(request, "contacts/form.html", status, **context)
